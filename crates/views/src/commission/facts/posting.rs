//! Where a line of a policy comes from: the policy is folded again up to the event that posted it.

use plimsoll_contracts::{
    Id,
    rows::{Component, PolicyStatus},
};
use uuid::Uuid;

use super::super::{
    hierarchy::Picture,
    plan::{Known, Plan},
    policy::{Contract, Happened, PolicyDoc, What, timeline},
    rates::Rate,
    state::{Cause, Context, Entry, Line, State},
};

/// The posting of an entry.
#[derive(Debug)]
pub(super) struct Posting<'a> {
    pub(super) plan: &'a Plan,
    pub(super) contract: &'a Contract,
    pub(super) picture: &'a Picture,
    /// The event that posted it.
    pub(super) event: Happened,
    /// The policy before that event.
    pub(super) before: State,
    /// And after it.
    pub(super) after: State,
    /// Which of the entries after it.
    pub(super) place: usize,
    events: &'a [Happened],
}

impl<'a> Posting<'a> {
    /// The posting of the entry that a policy has at a place.
    pub(super) fn of(plan: &'a Plan, policy: &'a PolicyDoc, place: usize) -> Option<Self> {
        let (contract, picture) = (policy.contract.as_ref()?, policy.picture.as_ref()?);
        let events = policy.events.as_slice();
        let context = Context {
            plan,
            contract,
            picture,
            events,
        };
        let mut state = State::default();
        for event in timeline(plan, contract, events) {
            let before = state.clone();
            state.step(context, &event);
            if state.entries.len() > place {
                return Some(Self {
                    plan,
                    contract,
                    picture,
                    event: event.into_owned(),
                    before,
                    after: state,
                    place,
                    events,
                });
            }
        }
        None
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.after.entries[self.place]
    }

