//! What a policy must know of planners and of the tenant's configuration.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use plimsoll_contracts::{Id, TenantConfig};

use super::{Policy, commands::PolicyCommand};
use crate::{
    contexts::planners::Planner,
    domain::{Reason, Refusal},
    handler::{Desk, Failure, Gather},
};

/// Planners of one policy at most: each is a stream to look at.
const PLANNERS_MAX: usize = 100;

/// Facts of other streams. A planner may be terminated between this look and the append.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Those of the command's planners who are not active on its day.
    pub(super) inactive: BTreeSet<Id>,
    /// The configuration now.
    pub(super) config: TenantConfig,
}

impl Facts {
    /// Every one is active on the day, else `PlannerInactive`.
    pub(super) fn active<'a>(
        &self,
        mut planners: impl Iterator<Item = &'a Id>,
        day: NaiveDate,
    ) -> Result<(), Refusal> {
        match planners.find(|id| self.inactive.contains(id)) {
            None => Ok(()),
            Some(id) => {
                let detail = format!("planner `{id}` is not active on {day}");
                Err(Refusal::because(Reason::PlannerInactive, detail))
            }
        }
    }
}

impl Gather for Policy {
    async fn facts(command: &PolicyCommand, desk: &mut Desk<'_>) -> Result<Facts, Failure> {
        let (planners, day): (Vec<&Id>, NaiveDate) = match command {
            PolicyCommand::IssuePolicy(c) if c.planners.len() > PLANNERS_MAX => {
                let detail = format!("a policy has at most {PLANNERS_MAX} planners");
                return Err(Refusal::shape("/planners", detail).into());
            }
            PolicyCommand::IssuePolicy(c) => (
                c.planners.iter().map(|share| &share.planner_id).collect(),
                c.contract_date,
            ),
            PolicyCommand::ReassignServicingPlanner(c) => (vec![&c.planner_id], c.effective_from),
            PolicyCommand::CancelFreeLook(_) | PolicyCommand::ReinstatePolicy(_) => (vec![], NaiveDate::MIN),
            _ => return Ok(Facts::default()),
        };
        let mut inactive = BTreeSet::new();
        for id in planners {
            if !desk.other::<Planner>(id.as_str()).await?.active_on(day) {
                inactive.insert(id.clone());
            }
        }
        Ok(Facts {
            inactive,
            config: desk.config().await?,
        })
    }
}
