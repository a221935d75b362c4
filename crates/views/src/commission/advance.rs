//! M-R10: commission paid before it is earned, repaid out of what is earned, recovered at an end.

use plimsoll_contracts::{money::split_largest_remainder, rows::Component};

use super::{
    rates::{Rate, share},
    state::{Cause, Context, State, held, hold},
};

impl State {
    /// An instalment of a rate that is paid in advance: the advance with the schedule's first one,
    /// and with each what it earned and what of that repays the advance.
    pub(super) fn earn(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        rate: &Rate,
        instalment: u16,
        full: i64,
    ) {
        let weights = context.contract.shares();
        let line_of = |payee: usize, component, amount| {
            let mut line = cause.line(context.contract.planner(payee), component, amount);
            line.instalment = Some(instalment);
            line.rate = Some(rate.name.clone());
            line
        };
        if rate.first_instalment() == Some(instalment) {
            let advance = share(rate.whole(context.contract), rate.advance_bp, 10_000);
            for (payee, part) in split_largest_remainder(advance, &weights).into_iter().enumerate() {
                hold(&mut self.outstanding, context.contract.planner(payee), part);
                self.post(line_of(payee, Component::Advance, part), false);
            }
        }
        for (payee, part) in split_largest_remainder(full, &weights).into_iter().enumerate() {
            self.post(line_of(payee, Component::Earned, part), false);
            let planner = context.contract.planner(payee);
            let repaid = part.min(held(&self.outstanding, planner)).max(0);
            hold(&mut self.outstanding, planner, -repaid);
            self.post(line_of(payee, Component::AdvanceRepaid, -repaid), false);
        }
    }

    /// An end takes back what was never earned.
    pub(super) fn recover_advances(&mut self, cause: &Cause<'_>) {
        for outstanding in std::mem::take(&mut self.outstanding) {
            let line = cause.line(
                &outstanding.planner,
                Component::AdvanceRecovered,
                -outstanding.amount,
            );
            self.post(line, false);
        }
    }
}
