//! M-R12: the work inside one premium, and inside its reversal.

use chrono::NaiveDate;
use plimsoll_contracts::{
    events::{Payout, RateComponent},
    rows::{Component, PolicyStatus},
};

use super::{
    policy::What,
    rates::Rate,
    stamp::Stamp,
    state::{Cause, Context, Reason, State, Waiting, component_of, hold},
};

const RATE_COMPONENTS: [RateComponent; 3] = [
    RateComponent::New,
    RateComponent::Instalment,
    RateComponent::Maintenance,
];

impl State {
    /// A premium for instalments `no` … `no + count - 1`.
    pub(super) fn premium(&mut self, context: Context<'_>, cause: &Cause<'_>, no: u16, count: u16) {
        if self.status != PolicyStatus::InForce {
            return self.wait(cause.stamp, Reason::PolicyNotInForce, no, count);
        }
        let covered = no..no.saturating_add(count);
        if covered.is_empty() || covered.clone().any(|n| self.paid.contains(n)) {
            return self.wait(cause.stamp, Reason::InstalmentOutOfOrder, no, count);
        }
        covered.for_each(|n| self.paid.insert(n));
        if no == 1 {
            self.enter_production(context, cause);
        }
        match rates_at(context, cause.stamp) {
            Ok(rates) => self.work(context, cause, &rates, (no, count), cause.date),
            Err(reason) => self.wait(cause.stamp, reason, no, count),
        }
    }

    /// Cap release first; then for each instalment new, instalment, maintenance. `paid_on` is the day of
    /// the premium, which is not that of `cause` where the premium had waited.
    fn work(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        rates: &[&Rate],
        (no, count): (u16, u16),
        paid_on: NaiveDate,
    ) {
        self.release_cap(context, cause, no);
        for instalment in no..no.saturating_add(count) {
            for rate in rates {
                self.pay(context, cause, rate, instalment, paid_on);
            }
        }
    }

    fn pay(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        rate: &Rate,
        instalment: u16,
        paid_on: NaiveDate,
    ) {
        let full = rate.amount_at(context.contract, instalment);
        if rate.component == RateComponent::Maintenance {
            let planner = self.servicing_on(paid_on, context.contract.primary());
            let mut line = cause.line(&planner, Component::Maintenance, full);
            line.instalment = Some(instalment);
            line.rate = Some(rate.name.clone());
            self.post(line, false);
        } else if rate.payout == Payout::Advance {
            self.earn(context, cause, rate, instalment, full);
        } else {
            self.pay_split(
                context,
                cause,
                component_of(rate.component),
                Some(instalment),
                full,
                rate,
            );
        }
    }

    /// A rate document was published or corrected: what waited for one is posted, in the month of
    /// this event; a correction posts its differences (M-R2).
    pub(super) fn rate_known(&mut self, context: Context<'_>, cause: &Cause<'_>, corrects: bool) {
        if corrects {
            self.correct(context, cause);
        }
        let Ok(rates) = rates_at(context, cause.stamp) else {
            return;
        };
        let (ready, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(Waiting::is_paid);
        self.waiting = waiting;
        for premium in &ready {
            let config = context.plan.config_at(premium.stamp.position);
            let paid_on = config.business_date(premium.stamp.at);
            let covered = (premium.instalment_no, premium.instalments);
            self.work(context, cause, &rates, covered, paid_on);
        }
        if !ready.is_empty() {
            self.claw_again(context, cause);
        }
    }

    /// The last premium bounced: the unclawed rest of its lines goes back, k falls, its cap is free.
    pub(super) fn reverse_premium(&mut self, context: Context<'_>, cause: &Cause<'_>, no: u16) {
        let premium = context.events.iter().rev().find_map(|event| match event.what {
            What::Premium { no: first, count }
                if event.stamp.is_before(cause.stamp)
                    && (first..first.saturating_add(count)).contains(&no)
                    && self.has_taken(&event.stamp) =>
            {
                Some(first..first.saturating_add(count))
            }
            _ => None,
        });
        let Some(covered) = premium.filter(|_| self.paid.contains(no)) else {
            return self.wait(cause.stamp, Reason::InstalmentOutOfOrder, no, 0);
        };
        covered.clone().for_each(|n| self.paid.remove(n));
        if covered.start == 1 {
            self.leave_production(context, cause);
        }
        self.waiting
            .retain(|w| !covered.contains(&w.instalment_no) || w.reason == Reason::InstalmentOutOfOrder);
        for place in 0..self.entries.len() {
            let of_premium = self.entries[place]
                .line
                .instalment
                .is_some_and(|n| covered.contains(&n));
            if of_premium && !self.entries[place].reversed {
                self.reverse_entry(cause, place);
            }
        }
    }

    /// Whether a premium counts as paid: it was not refused when it came.
    pub(super) fn has_taken(&self, premium: &Stamp) -> bool {
        let refused = |waiting: &Waiting| waiting.stamp.id == premium.id && !waiting.is_paid();
        !self.waiting.iter().any(refused)
    }

    fn reverse_entry(&mut self, cause: &Cause<'_>, place: usize) {
        let entry = &mut self.entries[place];
        let line = entry.line.clone();
        if matches!(
            line.component,
            Component::Clawback | Component::ClawbackReversed | Component::Reversed
        ) {
            return;
        }
        entry.reversed = true;
        let (clawed, counted) = (entry.clawed, entry.counted);
        if counted {
            self.cap_used -= line.amount;
        }
        match line.component {
            Component::CapDeferred => hold(&mut self.deferred, &line.planner, -line.deferred),
            Component::CapRelease => hold(&mut self.deferred, &line.planner, line.amount),
            Component::Advance | Component::AdvanceRepaid => {
                hold(&mut self.outstanding, &line.planner, -line.amount);
            }
            _ => {}
        }
        let mut back = cause.line(&line.planner, Component::Reversed, clawed - line.amount);
        back.deferred = -line.deferred;
        back.of = Some(line.component);
        (back.instalment, back.rate) = (line.instalment, line.rate);
        (back.for_planner, back.level) = (line.for_planner, line.level);
        self.post(back, false);
    }
}

/// The documents that govern the policy at an event, in the order of work; why not, if none.
pub(super) fn rates_at<'a>(context: Context<'a>, at: &Stamp) -> Result<Vec<&'a Rate>, Reason> {
    let governing = RATE_COMPONENTS
        .into_iter()
        .filter_map(|component| context.plan.rate_of(component, context.contract, Some(at)));
    let rates: Vec<&Rate> = governing.collect();
    if rates.is_empty() {
        Err(Reason::RateMissing)
    } else if rates.iter().any(|rate| !rate.has_basis(context.contract)) {
        Err(Reason::AcquisitionCostMissing)
    } else {
        Ok(rates)
    }
}
