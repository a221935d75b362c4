//! M-R4: the first-year cap. What was posted in the first policy months counts, the excess waits or is
//! lost, and what waits is paid with the first premium after those months.

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id, config::CapExcess, money::split_largest_remainder, rows::commission::Component,
};

use super::{
    facts::Fact,
    ledger::{Line, names},
    policy::Policy,
};

impl<'a> Policy<'a> {
    /// Policy month of a day: full calendar months since the contract date, plus 1.
    pub(super) fn month_of(&self, day: NaiveDate) -> u32 {
        let mut full = 0;
        while (self.issued.contract_date + chrono::Months::new(full + 1)) <= day {
            full += 1;
        }
        full + 1
    }

    pub(super) fn cap_limit(&self, fact: &Fact<'_>) -> i64 {
        i64::from(fact.config.cap_multiple) * self.issued.monthly_premium_minor.get()
    }

    /// Posted in the capped months and counted; a bounced premium frees what it had used.
    pub(super) fn cap_used(&self) -> i64 {
        let counted = self.lines.iter().filter(|line| line.counted && !line.bounced);
        counted.map(|line| line.amount).sum()
    }

    /// Whether what this event posts of a component counts under the cap.
    pub(super) fn counts(&self, cause: &Fact<'_>, component: Component) -> bool {
        names(&cause.config.cap_components, component) && self.month_of(cause.date) <= cause.config.cap_months
    }

    /// How much of an amount may be paid now; the rest is above the cap.
    pub(super) fn under_cap(&self, cause: &Fact<'_>, component: Component, amount: i64) -> i64 {
        if self.counts(cause, component) {
            amount.min((self.cap_limit(cause) - self.cap_used()).max(0))
        } else {
            amount
        }
    }

    /// Lines of amount 0 for the excess, one a payee.
    pub(super) fn defer(&mut self, cause: &Fact<'a>, like: &Line<'a>, excess: i64, payees: &[(Id, i64)]) {
        let component = match cause.config.cap_excess {
            CapExcess::Defer => Component::CapDeferred,
            CapExcess::Forfeit => Component::CapForfeited,
        };
        let weights: Vec<i64> = payees.iter().map(|(_, share_bp)| *share_bp).collect();
        for ((planner, _), part) in payees.iter().zip(split_largest_remainder(excess, &weights)) {
            if part != 0 {
                self.lines.push(Line {
                    planner: planner.clone(),
                    component,
                    amount: 0,
                    deferred: part,
                    of: Some(like.counts_as()),
                    counted: false,
                    ..like.clone()
                });
            }
        }
    }

    /// What still waits for a payee.
    pub(super) fn waiting_for(&self, planner: &Id) -> i64 {
        let lines = self
            .lines
            .iter()
            .filter(|line| !line.bounced && line.planner == *planner);
        lines
            .map(|line| match line.component {
                Component::CapDeferred => line.deferred,
                Component::CapRelease => -line.amount,
                _ => 0,
            })
            .sum()
    }

    /// What still waits for anyone.
    pub(super) fn deferred(&self) -> i64 {
        self.payees_of_deferred()
            .iter()
            .map(|planner| self.waiting_for(planner))
            .sum()
    }

    /// Who has something waiting, in the order of the policy, then of the ledger.
    fn payees_of_deferred(&self) -> Vec<Id> {
        let mut payees: Vec<Id> = self
            .issued
            .planners
            .iter()
            .map(|share| share.planner_id.clone())
            .collect();
        for line in self
            .lines
            .iter()
            .filter(|line| line.component == Component::CapDeferred)
        {
            if !payees.contains(&line.planner) {
                payees.push(line.planner.clone());
            }
        }
        payees
    }

    /// Pays what waits, once the capped months are over.
    pub(super) fn release(&mut self, cause: &Fact<'a>, n: u16) {
        if self.month_of(cause.date) <= cause.config.cap_months {
            return;
        }
        for planner in self.payees_of_deferred() {
            let amount = self.waiting_for(&planner);
            if amount != 0 {
                let mut line = self.line(cause, &planner, Component::CapRelease);
                line.instalment_no = Some(n);
                line.amount = amount;
                self.pay(cause, &line, None);
            }
        }
    }
}
