//! M-R5 and M-R6: what comes back when a policy ends, and what is given again when it lives again.

use plimsoll_contracts::{
    TenantConfig,
    rows::{Component, PolicyStatus},
};

use super::{
    plan::Plan,
    policy::Contract,
    rates::share,
    state::{Cause, Context, Entry, Reason, State, names},
};

const WHOLE_BP: i64 = 10_000;

impl State {
    /// The policy ends.
    pub(super) fn end(&mut self, context: Context<'_>, cause: &Cause<'_>, status: PolicyStatus) {
        let undone = |status| matches!(status, PolicyStatus::FreeLook | PolicyStatus::Void);
        let may_end = if undone(status) {
            !undone(self.status)
        } else {
            self.status == PolicyStatus::InForce
        };
        if !may_end {
            return self.park(cause.stamp, Reason::PolicyNotInForce);
        }
        self.status = status;
        self.changes.push((cause.date, status));
        self.review_production(context, cause);
        self.claw_again(context, cause);
        self.recover_advances(cause);
    }

    /// Claws back what the present status asks for and was not clawed yet; nothing while in force.
    pub(super) fn claw_again(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        let config = cause.config;
        let by_table = match self.status {
            PolicyStatus::InForce => return,
            PolicyStatus::FreeLook | PolicyStatus::Void => false,
            PolicyStatus::Lapsed | PolicyStatus::Surrendered => true,
            PolicyStatus::Death if config.death_exempt => return,
            PolicyStatus::Matured if config.maturity_exempt => return,
            PolicyStatus::Death | PolicyStatus::Matured => true,
        };
        let paid = self.paid.count();
        let bp = if by_table {
            context
                .plan
                .clawback_bp(context.contract.contract_date, paid, Some(cause.stamp))
        } else {
            WHOLE_BP
        };
        for place in 0..self.entries.len() {
            let entry = &self.entries[place];
            if if by_table {
                by_schedule(entry, config)
            } else {
                is_paid(entry)
            } {
                let target = share(entry.line.amount, bp, WHOLE_BP);
                self.claw(cause, place, target);
            }
        }
    }

    /// Brings what was clawed of an entry to `target`.
    fn claw(&mut self, cause: &Cause<'_>, place: usize, target: i64) {
        let entry = &mut self.entries[place];
        let amount = target - entry.clawed;
        entry.clawed = target;
        let line = mirror(cause, entry, Component::Clawback, -amount);
        self.post(line, false);
    }

    /// A lapsed policy lives again: what was clawed is given again (M-R6).
    pub(super) fn reinstate(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        if self.status != PolicyStatus::Lapsed {
            return self.park(cause.stamp, Reason::PolicyNotLapsed);
        }
        self.status = PolicyStatus::InForce;
        self.changes.push((cause.date, PolicyStatus::InForce));
        self.review_production(context, cause);
        for place in 0..self.entries.len() {
            let entry = &mut self.entries[place];
            if entry.clawed != 0 && !entry.reversed {
                let amount = std::mem::take(&mut entry.clawed);
                let line = mirror(cause, entry, Component::ClawbackReversed, amount);
                self.post(line, false);
            }
        }
    }

    /// What would come back if the policy lapsed now: eligible lines by the table, and advances.
    pub(super) fn exposure(&self, plan: &Plan, contract: &Contract, config: &TenantConfig) -> i64 {
        if self.status != PolicyStatus::InForce {
            return 0;
        }
        let bp = plan.clawback_bp(contract.contract_date, self.paid.count(), None);
        let outstanding: i64 = self.outstanding.iter().map(|held| held.amount).sum();
        if bp == 0 {
            return outstanding;
        }
        let eligible = self.entries.iter().filter(|entry| by_schedule(entry, config));
        outstanding
            + eligible
                .map(|entry| share(entry.line.amount, bp, WHOLE_BP))
                .sum::<i64>()
    }
}

/// Whether the table takes a line back: configured components, and adjustments of these.
fn by_schedule(entry: &Entry, config: &TenantConfig) -> bool {
    let component = match entry.line.component {
        Component::Adjust => entry.line.of,
        component => Some(component),
    };
    !entry.reversed && component.is_some_and(|c| names(&config.clawback_components, c))
}

/// Whether a line paid something that a policy which never was takes back. Advances are recovered
/// apart, and what was taken back is no payment.
fn is_paid(entry: &Entry) -> bool {
    !entry.reversed
        && !matches!(
            entry.line.component,
            Component::Clawback
                | Component::ClawbackReversed
                | Component::Reversed
                | Component::Advance
                | Component::AdvanceRepaid
                | Component::AdvanceRecovered
                | Component::CapDeferred
                | Component::CapForfeited
        )
}

/// A line about an entry: same payee, instalment, rate, level; `of` names the entry's component.
fn mirror(cause: &Cause<'_>, entry: &Entry, component: Component, amount: i64) -> super::state::Line {
    let mut line = cause.line(&entry.line.planner, component, amount);
    line.of = Some(entry.line.component);
    (line.instalment, line.rate) = (entry.line.instalment, entry.line.rate.clone());
    (line.for_planner, line.level) = (entry.line.for_planner.clone(), entry.line.level.clone());
    line
}
