//! M-R3: planners, units and managers with their dates, and the picture of the hierarchy that is
//! taken of a policy at its contract date and kept for ever.

use std::sync::Arc;

use chrono::NaiveDate;
use plimsoll_contracts::{Id, Label, events::PlannerShare};
use serde::{Deserialize, Serialize};

use super::{Commission, doc::Doc, stamp::Stamp, state::Reason};
use crate::{FoldError, Workspace};

/// Deepest hierarchy that is climbed.
const LEVELS_MAX: usize = 32;

/// A value with the day from which it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dated<T> {
    /// The event that said so.
    pub stamp: Stamp,
    /// First day.
    pub from: NaiveDate,
    /// What holds.
    pub value: T,
}

/// A planner's grades and units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Planner {
    /// Whether the appointment was seen.
    pub appointed: bool,
    /// Grades in canonical order.
    pub grades: Vec<Dated<Label>>,
    /// Units in canonical order.
    pub units: Vec<Dated<Id>>,
}

/// A unit's level, parents and managers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its level, once its creation was seen.
    pub level: Option<Label>,
    /// Parents in canonical order.
    pub parents: Vec<Dated<Option<Id>>>,
    /// Managers in canonical order.
    pub managers: Vec<Dated<Id>>,
}

/// The hierarchy above each planner of a policy, as it was at the contract date.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Grade of the primary planner.
    pub grade: Option<Label>,
    /// Per planner of the policy, from the own unit upward.
    pub chains: Vec<Vec<Level>>,
}

/// A unit above a planner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Its level.
    pub level: Label,
    /// Its manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Id>,
}

/// What a picture cannot be taken without (G6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// The planner or unit.
    pub id: Id,
    /// `PlannerUnknown` or `UnitUnknown`.
    pub reason: Reason,
}

pub(super) fn planner_key(id: &Id) -> String {
    format!("planner/{id}")
}

pub(super) fn unit_key(id: &Id) -> String {
    format!("unit/{id}")
}

/// Puts a value in canonical order; false for a repeated event.
pub(super) fn date<T>(values: &mut Vec<Dated<T>>, stamp: &Stamp, from: NaiveDate, value: T) -> bool {
    if values.iter().any(|known| known.stamp.id == stamp.id) {
        return false;
    }
    let place = values.partition_point(|known| known.stamp.is_before(stamp));
    let stamp = stamp.clone();
    values.insert(place, Dated { stamp, from, value });
    true
}

/// What held on a day, as far as it was known at an event.
fn held<'a, T>(values: &'a [Dated<T>], on: NaiveDate, by: &Stamp) -> Option<&'a T> {
    values
        .iter()
        .filter(|v| v.from <= on && v.stamp.is_before(by))
        .max_by(|a, b| a.from.cmp(&b.from).then_with(|| a.stamp.order(&b.stamp)))
        .map(|v| &v.value)
}

/// The same, or the first value ever where the planner or unit was entered later than the policy.
fn held_or_first<'a, T>(values: &'a [Dated<T>], on: NaiveDate, by: &Stamp) -> Option<&'a T> {
    held(values, on, by).or_else(|| values.first().map(|v| &v.value))
}

/// Takes the picture of a policy's planners at its contract date, with what was known when it was
/// issued.
///
/// # Errors
/// [`FoldError::Missing`]; the inner error names a planner or unit that nobody has announced yet.
pub(super) fn photograph(
    workspace: &mut Workspace<Commission>,
    policy_id: &Id,
    issued: &Stamp,
    on: NaiveDate,
    planners: &[PlannerShare],
) -> Result<Result<Picture, Absent>, FoldError> {
    let whole: u64 = planners.iter().map(|share| u64::from(share.share_bp)).sum();
    if whole != 10_000 {
        let (id, reason) = (policy_id.clone(), Reason::SharesNotWhole);
        return Ok(Err(Absent { id, reason }));
    }
    let mut picture = Picture::default();
    for (place, share) in planners.iter().enumerate() {
        let planner = load_planner(workspace, &share.planner_id)?;
        let unit = held_or_first(&planner.units, on, issued);
        let (true, Some(unit)) = (planner.appointed, unit) else {
            let (id, reason) = (share.planner_id.clone(), Reason::PlannerUnknown);
            return Ok(Err(Absent { id, reason }));
        };
        if place == 0 {
            picture.grade = held_or_first(&planner.grades, on, issued).cloned();
        }
        match climb(workspace, unit.clone(), issued, on)? {
            Ok(chain) => picture.chains.push(chain),
            Err(absent) => return Ok(Err(absent)),
        }
    }
    Ok(Ok(picture))
}

fn climb(
    workspace: &mut Workspace<Commission>,
    first: Id,
    issued: &Stamp,
    on: NaiveDate,
) -> Result<Result<Vec<Level>, Absent>, FoldError> {
    let mut chain = Vec::new();
    let mut seen: Vec<Id> = Vec::new();
    let mut next = Some(first);
    while let Some(id) = next.filter(|id| !seen.contains(id) && seen.len() < LEVELS_MAX) {
        let unit = load_unit(workspace, &id)?;
        let Some(level) = unit.level.clone() else {
            let reason = Reason::UnitUnknown;
            return Ok(Err(Absent { id, reason }));
        };
        let manager = held(&unit.managers, on, issued).cloned();
        chain.push(Level { level, manager });
        next = held_or_first(&unit.parents, on, issued).cloned().flatten();
        seen.push(id);
    }
    Ok(Ok(chain))
}

pub(super) fn load_planner(
    workspace: &mut Workspace<Commission>,
    id: &Id,
) -> Result<Arc<Planner>, FoldError> {
    match workspace.doc(&planner_key(id))? {
        Some(Doc::Planner(planner)) => Ok(Arc::clone(planner)),
        _ => Ok(Arc::default()),
    }
}

pub(super) fn load_unit(workspace: &mut Workspace<Commission>, id: &Id) -> Result<Arc<Unit>, FoldError> {
    match workspace.doc(&unit_key(id))? {
        Some(Doc::Unit(unit)) => Ok(Arc::clone(unit)),
        _ => Ok(Arc::default()),
    }
}
