//! One planner: appointed, regraded and moved in date order, terminated.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Id, Label, Payload,
    events::{PlannerAppointed, PlannerGradeChanged, PlannerTerminated, PlannerTransferred},
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::commands::{ChangeGrade, PlannerCommand, TerminatePlanner, TransferPlanner};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal};

/// The state of one planner.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Planner {
    appointed: Option<Appointed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Appointed {
    since: NaiveDate,
    grade: Label,
    grade_since: NaiveDate,
    unit_id: Id,
    unit_since: NaiveDate,
    gone_from: Option<NaiveDate>,
}

impl Planner {
    /// Whether the planner is appointed and not yet gone on a day.
    pub(crate) fn active_on(&self, day: NaiveDate) -> bool {
        let appointed = self.appointed.as_ref();
        appointed.is_some_and(|a| a.since <= day && a.gone_from.is_none_or(|gone| day < gone))
    }

    fn existing(&self, id: &Id) -> Result<&Appointed, Refusal> {
        self.appointed
            .as_ref()
            .ok_or_else(|| Refusal::no_stream("planner", id))
    }
}

impl Aggregate for Planner {
    const CATEGORY: &'static str = "planner";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = PlannerCommand;
    type Facts = ();

    fn decide(&self, command: &PlannerCommand, (): &(), _: &Moment) -> Decision {
        match command {
            PlannerCommand::AppointPlanner(c) if self.appointed.is_some() => {
                let detail = format!("planner `{}` was appointed already", c.planner_id);
                Err(Refusal::because(Reason::AlreadyExists, detail))
            }
            PlannerCommand::AppointPlanner(c) => {
                let appointed = PlannerAppointed {
                    planner_id: c.planner_id.clone(),
                    name: c.name.clone(),
                    grade: c.grade.clone(),
                    unit_id: c.unit_id.clone(),
                    effective_from: c.effective_from,
                };
                Ok(vec![appointed.into()])
            }
            PlannerCommand::ChangeGrade(c) => self.existing(&c.planner_id)?.change_grade(c),
            PlannerCommand::TransferPlanner(c) => self.existing(&c.planner_id)?.transfer(c),
            PlannerCommand::TerminatePlanner(c) => self.existing(&c.planner_id)?.terminate(c),
        }
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match (event, &mut self.appointed) {
            (Payload::PlannerAppointed(e), appointed) => {
                *appointed = Some(Appointed {
                    since: e.effective_from,
                    grade: e.grade.clone(),
                    grade_since: e.effective_from,
                    unit_id: e.unit_id.clone(),
                    unit_since: e.effective_from,
                    gone_from: None,
                });
            }
            (Payload::PlannerGradeChanged(e), Some(appointed)) => {
                appointed.grade = e.grade.clone();
                appointed.grade_since = e.effective_from;
            }
            (Payload::PlannerTransferred(e), Some(appointed)) => {
                appointed.unit_id = e.to_unit_id.clone();
                appointed.unit_since = e.effective_from;
            }
            (Payload::PlannerTerminated(e), Some(appointed)) => appointed.gone_from = Some(e.effective_from),
            _ => {}
        }
    }
}

impl Appointed {
    fn change_grade(&self, c: &ChangeGrade) -> Decision {
        self.still_there(c.effective_from)?;
        not_before("grade", self.grade_since, c.effective_from)?;
        let changed = PlannerGradeChanged {
            planner_id: c.planner_id.clone(),
            old_grade: self.grade.clone(),
            grade: c.grade.clone(),
            effective_from: c.effective_from,
        };
        Ok(vec![changed.into()])
    }

    fn transfer(&self, c: &TransferPlanner) -> Decision {
        self.still_there(c.effective_from)?;
        not_before("unit", self.unit_since, c.effective_from)?;
        let transferred = PlannerTransferred {
            planner_id: c.planner_id.clone(),
            from_unit_id: self.unit_id.clone(),
            to_unit_id: c.to_unit_id.clone(),
            effective_from: c.effective_from,
        };
        Ok(vec![transferred.into()])
    }

    fn terminate(&self, c: &TerminatePlanner) -> Decision {
        if self.gone_from.is_some() {
            return Ok(vec![]);
        }
        not_before("appointment", self.since, c.effective_from)?;
        let terminated = PlannerTerminated {
            planner_id: c.planner_id.clone(),
            effective_from: c.effective_from,
            reason: c.reason.clone(),
        };
        Ok(vec![terminated.into()])
    }

    fn still_there(&self, day: NaiveDate) -> Result<(), Refusal> {
        match self.gone_from.filter(|gone| *gone <= day) {
            Some(gone) => Err(Refusal::because(
                Reason::PlannerInactive,
                format!("the planner is gone from {gone} on"),
            )),
            None => Ok(()),
        }
    }
}

fn not_before(what: &str, last: NaiveDate, day: NaiveDate) -> Result<(), Refusal> {
    if day < last {
        let detail = format!("the last {what} begins on {last}, the next must not begin before it");
        return Err(Refusal::because(Reason::OverlappingAssignment, detail));
    }
    Ok(())
}
