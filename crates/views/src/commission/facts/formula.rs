//! M-R9: the formula of a policy's line in words, with its numbers, one per component.

use plimsoll_contracts::{events::RateMode, rows::Component};

use super::{
    super::{cap, rates::share, state::held},
    posting::Posting,
    words::{basis, document, money, percent_of_bp, percent_of_ppm, split, word},
};

/// The formula of a posting, without its source events.
pub(super) fn formula(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    match line.component {
        Component::New | Component::Instalment => format!("{}{}", due(posting), shared(posting)),
        Component::CapDeferred | Component::CapForfeited => above(posting),
        Component::CapRelease => released(posting),
        Component::Maintenance => format!(
            "{}; to {}, who serves the policy on that day",
            due(posting),
            line.planner
        ),
        Component::Earned => format!("{}{}", due(posting), shared(posting)),
        Component::Advance => advance(posting),
        Component::AdvanceRepaid => repaid(posting),
        Component::AdvanceRecovered => format!(
            "outstanding advance {} comes back at the end of the policy",
            money(held(&posting.before.outstanding, &line.planner))
        ),
        Component::Override => super::overriding::formula(posting),
        Component::Clawback => clawed(posting),
        Component::ClawbackReversed => again(posting),
        Component::Reversed => reversed(posting),
        Component::Adjust => corrected(posting),
        Component::Bonus | Component::Settling | Component::Manual => by_hand(posting),
    }
}

/// `new 700.001 % of P 100,000 (R12 v1, …) = 700,001`, before cap and split.
fn due(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (Some(known), Some(instalment)) = (posting.rate(), line.instalment) else {
        return word(line.component);
    };
    let rate = &known.document;
    let (_, of, amount) = basis(rate, posting.contract);
    let steps = rate.schedule.iter().filter_map(|step| {
        let place = rate.place_in(step, instalment)?;
        let rated = format!(
            "{} of {of} {}",
            percent_of_ppm(step.rate_ppm.get()),
            money(amount)
        );
        let whole = share(amount, step.rate_ppm.get(), 1_000_000);
        Some(match step.mode {
            RateMode::Each => (rated, String::new()),
            RateMode::Spread => {
                let count = rate.count_of(step);
                let told = format!(
                    "{} over {count} instalments, part {} of them = ",
                    money(whole),
                    place + 1
                );
                (rated, told)
            }
        })
    });
    let (rated, spread): (Vec<String>, Vec<String>) = steps.unzip();
    let full = rate.amount_at(posting.contract, instalment);
    format!(
        "{} {} {} = {}{}",
        word(posting.component()),
        rated.join(" + "),
        document(known, posting.cause().config),
        spread.concat(),
        money(full)
    )
}

/// What the cap left of it, the payee's share, and the cap afterwards.
fn shared(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (paid, above) = posting.total();
    let mut text = String::new();
    if above != 0 {
        text.push_str(&format!("; under the cap {}", money(paid)));
    }
    let share_bp = posting.share_bp(&line.planner).unwrap_or(10_000);
    text.push_str(&split(paid, share_bp, line.amount));
    if posting.entry().counted {
        text.push_str(&capped(posting));
    }
    text
}

/// `; cap 700,001 of 1,200,000`.
fn capped(posting: &Posting<'_>) -> String {
    let limit = cap::limit(posting.contract, posting.cause().config.cap_multiple);
    format!("; cap {} of {}", money(posting.cap().1), money(limit))
}

fn above(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (paid, above) = posting.total();
    let due = if line.rate.is_some() {
        due(posting)
    } else {
        format!("{} by hand {}", word(posting.component()), money(paid + above))
    };
    let share_bp = if line.rate.is_some() {
        posting.share_bp(&line.planner).unwrap_or(10_000)
    } else {
        10_000
    };
    let (before, _) = posting.cap();
    let cause = posting.cause();
    let config = cause.config;
    let limit = cap::limit(posting.contract, config.cap_multiple);
    let fate = if line.component == Component::CapDeferred {
        format!("waits for policy month {}", config.cap_months + 1)
    } else {
        "is forfeited".to_owned()
    };
    format!(
        "{due}; cap {} of {} before, so {} fits and {} is above it{}; it {fate}",
        money(before),
        money(limit),
        money(paid),
        money(above),
        split(above, share_bp, line.deferred),
    )
}

