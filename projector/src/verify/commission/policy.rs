//! One policy, folded from its first event to its last: the ledger its premiums and its ends lead to.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id, Payload,
    events::{AdjustmentComponent, CommissionAdjusted, PolicyIssued, PremiumPaid},
    rows::commission::{Component, PolicyStatus},
};

use super::{
    bonus::Move,
    documents::Documents,
    facts::{Fact, Horizon, Known},
    ledger::Line,
    organisation::{Level, Organisation},
    rate::Governed,
};

/// A premium that counts as paid.
#[derive(Debug, Clone)]
pub(super) struct Paid<'a> {
    pub(super) premium: &'a PremiumPaid,
    pub(super) fact: &'a Fact<'a>,
    /// The event that posted it; none while it waits for a rate document (G6).
    pub(super) posted: Option<&'a Fact<'a>>,
}

/// A policy after the events so far.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    pub(super) issue: &'a Fact<'a>,
    pub(super) issued: &'a PolicyIssued,
    pub(super) documents: &'a Documents<'a>,
    pub(super) horizon: Horizon,
    pub(super) governed: Governed<'a>,
    /// The hierarchy above each planner, photographed when the policy was issued.
    pub(super) pictures: BTreeMap<Id, Vec<Level<'a>>>,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) paid: Vec<Paid<'a>>,
    /// How it entered and left the production of its planners.
    pub(super) moves: Vec<Move<'a>>,
    /// What it was from which day on.
    pub(super) states: Vec<(NaiveDate, PolicyStatus)>,
    /// Who looks after it, from which day on.
    pub(super) servicing: Vec<(NaiveDate, &'a Id)>,
    /// The last event of the log that concerns it.
    pub(super) last: &'a Fact<'a>,
}

impl<'a> Policy<'a> {
    /// Folds what a horizon knows of the policy's own facts, in canonical order, among the documents.
    /// None while its issue, or anyone above its planners, is unknown: then all of it waits (G6).
    pub(super) fn fold(
        facts: &[&'a Fact<'a>],
        documents: &'a Documents<'a>,
        organisation: &Organisation<'a>,
        horizon: Horizon,
    ) -> Option<Self> {
        let own: Vec<&'a Fact<'a>> = facts.iter().copied().filter(|fact| horizon.knows(fact)).collect();
        let (issue, issued) = own.iter().find_map(|fact| match fact.payload {
            Payload::PolicyIssued(issued) => Some((*fact, issued)),
            _ => None,
        })?;
        let mut policy = Self::issue(issue, issued, documents, organisation, horizon)?;
        let rates = documents
            .rates
            .iter()
            .filter(|rate| horizon.knows(rate.fact) && rate.fits(&policy.governed));
        let mut story: Vec<&'a Fact<'a>> = own.into_iter().chain(rates.map(|rate| rate.fact)).collect();
        story.sort_by_key(|fact| fact.at);
        let about = documents
            .about(&policy.governed)
            .filter(|fact| horizon.knows(fact));
        let last = story.iter().copied().chain(about).max_by_key(|fact| fact.order);
        policy.last = last.unwrap_or(issue);
        for fact in story {
            policy.apply(fact);
        }
        Some(policy)
    }

    fn issue(
        issue: &'a Fact<'a>,
        issued: &'a PolicyIssued,
        documents: &'a Documents<'a>,
        organisation: &Organisation<'a>,
        horizon: Horizon,
    ) -> Option<Self> {
        let shares: u64 = issued
            .planners
            .iter()
            .map(|share| u64::from(share.share_bp))
            .sum();
        if shares != 10_000 {
            return None;
        }
        let at = organisation.at(issued.contract_date, issue, horizon);
        let primary = &issued.planners.first()?.planner_id;
        let mut pictures = BTreeMap::new();
        for share in &issued.planners {
            pictures.insert(share.planner_id.clone(), at.picture(&share.planner_id)?);
        }
        Some(Self {
            issue,
            issued,
            documents,
            horizon,
            governed: Governed {
                policy: issued,
                grade: at.grade(primary),
            },
            pictures,
            lines: Vec::new(),
            paid: Vec::new(),
            moves: Vec::new(),
            states: vec![(NaiveDate::MIN, PolicyStatus::InForce)],
            servicing: vec![(NaiveDate::MIN, primary)],
            last: issue,
        })
    }

