//! M-R4: the first-year cap, before the split; what is above it waits or is lost.

use plimsoll_contracts::{Id, config::CapExcess, money::split_largest_remainder, rows::Component};

use super::{
    policy::Contract,
    rates::Rate,
    state::{Cause, Context, State, hold, names},
};

/// A component's amount cut at the cap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capped {
    /// What is paid.
    pub(super) paid: i64,
    /// What is above the cap.
    pub(super) above: i64,
    /// Whether the paid part used room.
    pub(super) counted: bool,
}

/// The cap of a policy: a multiple of P.
pub(super) fn limit(contract: &Contract, multiple: u32) -> i64 {
    contract.monthly_premium_minor.saturating_mul(i64::from(multiple))
}

impl State {
    /// Cuts an amount of a component at the room that is left, and uses that room.
    pub(super) fn cap(
        &mut self,
        contract: &Contract,
        cause: &Cause<'_>,
        component: Component,
        full: i64,
    ) -> Capped {
        let config = cause.config;
        if !names(&config.cap_components, component) || cause.policy_month > config.cap_months {
            return Capped {
                paid: full,
                above: 0,
                counted: false,
            };
        }
        let room = (limit(contract, config.cap_multiple) - self.cap_used).max(0);
        let paid = full.min(room);
        self.cap_used += paid;
        Capped {
            paid,
            above: full - paid,
            counted: true,
        }
    }

    /// Pays an amount of a component to all payees of the policy, capped and split (G3), each
    /// payee followed by the overrides above.
    pub(super) fn pay_split(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        component: Component,
        instalment: Option<u16>,
        full: i64,
        rate: &Rate,
    ) {
        let capped = self.cap(context.contract, cause, component, full);
        let weights = context.contract.shares();
        let parts = split_largest_remainder(capped.paid, &weights);
        for (payee, part) in parts.into_iter().enumerate() {
            let mut line = cause.line(context.contract.planner(payee), component, part);
            line.instalment = instalment;
            line.rate = Some(rate.name.clone());
            self.post(line.clone(), capped.counted);
            self.pay_overrides(context, cause, payee, &line, capped.paid);
        }
        for (payee, part) in split_largest_remainder(capped.above, &weights)
            .into_iter()
            .enumerate()
        {
            let planner = context.contract.planner(payee).clone();
            self.put_above(cause, &planner, component, instalment, part, Some(rate));
        }
    }

    /// Notes what is above the cap: a line of amount 0.
    pub(super) fn put_above(
        &mut self,
        cause: &Cause<'_>,
        planner: &Id,
        component: Component,
        instalment: Option<u16>,
        above: i64,
        rate: Option<&Rate>,
    ) {
        if above == 0 {
            return;
        }
        let noted = match cause.config.cap_excess {
            CapExcess::Defer => Component::CapDeferred,
            CapExcess::Forfeit => Component::CapForfeited,
        };
        if noted == Component::CapDeferred {
            hold(&mut self.deferred, planner, above);
        }
        let mut line = cause.line(planner, noted, 0);
        line.instalment = instalment;
        line.deferred = above;
        line.of = Some(component);
        line.rate = rate.map(|rate| rate.name.clone());
        self.post(line, false);
    }

    /// Pays what waited above the cap, with the first premium after the capped months.
    pub(super) fn release_cap(&mut self, context: Context<'_>, cause: &Cause<'_>, instalment: u16) {
        if self.deferred.is_empty() || cause.policy_month <= cause.config.cap_months {
            return;
        }
        let held = std::mem::take(&mut self.deferred);
        let total = held.iter().map(|h| h.amount).sum();
        for h in held {
            let mut line = cause.line(&h.planner, Component::CapRelease, h.amount);
            line.instalment = Some(instalment);
            self.post(line.clone(), false);
            if let Some(payee) = context.contract.payee(&h.planner) {
                self.pay_overrides(context, cause, payee, &line, total);
            }
        }
    }
}
