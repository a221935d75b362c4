//! M-R1: what is posted when. A closing freezes its month as it stands; whatever a later event changes
//! about closed months goes, as a difference, into the first month still open.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_contracts::{Currency, Id, Label, Month, Payload, rows::commission::Component};

use super::{
    bonus::{self, Producer},
    documents::Documents,
    facts::{Fact, Horizon, Story},
    ledger::Line,
    organisation::Organisation,
    policy::{Policy, by_hand},
};

/// The whole ledger, and the policies as they stand at the end.
#[derive(Debug)]
pub(super) struct Posted<'a> {
    pub(super) lines: Vec<Line<'a>>,
    pub(super) policies: Vec<Policy<'a>>,
}

/// Whose lines are posted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Policy(Id),
    Production(Producer),
    /// Lines by hand that are about no policy.
    House,
}

/// What a difference in a closed month is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    planner: Id,
    component: Component,
    of: Option<Component>,
    instalment_no: Option<u16>,
    for_planner: Option<Id>,
    level: Option<Label>,
    for_period: Option<Month>,
    currency: Currency,
}

/// Amount and deferred amount.
type Sum = (i64, i64);

/// What closed months show, and the differences that make it up to what is true.
#[derive(Debug, Default)]
struct Book<'a> {
    lines: Vec<Line<'a>>,
    shown: BTreeMap<Owner, BTreeMap<Subject, Sum>>,
    /// Whoever had a production.
    producers: BTreeSet<Producer>,
}

/// Who a difference is put down to, and when it is posted.
#[derive(Debug)]
struct Late<'a> {
    fact: &'a Fact<'a>,
    /// Whether the rules say that it is this event.
    is_cause: bool,
    period: Month,
}

/// What there is to fold policies from.
#[derive(Debug)]
struct Sources<'a> {
    policies: BTreeMap<&'a Id, Vec<&'a Fact<'a>>>,
    /// Documents.
    plan: Vec<&'a Fact<'a>>,
    /// The organisation.
    people: Vec<&'a Fact<'a>>,
    /// Lines by hand that are about no policy.
    by_hand: Vec<&'a Fact<'a>>,
}

/// The ledger after the last event.
pub(super) fn post<'a>(
    story: &'a Story<'a>,
    documents: &'a Documents<'a>,
    organisation: &'a Organisation<'a>,
) -> Posted<'a> {
    let sources = Sources::of(story);
    let mut book = Book::default();
    let mut folded: BTreeMap<&Id, Policy<'_>> = BTreeMap::new();
    for stage in 0..=story.closings.len() {
        let touched: BTreeSet<&Id> = sources.touched(stage).collect();
        for &id in &touched {
            let policy = Policy::fold(&sources.policies[id], documents, organisation, Horizon(stage));
            if let Some(policy) = policy {
                folded.insert(id, policy);
            }
        }
        let moves = touched
            .iter()
            .filter_map(|id| folded.get(*id))
            .flat_map(|policy| &policy.moves);
        book.producers.extend(moves.map(|made| made.of.clone()));
        let bonuses = bonus::productions(story, documents, folded.values(), stage);
        if let Some(closed) = story.closed_through(stage) {
            book.carry_policies(&sources, &touched, &folded, stage, closed);
            book.carry_productions(&bonuses, &story.closings[stage - 1].fact, closed);
        }
        let by_hand = sources.by_hand(stage);
        let after = story.closings.get(stage).map(|closing| closing.month);
        let posts = |line: &Line<'_>| {
            let was_open = story
                .closed_through(stage)
                .is_none_or(|closed| closed < line.period);
            was_open && after.is_none_or(|closes| line.period <= closes)
        };
        for (id, policy) in &folded {
            book.show(&Owner::Policy((*id).clone()), &policy.lines, posts);
        }
        for (producer, lines) in &bonuses {
            book.show(&Owner::Production(producer.clone()), lines, posts);
        }
        book.show(&Owner::House, &by_hand, posts);
    }
    Posted {
        lines: book.lines,
        policies: folded.into_values().collect(),
    }
}

impl<'a> Sources<'a> {
    fn of(story: &'a Story<'a>) -> Self {
        let mut sources = Self {
            policies: BTreeMap::new(),
            plan: Vec::new(),
            people: Vec::new(),
            by_hand: Vec::new(),
        };
        for fact in &story.facts {
            match policy_of(fact.payload) {
                Some(policy) => sources.policies.entry(policy).or_default().push(fact),
                None if is_plan(fact.payload) => sources.plan.push(fact),
                None if matches!(fact.payload, Payload::CommissionAdjusted(_)) => sources.by_hand.push(fact),
                None => sources.people.push(fact),
            }
        }
        sources
    }

    /// The policies that something of this stage may concern.
    fn touched(&self, stage: usize) -> impl Iterator<Item = &'a Id> {
        let all = self
            .plan
            .iter()
            .chain(&self.people)
            .any(|fact| fact.stage == stage);
        let touched = self
            .policies
            .iter()
            .filter(move |(_, facts)| all || facts.iter().any(|fact| fact.stage == stage));
        touched.map(|(id, _)| *id)
    }

    /// Of a stage's events about a policy, the canonically last that belongs before the closing; where
    /// there is none, the organisation changed under it, and which event is to blame is left open.
    fn late_comer(&self, policy: &Policy<'a>, stage: usize, closed: Month) -> (&'a Fact<'a>, bool) {
        let own = self.policies[&policy.issued.policy_id].iter().copied();
        let late = own
            .chain(policy.documents.about(&policy.governed))
            .filter(|fact| fact.stage == stage && Month::of(fact.date) <= closed);
        late.max_by_key(|fact| fact.at)
            .map_or((policy.last, false), |fact| (fact, true))
    }

    fn by_hand(&self, stage: usize) -> Vec<Line<'a>> {
        let known = self.by_hand.iter().filter(|fact| fact.stage <= stage);
        let lines = known.filter_map(|fact| match fact.payload {
            Payload::CommissionAdjusted(of) => Some(Line {
                amount: of.amount_minor.get(),
                ..Line::new(fact, &of.planner_id, by_hand(of.component), of.currency)
            }),
            _ => None,
        });
        lines.collect()
    }
}

