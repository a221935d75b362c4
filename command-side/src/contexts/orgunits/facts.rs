//! What a unit must know of the units above it and of its manager.

use std::collections::BTreeSet;

use plimsoll_contracts::Id;

use super::{Unit, commands::UnitCommand};
use crate::{
    contexts::planners::Planner,
    handler::{Desk, Failure, Gather},
};

/// Facts of other streams. Two units that are moved below each other at the same instant can both
/// pass: they are different streams, and only the written one is checked.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Whether the new parent exists; true where the top was asked for.
    pub(super) parent_exists: bool,
    /// The new parent and everything above it.
    pub(super) above: BTreeSet<Id>,
    /// Whether the manager is active on the first day.
    pub(super) manager_active: bool,
}

impl Gather for Unit {
    async fn facts(command: &UnitCommand, desk: &mut Desk<'_>) -> Result<Facts, Failure> {
        let parent = match command {
            UnitCommand::CreateUnit(c) => c.parent_unit_id.as_ref(),
            UnitCommand::MoveUnit(c) => c.parent_unit_id.as_ref(),
            UnitCommand::AssignManager(c) => {
                let planner = desk.other::<Planner>(c.planner_id.as_str()).await?;
                return Ok(Facts {
                    manager_active: planner.active_on(c.effective_from),
                    ..Facts::default()
                });
            }
        };
        let Some(parent) = parent else {
            return Ok(Facts {
                parent_exists: true,
                ..Facts::default()
            });
        };
        let parent_exists = desk.other::<Self>(parent.as_str()).await?.exists();
        // A cycle that is in the log already ends the walk: an id is looked at once.
        let (mut above, mut next) = (BTreeSet::new(), Some(parent.clone()));
        while let Some(id) = next.filter(|id| above.insert(id.clone())) {
            next = desk.other::<Self>(id.as_str()).await?.parent().cloned();
        }
        Ok(Facts {
            parent_exists,
            above,
            ..Facts::default()
        })
    }
}