    pub(super) fn cause(&self) -> Cause<'_> {
        Cause::of(self.plan, self.contract.contract_date, &self.event.stamp)
    }

    /// The document that the line names.
    pub(super) fn rate(&self) -> Option<&'a Known<Rate>> {
        let name = self.entry().line.rate.as_ref()?;
        self.plan.rates.iter().find(|known| known.document.name == *name)
    }

    /// What this event posted.
    pub(super) fn posted(&self) -> &[Entry] {
        &self.after.entries[self.before.entries.len()..]
    }

    /// The component whose amount the cap cut: of an adjustment or a deferred part, what it is of.
    pub(super) fn component(&self) -> Component {
        let line = &self.entry().line;
        cut(line).unwrap_or(line.component)
    }

    /// The amount of the component for this instalment before the split: paid, and above the cap.
    pub(super) fn total(&self) -> (i64, i64) {
        self.total_at(self.place)
    }

    /// The same of another line of this event.
    pub(super) fn total_at(&self, place: usize) -> (i64, i64) {
        let like = &self.after.entries[place].line;
        let of_it = self.posted().iter().filter(|entry| is_alike(&entry.line, like));
        of_it.fold((0, 0), |(paid, above), entry| {
            (paid + entry.line.amount, above + entry.line.deferred)
        })
    }

    /// Room used under the cap before the component of this instalment, and after it.
    pub(super) fn cap(&self) -> (i64, i64) {
        let own = &self.entry().line;
        let group = self.posted().iter().position(|entry| is_alike(&entry.line, own));
        let earlier = self.posted().iter().take(group.unwrap_or(0));
        let used = |entry: &Entry| if entry.counted { entry.line.amount } else { 0 };
        let before = self.before.cap_used + earlier.map(used).sum::<i64>();
        let of_it = self.posted().iter().filter(|entry| is_alike(&entry.line, own));
        (before, before + of_it.map(used).sum::<i64>())
    }

    /// The share that a clawback takes, basis points, with its schedule; none where all comes back.
    pub(super) fn clawback(&self) -> Option<(i64, String)> {
        if matches!(self.after.status, PolicyStatus::FreeLook | PolicyStatus::Void) {
            return None;
        }
        let signed = self.contract.contract_date;
        let (paid, by) = (self.after.paid.count(), Some(&self.event.stamp));
        let schedule = self.plan.clawback_known(signed, by)?;
        let told = format!(
            "{}, effective {}",
            schedule.stamp.stream.id(),
            schedule.document.effective_from
        );
        Some((self.plan.clawback_bp(signed, paid, by), told))
    }

    /// A planner's share of the policy, basis points.
    pub(super) fn share_bp(&self, planner: &Id) -> Option<i64> {
        let payee = self.contract.payee(planner)?;
        Some(self.contract.shares()[payee])
    }

    /// The entry that this one takes back or gives again: the one that changed most like it.
    pub(super) fn target(&self) -> Option<(&Entry, i64)> {
        let line = &self.entry().line;
        self.before
            .entries
            .iter()
            .zip(&self.after.entries)
            .find_map(|(was, is)| {
                let same = Some(was.line.component) == line.of
                    && was.line.planner == line.planner
                    && (was.line.instalment, &was.line.rate) == (line.instalment, &line.rate)
                    && (&was.line.for_planner, &was.line.level) == (&line.for_planner, &line.level);
                let moved = match line.component {
                    Component::Reversed => {
                        is.reversed && !was.reversed && was.clawed - was.line.amount == line.amount
                    }
                    _ => was.clawed - is.clawed == line.amount,
                };
                (same && moved).then_some((was, was.clawed))
            })
    }

    /// The events behind it, by id and in words: the issue, the premium, what posted it.
    pub(super) fn sources(&self) -> (Vec<Uuid>, String) {
        let mut sources = vec![(self.contract.stamp.id, "PolicyIssued".to_owned())];
        let premium = self.entry().line.instalment.and_then(|instalment| {
            self.events.iter().rev().find(|event| match event.what {
                What::Premium { no, count } => {
                    (no..no.saturating_add(count)).contains(&instalment)
                        && !self.event.stamp.is_before(&event.stamp)
                }
                _ => false,
            })
        });
        let told = premium.into_iter().chain([&self.event]);
        sources.extend(told.map(|event| (event.stamp.id, named(&event.what))));
        sources.dedup_by_key(|(id, _)| *id);
        let words: Vec<String> = sources.iter().map(|(_, name)| name.clone()).collect();
        (sources.into_iter().map(|(id, _)| id).collect(), words.join(", "))
    }
}

/// The component that a line is a part of, where the cap cut it and it was split.
const fn cut(line: &Line) -> Option<Component> {
    match line.component {
        Component::Adjust | Component::CapDeferred | Component::CapForfeited => line.of,
        Component::Override => None,
        component => Some(component),
    }
}

fn is_alike(line: &Line, like: &Line) -> bool {
    cut(line).is_some() && (cut(line), line.instalment) == (cut(like), like.instalment)
}

fn named(what: &What) -> String {
    match what {
        What::Premium { no, count: 1 } => format!("PremiumPaid {no}"),
        What::Premium { no, count } => format!("PremiumPaid {no}–{}", no.saturating_add(*count) - 1),
        What::PremiumReversed { no } => format!("PremiumReversed {no}"),
        What::Ended(status) => match status {
            PolicyStatus::FreeLook => "PolicyFreeLookCancelled",
            PolicyStatus::Void => "PolicyVoided",
            PolicyStatus::Surrendered => "PolicySurrendered",
            PolicyStatus::Matured => "PolicyMatured",
            PolicyStatus::Death => "DeathClaimPaid",
            PolicyStatus::Lapsed | PolicyStatus::InForce => "PolicyLapsed",
        }
        .to_owned(),
        What::Reinstated => "PolicyReinstated".to_owned(),
        What::Reassigned { .. } => "ServicingPlannerReassigned".to_owned(),
        What::Adjusted { .. } => "CommissionAdjusted".to_owned(),
        What::IssuedAgain => "PolicyIssued".to_owned(),
        What::Rate { corrects: true } => "CommissionRateCorrected".to_owned(),
        What::Rate { corrects: false } => "CommissionRatePublished".to_owned(),
    }
}
