//! Which team an agent belonged to: as the log-ins say, the last one of a day. Nobody is shown the
//! rows; teams are what agents' days are rolled up by.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{Event, Id, Label, events::AgentLoggedIn, time};
use serde::{Deserialize, Serialize};

use super::{CallTime, CallTimeRow, TEAMS};
use crate::{FoldError, StoredRow, Workspace};

/// The last log-in of an agent's day, table `teams`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamRow {
    pub(super) agent_id: Id,
    pub(super) business_date: NaiveDate,
    #[serde(with = "time")]
    since: DateTime<Utc>,
    team: Label,
}

impl TeamRow {
    pub(super) fn key(&self) -> String {
        format!("{}|{}", self.agent_id, self.business_date)
    }
}

/// Takes a log-in in.
pub(super) fn record(
    event: &Event,
    logged_in: &AgentLoggedIn,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let row = TeamRow {
        agent_id: logged_in.agent_id.clone(),
        business_date: workspace.config().business_date(event.occurred_at),
        since: event.occurred_at,
        team: logged_in.team.clone(),
    };
    let is_last = match workspace.row(TEAMS, &row.key())? {
        Some(CallTimeRow::Team(known)) => (known.since, &known.team) < (row.since, &row.team),
        _ => true,
    };
    if is_last {
        workspace.put_row(CallTimeRow::Team(row))?;
    }
    Ok(())
}

/// Teams by agent and day.
#[derive(Debug, Default)]
pub(super) struct Teams<'a>(BTreeMap<&'a Id, BTreeMap<NaiveDate, &'a Label>>);

impl<'a> Teams<'a> {
    /// Those among the rows.
    pub(super) fn of(rows: &[&'a StoredRow<CallTimeRow>]) -> Self {
        let mut teams = Self::default();
        for stored in rows {
            if let CallTimeRow::Team(row) = &stored.row {
                let days = teams.0.entry(&row.agent_id).or_default();
                days.insert(row.business_date, &row.team);
            }
        }
        teams
    }

    /// The team of an agent on a day: that of the last log-in up to its end.
    pub(super) fn on(&self, agent_id: &Id, date: NaiveDate) -> Option<&'a Label> {
        let days = self.0.get(agent_id)?;
        days.range(..=date).next_back().map(|(_, team)| *team)
    }
}
