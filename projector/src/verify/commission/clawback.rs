//! M-R5 and M-R6: what an end takes back of each posted line, and what reinstatement gives again.

use plimsoll_contracts::rows::commission::{Component, PolicyStatus};

use super::{
    facts::{Fact, Known},
    ledger::{Line, names, share_of, taken},
    policy::Policy,
};

/// All of it, in basis points.
const WHOLE_BP: i64 = 10_000;

impl<'a> Policy<'a> {
    /// What the present status asks for, of whatever has been posted by now.
    pub(super) fn claw_as_ended(&mut self, cause: &Fact<'a>) {
        let config = &cause.config;
        match self.status() {
            PolicyStatus::InForce => {}
            PolicyStatus::FreeLook | PolicyStatus::Void => self.claw_everything(cause),
            PolicyStatus::Death if config.death_exempt => {}
            PolicyStatus::Matured if config.maturity_exempt => {}
            _ => self.claw_by_schedule(cause),
        }
    }

    /// A lapse or a surrender: the schedule's share of what the configuration makes liable.
    fn claw_by_schedule(&mut self, cause: &Fact<'a>) {
        let share_bp = self.clawback_bp(self.known(cause));
        let liable: Vec<usize> = (0..self.lines.len()).filter(|i| self.liable(*i, cause)).collect();
        self.claw(cause, &liable, share_bp);
    }

    /// Free-look or void: everything, as if the policy never was.
    fn claw_everything(&mut self, cause: &Fact<'a>) {
        let all: Vec<usize> = (0..self.lines.len())
            .filter(|i| !self.lines[*i].bounced && paid_out(&self.lines[*i]))
            .collect();
        self.claw(cause, &all, WHOLE_BP);
    }

    fn clawback_bp(&self, known: Known<'_>) -> i64 {
        self.documents
            .clawback_bp(self.issued.contract_date, known, self.paid_count())
    }

    fn liable(&self, index: usize, at: &Fact<'_>) -> bool {
        let line = &self.lines[index];
        !line.bounced && paid_out(line) && names(&at.config.clawback_components, line.counts_as())
    }

    fn claw(&mut self, cause: &Fact<'a>, lines: &[usize], share_bp: i64) {
        for &index in lines {
            let back = share_of(self.lines[index].amount, share_bp, WHOLE_BP) - taken(&self.lines, index);
            self.against(cause, index, Component::Clawback, -back);
        }
    }

    /// Reinstatement: what was clawed comes again.
    pub(super) fn give_again(&mut self, cause: &Fact<'a>) {
        for index in 0..self.lines.len() {
            if !self.lines[index].bounced {
                let clawed = taken(&self.lines, index);
                self.against(cause, index, Component::ClawbackReversed, clawed);
            }
        }
    }

    /// What a lapse now would take back by all that is known, with what is left of an advance.
    pub(super) fn exposure(&self, at: &Fact<'_>) -> i64 {
        let share_bp = self.clawback_bp(self.horizon.all());
        let liable = (0..self.lines.len()).filter(|i| self.liable(*i, at));
        let table: i64 = liable
            .map(|i| share_of(self.lines[i].amount, share_bp, WHOLE_BP))
            .sum();
        let advance: i64 = self
            .shares()
            .iter()
            .map(|(planner, _)| self.outstanding(planner))
            .sum();
        table + advance
    }

    /// A line that takes from, or gives back to, an earlier one: the same payee, rate and instalment.
    pub(super) fn against(&mut self, cause: &Fact<'a>, index: usize, component: Component, amount: i64) {
        let of = &self.lines[index];
        let line = Line {
            instalment_no: of.instalment_no,
            amount,
            of: Some(of.component),
            for_planner: of.for_planner.clone(),
            level: of.level.clone(),
            rate: of.rate.clone(),
            target: Some(index),
            deferred: if component == Component::Reversed {
                -of.deferred
            } else {
                0
            },
            ..self.line(cause, &of.planner.clone(), component)
        };
        self.push(line);
    }
}

/// Whether a line paid something that can come back; advances have their own recovery (M-R10).
fn paid_out(line: &Line<'_>) -> bool {
    use Component::{
        Adjust, Bonus, CapRelease, Earned, Instalment, Maintenance, Manual, New, Override, Settling,
    };
    matches!(
        line.component,
        New | Instalment | Maintenance | Earned | Override | CapRelease | Adjust | Bonus | Settling | Manual
    )
}
