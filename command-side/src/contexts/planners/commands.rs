//! What one may ask of a planner.

use chrono::NaiveDate;
use plimsoll_contracts::{Id, Label};

use crate::domain::commands;

commands! {
    /// What one may ask of a planner.
    PlannerCommand in "planners" by (planner_id) {
        /// Takes a planner into a unit.
        AppointPlanner {
            /// The planner.
            planner_id: Id,
            /// Name.
            name: String,
            /// Grade.
            grade: Label,
            /// Unit.
            unit_id: Id,
            /// First day.
            effective_from: NaiveDate,
        }
        /// Gives a planner another grade.
        ChangeGrade {
            /// The planner.
            planner_id: Id,
            /// Grade from then on.
            grade: Label,
            /// First day; not before the last grade's.
            effective_from: NaiveDate,
        }
        /// Moves a planner to another unit.
        TransferPlanner {
            /// The planner.
            planner_id: Id,
            /// Unit from then on.
            to_unit_id: Id,
            /// First day; not before the last unit's.
            effective_from: NaiveDate,
        }
        /// Says that a planner leaves.
        TerminatePlanner {
            /// The planner.
            planner_id: Id,
            /// First day on which the planner is gone.
            effective_from: NaiveDate,
            /// Why.
            reason: String,
        }
    }
}
