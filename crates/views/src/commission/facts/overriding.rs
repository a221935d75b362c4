//! M-R9 for overrides: which level of the picture, by which rule, on whose line.

use plimsoll_contracts::{events::OverrideKind, rows::Component};

use super::{
    super::{
        hierarchy::Level,
        overrides::HOUSE,
        plan::{Known, OverrideRule},
        rates::share,
    },
    posting::Posting,
    words::{money, percent_of_bp, percent_of_ppm, word},
};

/// `override branch 10 % (OB, effective …) of A's new 420,001 = 42,000; manager M1`.
pub(super) fn formula(posting: &Posting<'_>) -> String {
    let line = &posting.entry().line;
    let Some((level, known)) = level_of(posting) else {
        return word(line.component);
    };
    let rule = &known.document;
    let named = format!("({}, effective {})", known.stamp.stream.id(), rule.effective_from);
    let told = match rule.kind {
        OverrideKind::Percent => percent(posting, rule, &named),
        OverrideKind::Flat => of_premium(posting, rule.rate_ppm, &named, ""),
        OverrideKind::Differential => {
            let below = below_ppm(posting);
            let difference = format!(
                "own {} - below {} = ",
                percent_of_ppm(rule.rate_ppm),
                percent_of_ppm(below)
            );
            of_premium(posting, (rule.rate_ppm - below).max(0), &named, &difference)
        }
    };
    let whom = match &level.manager {
        Some(manager) if *manager == line.planner => format!("manager {manager}"),
        Some(_) | None if line.planner.as_str() == HOUSE => "no manager: it stays in the house".to_owned(),
        Some(_) | None => format!("no manager at this level: passed up to {}", line.planner),
    };
    format!("override {} {told}; {whom}", level.level)
}

fn percent(posting: &Posting<'_>, rule: &OverrideRule, named: &str) -> String {
    let line = &posting.entry().line;
    let base = base_of(posting);
    let of = line.of.map(word).unwrap_or_default();
    let payee = line.for_planner.as_ref().map_or("", |planner| planner.as_str());
    format!(
        "{} {named} of {payee}'s {of} {} = {}",
        percent_of_bp(rule.rate_bp),
        money(base),
        money(line.amount)
    )
}

fn of_premium(posting: &Posting<'_>, ppm: i64, named: &str, how: &str) -> String {
    let line = &posting.entry().line;
    let premium = posting.contract.monthly_premium_minor;
    let whole = share(premium, ppm, 1_000_000);
    let payee = line.for_planner.as_ref();
    let share_bp = payee
        .and_then(|planner| posting.share_bp(planner))
        .unwrap_or(10_000);
    format!(
        "{how}{} {named} of P {} = {}; share {} = {}",
        percent_of_ppm(ppm),
        money(premium),
        money(whole),
        percent_of_bp(share_bp),
        money(line.amount)
    )
}

/// The payee's line that the override is earned on: the last before it.
fn base_place(posting: &Posting<'_>) -> Option<usize> {
    let line = &posting.entry().line;
    (0..posting.place).rev().find(|&place| {
        let earned = &posting.after.entries[place].line;
        earned.component != Component::Override && Some(&earned.planner) == line.for_planner.as_ref()
    })
}

fn base_of(posting: &Posting<'_>) -> i64 {
    base_place(posting).map_or(0, |place| posting.after.entries[place].line.amount)
}

/// The level of the picture, and the rule that governs it.
pub(super) fn level_of<'a>(posting: &Posting<'a>) -> Option<(&'a Level, &'a Known<OverrideRule>)> {
    let line = &posting.entry().line;
    let payee = posting.contract.payee(line.for_planner.as_ref()?)?;
    let chain = posting.picture.chains.get(payee)?;
    let level = chain
        .iter()
        .find(|level| Some(&level.level) == line.level.as_ref())?;
    let signed = posting.contract.contract_date;
    let known = posting
        .plan
        .override_known(&level.level, signed, &posting.event.stamp)?;
    Some((level, known))
}

/// What the levels below pay: the policy for the first differential level, then the level before.
fn below_ppm(posting: &Posting<'_>) -> i64 {
    let line = &posting.entry().line;
    let premium = posting.contract.monthly_premium_minor;
    let paid = base_place(posting).map_or(0, |place| posting.total_at(place).0);
    let mut below = if premium == 0 {
        0
    } else {
        share(paid, 1_000_000, premium)
    };
    let chain = line
        .for_planner
        .as_ref()
        .and_then(|planner| posting.contract.payee(planner))
        .and_then(|payee| posting.picture.chains.get(payee));
    for level in chain.into_iter().flatten() {
        if Some(&level.level) == line.level.as_ref() {
            break;
        }
        let signed = posting.contract.contract_date;
        let rule = posting
            .plan
            .override_known(&level.level, signed, &posting.event.stamp);
        if let Some(known) = rule.filter(|known| known.document.kind == OverrideKind::Differential) {
            below = known.document.rate_ppm;
        }
    }
    below
}
