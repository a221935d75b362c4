//! M-R10: a share of the whole in advance, repaid out of what the instalments earn.

use plimsoll_contracts::{Id, money::split_largest_remainder, rows::commission::Component};

use super::{
    documents::Rate,
    facts::Fact,
    ledger::{Line, share_of},
    policy::Policy,
};

impl<'a> Policy<'a> {
    pub(super) fn outstanding(&self, planner: &Id) -> i64 {
        use Component::{Advance, AdvanceRecovered, AdvanceRepaid};
        let of_advance = self.lines.iter().filter(|line| {
            !line.bounced
                && line.planner == *planner
                && matches!(line.component, Advance | AdvanceRepaid | AdvanceRecovered)
        });
        of_advance.map(|line| line.amount).sum()
    }

    pub(super) fn advance_premium(&mut self, cause: &Fact<'a>, rate: &Rate<'a>, n: u16) {
        let earned = rate.due(self.issued, n);
        let like = |component, amount, planner: &Id, policy: &Self| Line {
            amount,
            instalment_no: Some(n),
            rate: Some(rate.name()),
            ..policy.line(cause, planner, component)
        };
        if rate.first() == Some(n) {
            let advance = share_of(rate.whole(self.issued), i64::from(rate.advance_bp), 10_000);
            for (planner, part) in self.split(advance) {
                let line = like(Component::Advance, part, &planner, self);
                self.push(line);
            }
        }
        for (planner, part) in self.split(earned) {
            let line = like(Component::Earned, part, &planner, self);
            self.push(line);
            let repaid = -part.min(self.outstanding(&planner)).max(0);
            let line = like(Component::AdvanceRepaid, repaid, &planner, self);
            self.push(line);
        }
    }

    /// The end of a policy takes back what is not repaid.
    pub(super) fn recover_advance(&mut self, cause: &Fact<'a>) {
        for (planner, _) in self.shares() {
            let mut line = self.line(cause, &planner, Component::AdvanceRecovered);
            line.amount = -self.outstanding(&planner);
            self.push(line);
        }
    }

    /// An amount by the policy's shares, primary first (G3).
    pub(super) fn split(&self, amount: i64) -> Vec<(Id, i64)> {
        let shares = self.shares();
        let weights: Vec<i64> = shares.iter().map(|(_, share_bp)| *share_bp).collect();
        let parts = split_largest_remainder(amount, &weights);
        shares
            .into_iter()
            .map(|(planner, _)| planner)
            .zip(parts)
            .collect()
    }
}
