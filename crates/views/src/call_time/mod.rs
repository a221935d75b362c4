//! `call-time`: what agents did all day, how long callers waited, who is on a call (C-R1 … C-R8).
//! It knows calls and agent sessions, nothing of what the calls were about.

mod answer;
mod call;
mod contribution;
mod facts;
mod history;
mod open;
mod pieces;
mod post;
mod query;
mod queue;
mod row;
mod segment;
mod session;
mod team;
mod waits;

use std::collections::BTreeSet;

use plimsoll_contracts::{Event, Id, Payload, TenantConfig};
use serde::{Deserialize, Serialize};

use crate::{FoldError, Place, Trace, View, Workspace};

pub use history::CallHistory;
pub use pieces::Pieces;
pub use query::CallTimeQuery;
pub use row::CallTimeRow;
pub use session::SessionEnds;

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct CallTime;

/// Its private state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDoc {
    /// `call/K1`: everything that happened to a call, and what it contributes.
    Call(Box<CallHistory>),
    /// `sessions/A1`: when an agent's sessions ended.
    Sessions(SessionEnds),
    /// `unended/A1`: starts, in microseconds, of an agent's segments without a told end, and their
    /// calls: a session's end may end them (C-R4 b).
    Unended(BTreeSet<(i64, Id)>),
    /// `day/A1|2026-03-02`: what the segments of an agent's day contribute.
    Day(Pieces),
    /// `open/1234`: segments going on that began in a slot of time, by their start in seconds.
    Open(BTreeSet<(i64, Id)>),
    /// `open`: the slots in which any began (C-R4 c).
    Slots(BTreeSet<i64>),
}

/// Table of agents' days.
pub(crate) const AGENTS: &str = "agents";
/// Table of queues' half hours.
pub(crate) const QUEUES: &str = "queues";
/// Table of the centre's days.
pub(crate) const CENTRE: &str = "centre";
/// Table of segments going on.
pub(crate) const LIVE: &str = "live";
/// Table of segments to look at.
pub(crate) const MARKED: &str = "marked";
/// Table of segments that lasted long.
pub(crate) const LONG: &str = "long";
/// Table of agents' teams by day; asked for by no name.
pub(crate) const TEAMS: &str = "teams";
/// Table of queues' waits by half hour; asked for by no name.
pub(crate) const WAITS: &str = "waits";

impl View for CallTime {
    const NAME: &'static str = "call-time";
    const VERSION: u32 = 2;
    const TABLES: &'static [&'static str] = &[AGENTS, QUEUES, CENTRE, LIVE, MARKED, LONG, TEAMS, WAITS];
    type Doc = CallDoc;
    type Row = CallTimeRow;
    type Query = CallTimeQuery;

    fn reads(event_type: &str) -> bool {
        matches!(
            event_type,
            "CallOffered"
                | "CallQueued"
                | "CallRang"
                | "CallConnected"
                | "CallHeld"
                | "CallRetrieved"
                | "ConsultStarted"
                | "ConsultEnded"
                | "CallTransferred"
                | "CallEnded"
                | "CallAbandoned"
                | "WrapUpStarted"
                | "WrapUpEnded"
                | "CallSegmentCorrected"
                | "AgentLoggedIn"
                | "AgentStateChanged"
                | "AgentSessionLost"
                | "AgentLoggedOut"
        )
    }

    fn apply(event: &Event, payload: &Payload, workspace: &mut Workspace<Self>) -> Result<(), FoldError> {
        if let Some((call_id, what)) = history::Recorded::of(payload) {
            call::record(event, call_id, what, workspace)?;
        } else if let Payload::AgentLoggedIn(logged_in) = payload {
            team::record(event, logged_in, workspace)?;
        } else if let Some((agent_id, end)) = session::end_of(event, payload) {
            session::record(agent_id, end, workspace)?;
        }
        call::resolve_overdue(workspace)
    }

    fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
        facts::trace(place, config)
    }

    fn facts(row: &CallTimeRow, event: &Event, workspace: &Workspace<Self>) -> Option<serde_json::Value> {
        facts::facts(row, event, workspace)
    }
}

/// Does something for each item. What one of them misses does not keep the others from asking, so
/// that one load brings it all.
fn each<T>(
    items: impl IntoIterator<Item = T>,
    act: impl FnMut(T) -> Result<(), FoldError>,
) -> Result<(), FoldError> {
    items.into_iter().map(act).fold(Ok(()), Result::and)
}
