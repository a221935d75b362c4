//! Differences to what was posted: a corrected rate (M-R2), and lines by hand on a policy.

use std::collections::BTreeMap;

use plimsoll_contracts::{
    Id,
    events::{AdjustmentComponent, Payout, RateComponent},
    money::split_largest_remainder,
    rows::Component,
};

use super::{
    policy::What,
    premium::rates_at,
    rates::Rate,
    stamp::Stamp,
    state::{Cause, Context, State, component_of},
};

impl State {
    /// A corrected rate posts `adjust` differences for instalments paid under an earlier document,
    /// where it now governs the policy.
    pub(super) fn correct(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        for component in [
            RateComponent::New,
            RateComponent::Instalment,
            RateComponent::Maintenance,
        ] {
            let by = Some(cause.stamp);
            let Some(rate) = context.plan.rate_of(component, context.contract, by) else {
                continue;
            };
            let is_news = context
                .plan
                .rates
                .iter()
                .any(|known| known.stamp.id == cause.stamp.id && known.document.name == rate.name);
            if !is_news || !rate.has_basis(context.contract) {
                continue;
            }
            for (instalment, paid_at) in self.paid_before(context, cause) {
                let before = posted_at(context, paid_at)
                    .and_then(|at| context.plan.rate_of(component, context.contract, Some(at)));
                if before.is_some() {
                    self.correct_instalment(context, cause, rate, instalment);
                }
            }
        }
    }

    /// The instalments that stand paid and do not wait, with the premium that paid them: the last one
    /// that was taken, for a premium that bounced comes again.
    fn paid_before<'a>(&self, context: Context<'a>, cause: &Cause<'_>) -> BTreeMap<u16, &'a Stamp> {
        let mut paid = BTreeMap::new();
        for event in context
            .events
            .iter()
            .filter(|event| event.stamp.is_before(cause.stamp) && self.has_taken(&event.stamp))
        {
            if let What::Premium { no, count } = event.what {
                let covered = no..no.saturating_add(count);
                paid.extend(
                    covered
                        .filter(|n| self.paid.contains(*n))
                        .map(|n| (n, &event.stamp)),
                );
            }
        }
        paid.retain(|_, premium| !self.waiting.iter().any(|w| w.stamp.id == premium.id));
        paid
    }

    fn correct_instalment(&mut self, context: Context<'_>, cause: &Cause<'_>, rate: &Rate, instalment: u16) {
        let of = match (rate.component, rate.payout) {
            (RateComponent::Maintenance, _) | (_, Payout::AsEarned) => component_of(rate.component),
            (_, Payout::Advance) => Component::Earned,
        };
        let difference = rate.amount_at(context.contract, instalment) - self.posted(of, instalment);
        if difference == 0 {
            return;
        }
        let line_to = |planner: &Id, amount| {
            let mut line = cause.line(planner, Component::Adjust, amount);
            (line.instalment, line.of) = (Some(instalment), Some(of));
            line.rate = Some(rate.name.clone());
            line
        };
        if of == Component::Maintenance {
            let payee = self.entries.iter().find(|entry| {
                entry.line.component == of && entry.line.instalment == Some(instalment) && !entry.reversed
            });
            let servicing = || self.servicing_on(cause.date, context.contract.primary());
            let planner = payee.map_or_else(servicing, |entry| entry.line.planner.clone());
            return self.post(line_to(&planner, difference), false);
        }
        let capped = self.cap(context.contract, cause, of, difference);
        let weights = context.contract.shares();
        for (payee, part) in split_largest_remainder(capped.paid, &weights)
            .into_iter()
            .enumerate()
        {
            let line = line_to(context.contract.planner(payee), part);
            self.post(line.clone(), capped.counted);
            self.pay_overrides(context, cause, payee, &line, capped.paid);
        }
        for (payee, part) in split_largest_remainder(capped.above, &weights)
            .into_iter()
            .enumerate()
        {
            let planner = context.contract.planner(payee).clone();
            self.put_above(cause, &planner, of, Some(instalment), part, Some(rate));
        }
    }

    /// What a component of an instalment came to so far, what is above the cap included.
    fn posted(&self, component: Component, instalment: u16) -> i64 {
        let of_instalment = |line: &super::state::Line| line.instalment == Some(instalment);
        self.entries
            .iter()
            .filter(|entry| !entry.reversed && of_instalment(&entry.line))
            .map(|entry| match entry.line.component {
                posted if posted == component => entry.line.amount,
                Component::Adjust if entry.line.of == Some(component) => entry.line.amount,
                Component::CapDeferred | Component::CapForfeited if entry.line.of == Some(component) => {
                    entry.line.deferred
                }
                _ => 0,
            })
            .sum()
    }

    /// A line by hand on the policy: to one planner, under the cap if its component counts.
    pub(super) fn adjust_by_hand(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        planner: &Id,
        component: AdjustmentComponent,
        amount: i64,
    ) {
        let component = by_hand(component);
        let capped = self.cap(context.contract, cause, component, amount);
        let line = cause.line(planner, component, capped.paid);
        self.post(line.clone(), capped.counted);
        if let Some(payee) = context.contract.payee(planner) {
            self.pay_overrides(context, cause, payee, &line, capped.paid);
        }
        self.put_above(cause, planner, component, None, capped.above, None);
    }
}

/// The event that posted a premium: its own, or that of the document for which it had waited (G6).
fn posted_at<'a>(context: Context<'a>, paid_at: &'a Stamp) -> Option<&'a Stamp> {
    let documents = context.plan.rates.iter().map(|known| &known.stamp);
    let later = documents.filter(|stamp| paid_at.is_before(stamp));
    std::iter::once(paid_at)
        .chain(later)
        .find(|stamp| rates_at(context, stamp).is_ok())
}

/// The component of a line by hand.
pub(super) const fn by_hand(component: AdjustmentComponent) -> Component {
    match component {
        AdjustmentComponent::Manual => Component::Manual,
        AdjustmentComponent::Bonus => Component::Bonus,
        AdjustmentComponent::Settling => Component::Settling,
    }
}