fn released(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let cause = posting.cause();
    format!(
        "{} waited above the cap; policy month {} is past month {}, so {} is paid",
        money(held(&posting.before.deferred, &line.planner)),
        cause.policy_month,
        cause.config.cap_months,
        money(line.amount)
    )
}

fn advance(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let Some(known) = posting.rate() else {
        return word(line.component);
    };
    let rate = &known.document;
    let whole = rate.whole(posting.contract);
    let total = share(whole, rate.advance_bp, 10_000);
    let share_bp = posting.share_bp(&line.planner).unwrap_or(10_000);
    format!(
        "advance {} of the whole {} {} = {}{}",
        percent_of_bp(rate.advance_bp),
        money(whole),
        document(known, posting.cause().config),
        money(total),
        split(total, share_bp, line.amount)
    )
}

fn repaid(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let own = |component: Component| {
        let of_it = posting.after.entries[posting.before.entries.len()..posting.place].iter();
        of_it
            .filter(move |entry| entry.line.component == component && entry.line.planner == line.planner)
            .map(|entry| entry.line.amount)
    };
    let earned = own(Component::Earned).next_back().unwrap_or(0);
    let advanced: i64 = own(Component::Advance).sum();
    let repaid: i64 = own(Component::AdvanceRepaid).sum();
    let outstanding = held(&posting.before.outstanding, &line.planner) + advanced + repaid;
    format!(
        "earned {}, outstanding {}: the smaller, {}, repays the advance; {} stays outstanding",
        money(earned),
        money(outstanding),
        money(-line.amount),
        money(outstanding + line.amount)
    )
}

fn clawed(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (amount, before) = posting
        .target()
        .map_or((0, 0), |(entry, clawed)| (entry.line.amount, clawed));
    let target = before - line.amount;
    let paid = posting.after.paid.count();
    let (rate, why) = match posting.clawback() {
        Some((bp, schedule)) => (percent_of_bp(bp), format!("{paid} instalments paid ({schedule})")),
        None => ("100 %".to_owned(), "undone from the beginning".to_owned()),
    };
    format!(
        "{why}: {rate} of {} {} = {}; clawed before {}; {}",
        line.of.map(word).unwrap_or_default(),
        money(amount),
        money(target),
        money(before),
        money(line.amount)
    )
}

fn again(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let amount = posting.target().map_or(0, |(entry, _)| entry.line.amount);
    format!(
        "{} clawed of {} {} comes again at reinstatement",
        money(line.amount),
        line.of.map(word).unwrap_or_default(),
        money(amount)
    )
}

fn reversed(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (amount, clawed) = posting
        .target()
        .map_or((0, 0), |(entry, clawed)| (entry.line.amount, clawed));
    format!(
        "the premium bounced: {} {} less {} clawed = {} goes back",
        line.of.map(word).unwrap_or_default(),
        money(amount),
        money(clawed),
        money(-line.amount)
    )
}

fn corrected(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (paid, above) = posting.total();
    let full = posting
        .rate()
        .zip(line.instalment)
        .map_or(0, |(known, instalment)| {
            known.document.amount_at(posting.contract, instalment)
        });
    let tail = if line.of == Some(Component::Maintenance) {
        String::new()
    } else {
        shared(posting)
    };
    format!(
        "corrected: {}; posted before {}; difference {}{tail}",
        due(posting),
        money(full - paid - above),
        money(paid + above)
    )
}

fn by_hand(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let (paid, above) = posting.total();
    let mut text = format!("{} by hand {}", word(line.component), money(paid + above));
    if above != 0 {
        text.push_str(&format!("; under the cap {}", money(paid)));
    }
    if posting.entry().counted {
        text.push_str(&capped(posting));
    }
    text
}