    fn apply(&mut self, fact: &'a Fact<'a>) {
        match fact.payload {
            Payload::PremiumPaid(premium) => self.premium(fact, premium),
            Payload::PremiumReversed(of) => self.bounce(fact, of.instalment_no),
            Payload::PolicyFreeLookCancelled(_) => self.end(fact, PolicyStatus::FreeLook),
            Payload::PolicyVoided(_) => self.end(fact, PolicyStatus::Void),
            Payload::PolicyLapsed(_) => self.end(fact, PolicyStatus::Lapsed),
            Payload::PolicySurrendered(_) => self.end(fact, PolicyStatus::Surrendered),
            Payload::PolicyMatured(_) => self.end(fact, PolicyStatus::Matured),
            Payload::DeathClaimPaid(_) => self.end(fact, PolicyStatus::Death),
            Payload::PolicyReinstated(_) => self.reinstate(fact),
            Payload::ServicingPlannerReassigned(of) => {
                self.servicing.push((of.effective_from, &of.planner_id));
            }
            Payload::CommissionAdjusted(of) => self.adjust_by_hand(fact, of),
            Payload::CommissionRatePublished(_) => self.post_waiting(fact),
            Payload::CommissionRateCorrected(of) => {
                self.correct(fact, of.component);
                self.post_waiting(fact);
            }
            _ => {}
        }
    }

    /// The documents that count for an event.
    pub(super) const fn known(&self, fact: &Fact<'a>) -> Known<'a> {
        self.horizon.by(fact.at)
    }

    pub(super) fn status(&self) -> PolicyStatus {
        self.states
            .last()
            .map_or(PolicyStatus::InForce, |(_, status)| *status)
    }

    /// An end comes only to a policy in force; free-look and void undo one that has ended, too.
    fn end(&mut self, fact: &'a Fact<'a>, status: PolicyStatus) {
        let undone = |status| matches!(status, PolicyStatus::FreeLook | PolicyStatus::Void);
        let before = self.status();
        if before == PolicyStatus::InForce || undone(status) && !undone(before) {
            self.states.push((fact.date, status));
            self.review_production(fact);
            self.claw_as_ended(fact);
            self.recover_advance(fact);
        }
    }

    fn reinstate(&mut self, fact: &'a Fact<'a>) {
        if self.status() == PolicyStatus::Lapsed {
            self.states.push((fact.date, PolicyStatus::InForce));
            self.review_production(fact);
            self.give_again(fact);
        }
    }

    /// A line by hand goes to one planner; a bonus or a settling allowance counts under the cap (M-R4).
    fn adjust_by_hand(&mut self, fact: &'a Fact<'a>, of: &CommissionAdjusted) {
        if of.currency != self.issued.currency {
            return;
        }
        let component = by_hand(of.component);
        let counted = self.counts(fact, component);
        let amount = self.under_cap(fact, component, of.amount_minor.get());
        let line = Line {
            amount,
            counted,
            ..self.line(fact, &of.planner_id, component)
        };
        self.pay(fact, &line, None);
        let excess = of.amount_minor.get() - amount;
        self.defer(fact, &line, excess, &[(of.planner_id.clone(), 10_000)]);
    }

    /// Instalments paid.
    pub(super) fn paid_count(&self) -> u16 {
        self.paid.iter().map(|paid| paid.premium.instalments).sum()
    }

    pub(super) fn shares(&self) -> Vec<(Id, i64)> {
        let shares = self.issued.planners.iter();
        shares
            .map(|share| (share.planner_id.clone(), i64::from(share.share_bp)))
            .collect()
    }

    /// A line of this policy.
    pub(super) fn line(&self, cause: &Fact<'a>, planner: &Id, component: Component) -> Line<'a> {
        Line {
            policy: Some(self.issued.policy_id.clone()),
            ..Line::new(cause, planner, component, self.issued.currency)
        }
    }

    /// Adds a line; a line of nothing is no line.
    pub(super) fn push(&mut self, line: Line<'a>) {
        if line.amount != 0 || line.deferred != 0 {
            self.lines.push(line);
        }
    }
}

/// What a line by hand counts as.
pub(super) const fn by_hand(component: AdjustmentComponent) -> Component {
    match component {
        AdjustmentComponent::Manual => Component::Manual,
        AdjustmentComponent::Bonus => Component::Bonus,
        AdjustmentComponent::Settling => Component::Settling,
    }
}
