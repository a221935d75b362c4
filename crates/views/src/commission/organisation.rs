//! Events of planners and units: dated facts of which pictures are taken (M-R3).

use std::sync::Arc;

use chrono::NaiveDate;
use plimsoll_contracts::{Event, Id, Payload};

use super::{
    Commission,
    doc::Doc,
    hierarchy::{Planner, Unit, date, load_planner, load_unit, planner_key, unit_key},
    index,
    plan::Plan,
    receive,
    stamp::Stamp,
};
use crate::{FoldError, Workspace};

/// Folds an event of the organisation; false when it is none.
pub(super) fn apply(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    event: &Event,
    payload: &Payload,
) -> Result<bool, FoldError> {
    let stamp = Stamp::of(event);
    let at = &stamp;
    let mut news = News {
        workspace,
        plan,
        stamp: &stamp,
    };
    match payload {
        Payload::PlannerAppointed(e) => news.planner(&e.planner_id, e.effective_from, |planner| {
            planner.appointed = true;
            date(&mut planner.grades, at, e.effective_from, e.grade.clone())
                & date(&mut planner.units, at, e.effective_from, e.unit_id.clone())
        })?,
        Payload::PlannerGradeChanged(e) => news.planner(&e.planner_id, e.effective_from, |planner| {
            date(&mut planner.grades, at, e.effective_from, e.grade.clone())
        })?,
        Payload::PlannerTransferred(e) => news.planner(&e.planner_id, e.effective_from, |planner| {
            date(&mut planner.units, at, e.effective_from, e.to_unit_id.clone())
        })?,
        // Who leaves keeps what was earned; another takes over by ServicingPlannerReassigned.
        Payload::PlannerTerminated(_) => {}
        Payload::OrgUnitCreated(e) => news.unit(&e.unit_id, e.effective_from, |unit| {
            unit.level = Some(e.level.clone());
            date(&mut unit.parents, at, e.effective_from, e.parent_unit_id.clone())
        })?,
        Payload::OrgUnitParentChanged(e) => news.unit(&e.unit_id, e.effective_from, |unit| {
            date(&mut unit.parents, at, e.effective_from, e.parent_unit_id.clone())
        })?,
        Payload::OrgUnitManagerAssigned(e) => news.unit(&e.unit_id, e.effective_from, |unit| {
            date(&mut unit.managers, at, e.effective_from, e.planner_id.clone())
        })?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Something new about the organisation.
struct News<'a> {
    workspace: &'a mut Workspace<Commission>,
    plan: &'a Plan,
    stamp: &'a Stamp,
}

impl News<'_> {
    fn planner(
        &mut self,
        id: &Id,
        from: NaiveDate,
        change: impl FnOnce(&mut Planner) -> bool,
    ) -> Result<(), FoldError> {
        let mut planner = load_planner(self.workspace, id)?;
        if change(Arc::make_mut(&mut planner)) {
            self.workspace.put_doc(&planner_key(id), Doc::Planner(planner));
            self.spread(id, from)?;
        }
        Ok(())
    }

    fn unit(
        &mut self,
        id: &Id,
        from: NaiveDate,
        change: impl FnOnce(&mut Unit) -> bool,
    ) -> Result<(), FoldError> {
        let mut unit = load_unit(self.workspace, id)?;
        if change(Arc::make_mut(&mut unit)) {
            self.workspace.put_doc(&unit_key(id), Doc::Unit(unit));
            self.spread(id, from)?;
        }
        Ok(())
    }

    /// Policies that wait for it, and those issued after it that came before it.
    fn spread(&mut self, id: &Id, from: NaiveDate) -> Result<(), FoldError> {
        let mut policies = index::take_waiting(self.workspace, id)?;
        policies.extend(index::issued_since(self.workspace, self.stamp.at, from)?);
        policies.sort_unstable();
        policies.dedup();
        receive::look_again(self.workspace, self.plan, &policies, self.stamp)
    }
}
