//! M-R12 and M-R11: the order of work inside one premium, and a premium that bounced.

use plimsoll_contracts::{
    Id,
    events::{Payout, PremiumPaid, RateComponent},
    rows::commission::{Component, PolicyStatus},
};

use super::{
    documents::Rate,
    facts::Fact,
    ledger::{Line, taken},
    overrides::PartOf,
    policy::{Paid, Policy},
};

impl<'a> Policy<'a> {
    /// A premium of a policy in force for instalments not paid before; any other waits visibly, and
    /// pays nothing.
    pub(super) fn premium(&mut self, fact: &'a Fact<'a>, premium: &'a PremiumPaid) {
        let fresh = instalments(premium).all(|n| !self.paid.iter().any(|paid| covers(paid.premium, n)));
        if self.status() != PolicyStatus::InForce || premium.instalments == 0 || !fresh {
            return;
        }
        self.paid.push(Paid {
            premium,
            fact,
            posted: None,
        });
        if premium.instalment_no == 1 {
            self.enter_production(fact);
        }
        self.post(fact, self.paid.len() - 1);
    }

    /// A document arrived: what waited for one is posted, in its month; a policy that has ended
    /// meanwhile gives back what it must.
    pub(super) fn post_waiting(&mut self, cause: &'a Fact<'a>) {
        let mut any = false;
        for place in 0..self.paid.len() {
            if self.paid[place].posted.is_none() {
                any |= self.post(cause, place);
            }
        }
        if any {
            self.claw_as_ended(cause);
        }
    }

    /// What waited for the cap's months to pass first; then, instalment by instalment, new, instalment,
    /// maintenance. False when no rate document covers the policy yet.
    fn post(&mut self, cause: &'a Fact<'a>, place: usize) -> bool {
        let documents = self.documents;
        let Some(rates) = documents.rates(&self.governed, self.known(cause)) else {
            return false;
        };
        self.paid[place].posted = Some(cause);
        let paid = self.paid[place].clone();
        self.release(cause, paid.premium.instalment_no);
        for n in instalments(paid.premium) {
            for rate in &rates {
                self.post_component(cause, &paid, rate, n);
            }
        }
        true
    }

    fn post_component(&mut self, cause: &'a Fact<'a>, paid: &Paid<'a>, rate: &Rate<'a>, n: u16) {
        if rate.component == RateComponent::Maintenance {
            self.post_maintenance(cause, paid, rate, n);
        } else if rate.payout == Payout::Advance {
            self.advance_premium(cause, rate, n);
        } else {
            let component = component_of(rate.component);
            self.post_split(cause, rate, n, (component, component), rate.due(self.issued, n));
        }
    }

    /// An amount, posted as one component and counting as another: cut at the cap, split by the shares,
    /// each payee followed by overrides.
    pub(super) fn post_split(
        &mut self,
        cause: &Fact<'a>,
        rate: &Rate<'a>,
        n: u16,
        (posted_as, counts_as): (Component, Component),
        amount: i64,
    ) {
        let counted = self.counts(cause, counts_as);
        let total = self.under_cap(cause, counts_as, amount);
        let like = |policy: &Self, planner: &Id| Line {
            instalment_no: Some(n),
            rate: Some(rate.name()),
            of: (posted_as != counts_as).then_some(counts_as),
            counted,
            ..policy.line(cause, planner, posted_as)
        };
        let shares = self.shares();
        for ((planner, part), (_, share_bp)) in self.split(total).into_iter().zip(&shares) {
            let line = Line {
                amount: part,
                ..like(self, &planner)
            };
            let part_of = (posted_as == counts_as).then_some(PartOf {
                total,
                share_bp: *share_bp,
            });
            self.pay(cause, &line, part_of);
        }
        if let Some((primary, _)) = shares.first() {
            let line = like(self, primary);
            self.defer(cause, &line, amount - total, &shares);
        }
    }

    /// M-R11: to whoever looks after the policy on that day; no split, no cap, no override.
    fn post_maintenance(&mut self, cause: &'a Fact<'a>, paid: &Paid<'a>, rate: &Rate<'a>, n: u16) {
        let by_then = self.servicing.iter().filter(|(from, _)| *from <= paid.fact.date);
        if let Some((_, planner)) = by_then.max_by_key(|(from, _)| *from) {
            let line = Line {
                amount: rate.due(self.issued, n),
                instalment_no: Some(n),
                rate: Some(rate.name()),
                ..self.line(cause, planner, Component::Maintenance)
            };
            self.push(line);
        }
    }

    /// A premium bounced: the rest of what its instalments paid comes back, and they count no more.
    pub(super) fn bounce(&mut self, cause: &'a Fact<'a>, instalment_no: u16) {
        let Some(place) = self
            .paid
            .iter()
            .position(|paid| covers(paid.premium, instalment_no))
        else {
            return;
        };
        let premium = self.paid.remove(place).premium;
        if premium.instalment_no == 1 {
            self.leave_production(cause);
        }
        for index in 0..self.lines.len() {
            let line = &self.lines[index];
            let of_it = line.target.is_none()
                && !line.bounced
                && line.instalment_no.is_some_and(|n| covers(premium, n));
            if of_it {
                let rest = line.amount - taken(&self.lines, index);
                self.against(cause, index, Component::Reversed, -rest);
                self.lines[index].bounced = true;
            }
        }
    }
}

fn instalments(premium: &PremiumPaid) -> std::ops::Range<u16> {
    premium.instalment_no..premium.instalment_no.saturating_add(premium.instalments)
}

fn covers(premium: &PremiumPaid, n: u16) -> bool {
    instalments(premium).contains(&n)
}

/// The component of the ledger that a document's component posts.
pub(super) const fn component_of(component: RateComponent) -> Component {
    match component {
        RateComponent::New => Component::New,
        RateComponent::Instalment => Component::Instalment,
        RateComponent::Maintenance => Component::Maintenance,
    }
}
