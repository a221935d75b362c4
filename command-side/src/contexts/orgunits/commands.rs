//! What one may ask of a unit.

use chrono::NaiveDate;
use plimsoll_contracts::{Id, Label};

use crate::domain::commands;

commands! {
    /// What one may ask of a unit.
    UnitCommand in "orgunits" by (unit_id) {
        /// Creates a unit.
        CreateUnit {
            /// The unit.
            unit_id: Id,
            /// Name.
            name: String,
            /// `branch`, `agency`, `region` …
            level: Label,
            /// The unit above; it exists.
            parent_unit_id: Option<Id>,
            /// First day.
            effective_from: NaiveDate,
        }
        /// Moves a unit below another, or to the top.
        MoveUnit {
            /// The unit.
            unit_id: Id,
            /// The unit above from then on; none = the top.
            parent_unit_id: Option<Id>,
            /// First day; not before the last parent's.
            effective_from: NaiveDate,
        }
        /// Says who leads a unit.
        AssignManager {
            /// The unit.
            unit_id: Id,
            /// The manager; active on the first day.
            planner_id: Id,
            /// First day.
            effective_from: NaiveDate,
        }
    }
}
