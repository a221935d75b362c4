//! M-R2: a corrected document posts the difference to what was already posted on the policies that it
//! now governs, in the period of the correction.

use plimsoll_contracts::{
    events::{Payout, RateComponent},
    rows::commission::Component,
};

use super::{documents::Rate, facts::Fact, ledger::Line, policy::Policy, premium::component_of};

impl<'a> Policy<'a> {
    pub(super) fn correct(&mut self, cause: &'a Fact<'a>, component: RateComponent) {
        let documents = self.documents;
        let governs = documents.rate(component, &self.governed, self.known(cause));
        let Some(rate) = governs.filter(|rate| rate.fact.id == cause.id && rate.has_basis(self.issued))
        else {
            return;
        };
        for n in self.posted_under(component) {
            let counts_as = if component != RateComponent::Maintenance && rate.payout == Payout::Advance {
                Component::Earned
            } else {
                component_of(component)
            };
            let difference = rate.due(self.issued, n) - self.posted(n, counts_as);
            if component == RateComponent::Maintenance {
                self.correct_maintenance(cause, rate, n, difference);
            } else {
                self.post_split(cause, rate, n, (Component::Adjust, counts_as), difference);
            }
        }
    }

    /// The instalments that were posted when some document of the component governed the policy.
    fn posted_under(&self, component: RateComponent) -> Vec<u16> {
        let posted = self.paid.iter().filter(|paid| {
            let by_then = paid.posted.map(|posted| self.known(posted));
            by_then.is_some_and(|known| self.documents.rate(component, &self.governed, known).is_some())
        });
        let mut instalments: Vec<u16> = posted
            .flat_map(|paid| (0..paid.premium.instalments).map(|more| paid.premium.instalment_no + more))
            .collect();
        instalments.sort_unstable();
        instalments
    }

    /// What an instalment has posted of a component so far, with what waits above the cap.
    fn posted(&self, n: u16, component: Component) -> i64 {
        let lines = self
            .lines
            .iter()
            .filter(|line| !line.bounced && line.instalment_no == Some(n));
        let amounts = lines.map(|line| match line.component {
            Component::CapDeferred | Component::CapForfeited if line.of == Some(component) => line.deferred,
            _ if line.counts_as() == component => line.amount,
            _ => 0,
        });
        amounts.sum()
    }

    fn correct_maintenance(&mut self, cause: &'a Fact<'a>, rate: &Rate<'a>, n: u16, difference: i64) {
        let paid_to = self.lines.iter().find(|line| {
            line.component == Component::Maintenance && line.instalment_no == Some(n) && !line.bounced
        });
        let by_then = self.servicing.iter().filter(|(from, _)| *from <= cause.date);
        let servicing = by_then.max_by_key(|(from, _)| *from).map(|(_, planner)| *planner);
        if let Some(planner) = paid_to
            .map(|line| line.planner.clone())
            .or_else(|| servicing.cloned())
        {
            let line = Line {
                amount: difference,
                instalment_no: Some(n),
                rate: Some(rate.name()),
                of: Some(Component::Maintenance),
                ..self.line(cause, &planner, Component::Adjust)
            };
            self.push(line);
        }
    }
}
