//! Who stands where on a day: grades, units, parents, managers; and the picture of the hierarchy that a
//! policy keeps for ever (M-R3), taken at the contract date with what was known when it was issued.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use plimsoll_contracts::{Id, Label, Payload};

use super::facts::{Fact, Horizon, Story};

/// A unit above a planner, as photographed.
#[derive(Debug, Clone)]
pub(super) struct Level<'a> {
    pub(super) level: &'a Label,
    pub(super) manager: Option<&'a Id>,
}

/// All facts of the organisation, by planner and by unit, in canonical order.
#[derive(Debug, Default)]
pub(super) struct Organisation<'a> {
    planners: BTreeMap<&'a Id, Vec<&'a Fact<'a>>>,
    units: BTreeMap<&'a Id, Vec<&'a Fact<'a>>>,
}

/// The organisation through the lens of one policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtIssue<'o, 'a> {
    organisation: &'o Organisation<'a>,
    contract_date: NaiveDate,
    issue: &'o Fact<'a>,
    horizon: Horizon,
}

impl<'a> Organisation<'a> {
    pub(super) fn of(story: &'a Story<'a>) -> Self {
        let mut all = Self::default();
        for fact in &story.facts {
            let (facts, id) = match fact.payload {
                Payload::PlannerAppointed(of) => (&mut all.planners, &of.planner_id),
                Payload::PlannerGradeChanged(of) => (&mut all.planners, &of.planner_id),
                Payload::PlannerTransferred(of) => (&mut all.planners, &of.planner_id),
                Payload::OrgUnitCreated(of) => (&mut all.units, &of.unit_id),
                Payload::OrgUnitParentChanged(of) => (&mut all.units, &of.unit_id),
                Payload::OrgUnitManagerAssigned(of) => (&mut all.units, &of.unit_id),
                _ => continue,
            };
            facts.entry(id).or_default().push(fact);
        }
        all
    }

    pub(super) const fn at<'o>(
        &'o self,
        contract_date: NaiveDate,
        issue: &'o Fact<'a>,
        horizon: Horizon,
    ) -> AtIssue<'o, 'a> {
        AtIssue {
            organisation: self,
            contract_date,
            issue,
            horizon,
        }
    }
}

impl<'a> AtIssue<'_, 'a> {
    /// What held on the contract date as far as known at the issue.
    fn held<T>(
        &self,
        facts: Option<&Vec<&'a Fact<'a>>>,
        pick: impl Fn(&'a Payload) -> Option<(NaiveDate, T)>,
    ) -> Option<T> {
        let facts = facts
            .into_iter()
            .flatten()
            .filter(|fact| self.horizon.knows(fact));
        let known = facts.filter(|fact| fact.at < self.issue.at);
        known
            .filter_map(|fact| pick(fact.payload))
            .filter(|(from, _)| *from <= self.contract_date)
            .max_by_key(|(from, _)| *from)
            .map(|(_, value)| value)
    }

    /// The same, or the first value ever where the planner or unit was entered after the policy (G6).
    fn held_or_first<T>(
        &self,
        facts: Option<&Vec<&'a Fact<'a>>>,
        pick: impl Fn(&'a Payload) -> Option<(NaiveDate, T)>,
    ) -> Option<T> {
        self.held(facts, &pick).or_else(|| {
            let facts = facts
                .into_iter()
                .flatten()
                .filter(|fact| self.horizon.knows(fact));
            facts
                .filter_map(|fact| pick(fact.payload))
                .next()
                .map(|(_, value)| value)
        })
    }

    pub(super) fn grade(&self, planner: &Id) -> Option<&'a Label> {
        self.held_or_first(self.organisation.planners.get(planner), |payload| match payload {
            Payload::PlannerAppointed(of) => Some((of.effective_from, &of.grade)),
            Payload::PlannerGradeChanged(of) => Some((of.effective_from, &of.grade)),
            _ => None,
        })
    }

    fn unit(&self, planner: &Id) -> Option<&'a Id> {
        let facts = self.organisation.planners.get(planner);
        let appointed = facts?
            .iter()
            .any(|fact| self.horizon.knows(fact) && matches!(fact.payload, Payload::PlannerAppointed(_)));
        let unit = self.held_or_first(facts, |payload| match payload {
            Payload::PlannerAppointed(of) => Some((of.effective_from, &of.unit_id)),
            Payload::PlannerTransferred(of) => Some((of.effective_from, &of.to_unit_id)),
            _ => None,
        });
        unit.filter(|_| appointed)
    }

    fn level(&self, unit: &Id) -> Option<&'a Label> {
        let facts = self.organisation.units.get(unit)?.iter();
        facts
            .filter(|fact| self.horizon.knows(fact))
            .find_map(|fact| match fact.payload {
                Payload::OrgUnitCreated(of) => Some(&of.level),
                _ => None,
            })
    }

    fn manager(&self, unit: &Id) -> Option<&'a Id> {
        self.held(self.organisation.units.get(unit), |payload| match payload {
            Payload::OrgUnitManagerAssigned(of) => Some((of.effective_from, &of.planner_id)),
            _ => None,
        })
    }

    fn parent(&self, unit: &Id) -> Option<&'a Id> {
        let parent = self.held_or_first(self.organisation.units.get(unit), |payload| match payload {
            Payload::OrgUnitCreated(of) => Some((of.effective_from, of.parent_unit_id.as_ref())),
            Payload::OrgUnitParentChanged(of) => Some((of.effective_from, of.parent_unit_id.as_ref())),
            _ => None,
        });
        parent.flatten()
    }

    /// The planner's unit and its parents, bottom up; none while one of them is unknown.
    pub(super) fn picture(&self, planner: &Id) -> Option<Vec<Level<'a>>> {
        let mut seen: Vec<&Id> = Vec::new();
        let mut levels = Vec::new();
        let mut next = Some(self.unit(planner)?);
        while let Some(unit) = next.filter(|unit| !seen.contains(unit)) {
            levels.push(Level {
                level: self.level(unit)?,
                manager: self.manager(unit),
            });
            seen.push(unit);
            next = self.parent(unit);
        }
        Some(levels)
    }
}