impl<'a> Book<'a> {
    fn carry_policies(
        &mut self,
        sources: &Sources<'a>,
        touched: &BTreeSet<&Id>,
        folded: &BTreeMap<&'a Id, Policy<'a>>,
        stage: usize,
        closed: Month,
    ) {
        for (id, policy) in folded.iter().filter(|(id, _)| touched.contains(*id)) {
            let (fact, is_cause) = sources.late_comer(policy, stage, closed);
            let late = Late {
                fact,
                is_cause,
                period: closed.plus(1),
            };
            self.carry(&Owner::Policy((*id).clone()), &policy.lines, closed, &late);
        }
    }

    /// A production whose last policy is gone has no lines any more, and still shows its bonus.
    fn carry_productions(
        &mut self,
        bonuses: &BTreeMap<Producer, Vec<Line<'a>>>,
        closing: &'a Fact<'a>,
        closed: Month,
    ) {
        for producer in self
            .producers
            .clone()
            .into_iter()
            .filter(|producer| producer.0 <= closed)
        {
            let lines = bonuses.get(&producer).map_or(&[][..], Vec::as_slice);
            let late = Late {
                fact: closing,
                is_cause: false,
                period: closed.plus(1),
            };
            self.carry(&Owner::Production(producer), lines, closed, &late);
        }
    }

    /// Posts an owner's lines of certain months as they stand.
    fn show(&mut self, owner: &Owner, lines: &[Line<'a>], posts: impl Fn(&Line<'_>) -> bool) {
        for line in lines.iter().filter(|line| posts(line)) {
            let shown = self.shown.entry(owner.clone()).or_default();
            add(
                shown.entry(Subject::of(line)).or_default(),
                (line.amount, line.deferred),
            );
            self.lines.push(line.clone());
        }
    }

    /// Posts the difference between what an owner's closed months show and what they should.
    fn carry(&mut self, owner: &Owner, lines: &[Line<'a>], closed: Month, late: &Late<'a>) {
        let mut missing: BTreeMap<Subject, Sum> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.period <= closed) {
            add(
                missing.entry(Subject::of(line)).or_default(),
                (line.amount, line.deferred),
            );
        }
        let shown = self.shown.entry(owner.clone()).or_default();
        for (subject, (amount, deferred)) in &*shown {
            add(missing.entry(subject.clone()).or_default(), (-amount, -deferred));
        }
        for (subject, difference) in missing.into_iter().filter(|(_, sum)| *sum != (0, 0)) {
            self.lines.push(subject.line(owner, difference, late));
            add(shown.entry(subject).or_default(), difference);
        }
    }
}

fn add(sum: &mut Sum, more: Sum) {
    *sum = (sum.0 + more.0, sum.1 + more.1);
}

impl Subject {
    fn of(line: &Line<'_>) -> Self {
        Self {
            planner: line.planner.clone(),
            component: line.component,
            of: line.of,
            instalment_no: line.instalment_no,
            for_planner: line.for_planner.clone(),
            level: line.level.clone(),
            for_period: line.for_period,
            currency: line.currency,
        }
    }

    /// The `adjust` line that makes up for a difference.
    fn line<'a>(&self, owner: &Owner, (amount, deferred): Sum, late: &Late<'a>) -> Line<'a> {
        Line {
            period: late.period,
            policy: match owner {
                Owner::Policy(id) => Some(id.clone()),
                Owner::Production(_) | Owner::House => None,
            },
            instalment_no: self.instalment_no,
            amount,
            deferred,
            of: Some(self.component),
            for_planner: self.for_planner.clone(),
            level: self.level.clone(),
            for_period: self.for_period,
            cause_open: !late.is_cause,
            ..Line::new(late.fact, &self.planner, Component::Adjust, self.currency)
        }
    }
}

fn policy_of(payload: &Payload) -> Option<&Id> {
    Some(match payload {
        Payload::PolicyIssued(of) => &of.policy_id,
        Payload::PremiumPaid(of) => &of.policy_id,
        Payload::PremiumReversed(of) => &of.policy_id,
        Payload::PolicyFreeLookCancelled(of) => &of.policy_id,
        Payload::PolicyVoided(of) => &of.policy_id,
        Payload::PolicyLapsed(of) => &of.policy_id,
        Payload::PolicySurrendered(of) => &of.policy_id,
        Payload::PolicyReinstated(of) => &of.policy_id,
        Payload::PolicyMatured(of) => &of.policy_id,
        Payload::DeathClaimPaid(of) => &of.policy_id,
        Payload::ServicingPlannerReassigned(of) => &of.policy_id,
        Payload::CommissionAdjusted(of) => return of.policy_id.as_ref(),
        _ => return None,
    })
}

const fn is_plan(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::CommissionRatePublished(_)
            | Payload::CommissionRateCorrected(_)
            | Payload::OverrideRulePublished(_)
            | Payload::ClawbackSchedulePublished(_)
    )
}
