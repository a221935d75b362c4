//! An agent's sessions, as far as they end calls that nobody ended (C-R4 b).

use std::collections::BTreeSet;

use plimsoll_contracts::{Event, Id, Payload};
use serde::{Deserialize, Serialize};

use super::{CallDoc, CallTime, call, each};
use crate::{FoldError, Workspace};

/// Ends of an agent's sessions, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionEnds(BTreeSet<SessionEnd>);

/// The end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SessionEnd {
    /// When it was noticed, microseconds since 1970.
    at_us: i64,
    /// The last sign of life, for a lost session; else the same. Seconds since 1970.
    alive_s: i64,
}

impl SessionEnds {
    /// The first end after an instant; at the same instant a session's events come before a
    /// call's, as the names of their streams do (G4).
    fn after(&self, at_us: i64) -> Option<&SessionEnd> {
        let first = SessionEnd {
            at_us: at_us + 1,
            alive_s: i64::MIN,
        };
        self.0.range(first..).next()
    }

    /// The end that the sessions put to a segment which began at an instant, in seconds, and whether
    /// the session was lost.
    pub(super) fn ending(&self, start_us: i64) -> Option<(i64, bool)> {
        let end = self.after(start_us)?;
        let is_lost = end.alive_s != end.at_us.div_euclid(1_000_000);
        Some((end.alive_s.max(start_us.div_euclid(1_000_000)), is_lost))
    }

    /// Where the ends before an instant leave off, microseconds since 1970.
    fn before(&self, at_us: i64) -> i64 {
        let first = SessionEnd {
            at_us,
            alive_s: i64::MIN,
        };
        self.0
            .range(..first)
            .next_back()
            .map_or(i64::MIN, |end| end.at_us)
    }
}

/// The end of a session that an event tells, and whose.
pub(super) fn end_of<'a>(event: &Event, payload: &'a Payload) -> Option<(&'a Id, SessionEnd)> {
    let (agent_id, alive_at) = match payload {
        Payload::AgentSessionLost(lost) => (&lost.agent_id, lost.last_heartbeat_at),
        Payload::AgentLoggedOut(out) => (&out.agent_id, event.occurred_at),
        _ => return None,
    };
    let at_us = event.occurred_at.timestamp_micros();
    Some((
        agent_id,
        SessionEnd {
            at_us,
            alive_s: alive_at.timestamp(),
        },
    ))
}

/// Takes the end of a session in; calls that hang on it are refolded: those without a told end
/// that began since the end before it.
pub(super) fn record(
    agent_id: &Id,
    end: SessionEnd,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let key = sessions_key(agent_id);
    let mut sessions = match workspace.doc(&key)? {
        Some(CallDoc::Sessions(sessions)) => sessions.clone(),
        _ => SessionEnds::default(),
    };
    let since_us = sessions.before(end.at_us);
    if !sessions.0.insert(end) {
        return Ok(());
    }
    workspace.put_doc(&key, CallDoc::Sessions(sessions));
    let calls: BTreeSet<Id> = match workspace.doc(&unended_key(agent_id))? {
        Some(CallDoc::Unended(unended)) => unended
            .iter()
            .filter(|(start_us, _)| (since_us..end.at_us).contains(start_us))
            .map(|(_, call_id)| call_id.clone())
            .collect(),
        _ => BTreeSet::new(),
    };
    each(calls, |call_id| call::refold(&call_id, workspace))
}

/// The end, in seconds, that the agent's sessions put to a segment that began at `start_us`.
pub(super) fn estimate(
    agent_id: &Id,
    start_us: i64,
    workspace: &mut Workspace<CallTime>,
) -> Result<Option<i64>, FoldError> {
    let Some(CallDoc::Sessions(sessions)) = workspace.doc(&sessions_key(agent_id))? else {
        return Ok(None);
    };
    let start_s = start_us.div_euclid(1_000_000);
    Ok(sessions.after(start_us).map(|end| end.alive_s.max(start_s)))
}

/// Segments without a told end, as agent and start.
pub(super) type Unended = BTreeSet<(Id, i64)>;

/// Brings the agents' lists from a call's segments without a told end to those it has now.
pub(super) fn note_unended(
    call_id: &Id,
    was: &Unended,
    now: &Unended,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    each(was.symmetric_difference(now), |segment| {
        let (agent_id, start_us) = segment;
        let key = unended_key(agent_id);
        let mut unended = match workspace.doc(&key)? {
            Some(CallDoc::Unended(unended)) => unended.clone(),
            _ => BTreeSet::new(),
        };
        if now.contains(segment) {
            unended.insert((*start_us, call_id.clone()));
        } else {
            unended.remove(&(*start_us, call_id.clone()));
        }
        workspace.put_doc(&key, CallDoc::Unended(unended));
        Ok(())
    })
}

fn sessions_key(agent_id: &Id) -> String {
    format!("sessions/{agent_id}")
}

fn unended_key(agent_id: &Id) -> String {
    format!("unended/{agent_id}")
}
