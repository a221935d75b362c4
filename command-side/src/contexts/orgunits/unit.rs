//! One unit of the organisation.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Id, Payload,
    events::{OrgUnitCreated, OrgUnitManagerAssigned, OrgUnitParentChanged},
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::{
    commands::{AssignManager, MoveUnit, UnitCommand},
    facts::Facts,
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal};

/// The state of one unit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Unit {
    created: Option<Created>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Created {
    parent: Option<Id>,
    parent_since: NaiveDate,
}

impl Aggregate for Unit {
    const CATEGORY: &'static str = "orgunit";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = UnitCommand;
    type Facts = Facts;

    fn decide(&self, command: &UnitCommand, facts: &Facts, _: &Moment) -> Decision {
        match command {
            UnitCommand::CreateUnit(c) => {
                if self.created.is_some() {
                    let detail = format!("unit `{}` is there already", c.unit_id);
                    return Err(Refusal::because(Reason::AlreadyExists, detail));
                }
                facts.parent(c.parent_unit_id.as_ref())?;
                let created = OrgUnitCreated {
                    unit_id: c.unit_id.clone(),
                    name: c.name.clone(),
                    level: c.level.clone(),
                    parent_unit_id: c.parent_unit_id.clone(),
                    effective_from: c.effective_from,
                };
                Ok(vec![created.into()])
            }
            UnitCommand::MoveUnit(c) => self.existing(&c.unit_id)?.move_below(c, facts),
            UnitCommand::AssignManager(c) => {
                self.existing(&c.unit_id)?;
                assign(c, facts)
            }
        }
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match (event, &mut self.created) {
            (Payload::OrgUnitCreated(e), created) => {
                *created = Some(Created {
                    parent: e.parent_unit_id.clone(),
                    parent_since: e.effective_from,
                });
            }
            (Payload::OrgUnitParentChanged(e), Some(created)) => {
                created.parent.clone_from(&e.parent_unit_id);
                created.parent_since = e.effective_from;
            }
            _ => {}
        }
    }
}

impl Unit {
    /// Whether it was created.
    pub(crate) const fn exists(&self) -> bool {
        self.created.is_some()
    }

    /// The unit above, as last assigned.
    pub(crate) fn parent(&self) -> Option<&Id> {
        self.created.as_ref()?.parent.as_ref()
    }

    fn existing(&self, id: &Id) -> Result<&Created, Refusal> {
        self.created
            .as_ref()
            .ok_or_else(|| Refusal::no_stream("unit", id))
    }
}

impl Facts {
    fn parent(&self, asked: Option<&Id>) -> Result<(), Refusal> {
        match asked {
            Some(id) if !self.parent_exists => Err(Refusal::because(
                Reason::NotFound,
                format!("there is no unit `{id}` to stand below"),
            )),
            _ => Ok(()),
        }
    }
}

impl Created {
    fn move_below(&self, c: &MoveUnit, facts: &Facts) -> Decision {
        facts.parent(c.parent_unit_id.as_ref())?;
        if facts.above.contains(&c.unit_id) {
            let detail = format!("unit `{}` stands above the one it would move below", c.unit_id);
            return Err(Refusal::because(Reason::HierarchyCycle, detail));
        }
        if c.effective_from < self.parent_since {
            let detail = format!(
                "the last parent holds from {}, the next must not begin before it",
                self.parent_since
            );
            return Err(Refusal::because(Reason::OverlappingAssignment, detail));
        }
        let changed = OrgUnitParentChanged {
            unit_id: c.unit_id.clone(),
            old_parent_unit_id: self.parent.clone(),
            parent_unit_id: c.parent_unit_id.clone(),
            effective_from: c.effective_from,
        };
        Ok(vec![changed.into()])
    }
}

fn assign(c: &AssignManager, facts: &Facts) -> Decision {
    if !facts.manager_active {
        let detail = format!("planner `{}` is not active on {}", c.planner_id, c.effective_from);
        return Err(Refusal::because(Reason::PlannerInactive, detail));
    }
    let assigned = OrgUnitManagerAssigned {
        unit_id: c.unit_id.clone(),
        planner_id: c.planner_id.clone(),
        effective_from: c.effective_from,
    };
    Ok(vec![assigned.into()])
}
