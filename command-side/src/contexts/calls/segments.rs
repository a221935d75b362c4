//! The segments of a call: who is on it, held or not, since when and until when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Id, Payload};
use serde::{Deserialize, Serialize};

use crate::domain::{Reason, Refusal};

/// One agent's stay on a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) agent_id: Id,
    pub(crate) connected_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) held: bool,
    pub(crate) wrap_up: bool,
}

impl Segment {
    /// The state of a segment that still goes on, else `WrongCallState`.
    pub(crate) fn running(&self) -> Result<&Self, Refusal> {
        match self.ended_at {
            None => Ok(self),
            Some(_) => Err(wrong_state("the segment has ended")),
        }
    }

    /// An instant that is not before the segment's start, else `EndBeforeStart`.
    pub(crate) fn not_before_start(&self, at: DateTime<Utc>) -> Result<(), Refusal> {
        if at < self.connected_at {
            let detail = format!(
                "the segment was connected at {}, it cannot end before",
                self.connected_at
            );
            return Err(Refusal::because(Reason::EndBeforeStart, detail));
        }
        Ok(())
    }
}

/// `WrongCallState`, with why.
pub(crate) fn wrong_state(detail: impl Into<String>) -> Refusal {
    Refusal::because(Reason::WrongCallState, detail)
}

/// All segments and consultations of a call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Segments {
    of: BTreeMap<Id, Segment>,
    consults: BTreeSet<Id>,
    open_consults: BTreeSet<Id>,
}

impl Segments {
    /// A segment that was connected, else `NotFound`.
    pub(crate) fn get(&self, id: &Id) -> Result<&Segment, Refusal> {
        let missing = || {
            Refusal::because(
                Reason::NotFound,
                format!("there is no segment `{id}` on this call"),
            )
        };
        self.of.get(id).ok_or_else(missing)
    }

    pub(crate) fn contains(&self, id: &Id) -> bool {
        self.of.contains_key(id)
    }

    /// Whether nobody was ever connected.
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub(crate) fn consulted(&self, id: &Id) -> bool {
        self.consults.contains(id)
    }

    pub(crate) fn consulting(&self, id: &Id) -> bool {
        self.open_consults.contains(id)
    }

    pub(crate) fn take(&mut self, event: &Payload, at: DateTime<Utc>) {
        match event {
            Payload::CallConnected(e) => {
                self.of.entry(e.segment_id.clone()).or_insert_with(|| Segment {
                    agent_id: e.agent_id.clone(),
                    connected_at: at,
                    ended_at: None,
                    held: false,
                    wrap_up: false,
                });
            }
            Payload::CallHeld(e) => self.change(&e.segment_id, |segment| segment.held = true),
            Payload::CallRetrieved(e) => self.change(&e.segment_id, |segment| segment.held = false),
            Payload::CallTransferred(e) => self.change(&e.from_segment_id, |segment| segment.end(at)),
            Payload::CallEnded(e) => self.change(&e.segment_id, |segment| segment.end(at)),
            Payload::WrapUpStarted(e) => self.change(&e.segment_id, |segment| segment.wrap_up = true),
            Payload::WrapUpEnded(e) => self.change(&e.segment_id, |segment| segment.wrap_up = false),
            Payload::CallSegmentCorrected(e) => self.change(&e.segment_id, |segment| {
                segment.connected_at = e.connected_at.unwrap_or(segment.connected_at);
                segment.ended_at = e.ended_at.or(segment.ended_at);
            }),
            Payload::ConsultStarted(e) => {
                self.consults.insert(e.consult_id.clone());
                self.open_consults.insert(e.consult_id.clone());
            }
            Payload::ConsultEnded(e) => {
                self.open_consults.remove(&e.consult_id);
            }
            _ => {}
        }
    }

    fn change(&mut self, id: &Id, change: impl FnOnce(&mut Segment)) {
        if let Some(segment) = self.of.get_mut(id) {
            change(segment);
        }
    }
}

impl Segment {
    const fn end(&mut self, at: DateTime<Utc>) {
        self.ended_at = Some(at);
        self.held = false;
    }
}
