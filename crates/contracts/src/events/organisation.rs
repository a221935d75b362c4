//! Events of planners (`planner-{planner_id}`) and units (`orgunit-{unit_id}`).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{Id, Label};

/// A planner joins a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerAppointed {
    /// The planner.
    pub planner_id: Id,
    /// Name.
    pub name: String,
    /// Grade.
    pub grade: Label,
    /// Unit.
    pub unit_id: Id,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// A planner has another grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerGradeChanged {
    /// The planner.
    pub planner_id: Id,
    /// Grade before.
    pub old_grade: Label,
    /// Grade from then on.
    pub grade: Label,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// A planner moves to another unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerTransferred {
    /// The planner.
    pub planner_id: Id,
    /// Unit before.
    pub from_unit_id: Id,
    /// Unit from then on.
    pub to_unit_id: Id,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// A planner leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerTerminated {
    /// The planner.
    pub planner_id: Id,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
    /// Why.
    pub reason: String,
}

/// A unit comes into being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgUnitCreated {
    /// The unit.
    pub unit_id: Id,
    /// Name.
    pub name: String,
    /// `branch`, `agency`, `region` …
    pub level: Label,
    /// The unit above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_unit_id: Option<Id>,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// A unit moves below another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgUnitParentChanged {
    /// The unit.
    pub unit_id: Id,
    /// The unit above before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_parent_unit_id: Option<Id>,
    /// The unit above from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_unit_id: Option<Id>,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// A planner leads a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgUnitManagerAssigned {
    /// The unit.
    pub unit_id: Id,
    /// The manager.
    pub planner_id: Id,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}
