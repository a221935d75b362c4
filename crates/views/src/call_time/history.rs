//! A call as a document: its events, each once, in canonical order, and what it contributes now.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Id, Label, Payload, Position, events::TransferKind, time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::contribution::Contribution;

/// Everything that happened to a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallHistory {
    /// In canonical order: `occurred_at`, version (G4).
    pub(super) events: Vec<CallEvent>,
    /// What the rows hold of this call now.
    pub(super) posted: Contribution,
}

/// One event of a call, as far as the view reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CallEvent {
    #[serde(with = "time")]
    pub(super) at: DateTime<Utc>,
    pub(super) version: u32,
    pub(super) id: Uuid,
    pub(super) position: Position,
    pub(super) what: Recorded,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recorded {
    Queued {
        queue: Label,
    },
    Abandoned {
        wait_s: i64,
    },
    Segment {
        segment_id: Id,
        what: Turn,
    },
    /// Concerns no measure: offered, rang.
    Nothing,
}

/// What an event says of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Turn {
    Connected {
        agent_id: Id,
        queue: Option<Label>,
    },
    Held,
    Retrieved,
    ConsultStarted {
        consult_id: Id,
        consultant_id: Id,
    },
    ConsultEnded {
        consult_id: Id,
    },
    Transferred {
        kind: TransferKind,
        to_agent_id: Id,
    },
    Ended,
    WrapUpStarted,
    WrapUpEnded,
    Corrected {
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
        connected_at: Option<DateTime<Utc>>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
        ended_at: Option<DateTime<Utc>>,
    },
}

impl Recorded {
    /// What an event of a call says, and of which call; `None` for other events.
    pub(super) fn of(payload: &Payload) -> Option<(&Id, Self)> {
        Some(match payload {
            Payload::CallOffered(e) => (&e.call_id, Self::Nothing),
            Payload::CallRang(e) => (&e.call_id, Self::Nothing),
            Payload::CallQueued(e) => {
                let queue = e.queue.clone();
                (&e.call_id, Self::Queued { queue })
            }
            Payload::CallAbandoned(e) => {
                let wait_s = e.wait_s.get();
                (&e.call_id, Self::Abandoned { wait_s })
            }
            _ => {
                let (call_id, segment_id, what) = Turn::of(payload)?;
                let segment_id = segment_id.clone();
                (call_id, Self::Segment { segment_id, what })
            }
        })
    }
}

impl Turn {
    /// What an event says of which call's which segment.
    fn of(payload: &Payload) -> Option<(&Id, &Id, Self)> {
        Some(match payload {
            Payload::CallConnected(e) => {
                let (agent_id, queue) = (e.agent_id.clone(), e.queue.clone());
                (&e.call_id, &e.segment_id, Self::Connected { agent_id, queue })
            }
            Payload::CallHeld(e) => (&e.call_id, &e.segment_id, Self::Held),
            Payload::CallRetrieved(e) => (&e.call_id, &e.segment_id, Self::Retrieved),
            Payload::ConsultStarted(e) => {
                let what = Self::ConsultStarted {
                    consult_id: e.consult_id.clone(),
                    consultant_id: e.consultant_id.clone(),
                };
                (&e.call_id, &e.segment_id, what)
            }
            Payload::ConsultEnded(e) => {
                let consult_id = e.consult_id.clone();
                (&e.call_id, &e.segment_id, Self::ConsultEnded { consult_id })
            }
            Payload::CallTransferred(e) => {
                let (kind, to_agent_id) = (e.kind, e.to_agent_id.clone());
                let what = Self::Transferred { kind, to_agent_id };
                (&e.call_id, &e.from_segment_id, what)
            }
            Payload::CallEnded(e) => (&e.call_id, &e.segment_id, Self::Ended),
            Payload::WrapUpStarted(e) => (&e.call_id, &e.segment_id, Self::WrapUpStarted),
            Payload::WrapUpEnded(e) => (&e.call_id, &e.segment_id, Self::WrapUpEnded),
            Payload::CallSegmentCorrected(e) => {
                let (connected_at, ended_at) = (e.connected_at, e.ended_at);
                let what = Self::Corrected {
                    connected_at,
                    ended_at,
                };
                (&e.call_id, &e.segment_id, what)
            }
            _ => return None,
        })
    }
}

impl CallHistory {
    /// Takes an event in at its canonical place; `false` when it was there before.
    pub(super) fn insert(&mut self, event: &Event, what: Recorded) -> bool {
        if self.events.iter().any(|known| known.id == event.id) {
            return false;
        }
        let entry = CallEvent {
            at: event.occurred_at,
            version: event.version,
            id: event.id,
            position: event.position,
            what,
        };
        let place = self.events.partition_point(|known| {
            (known.at, known.version, known.id) < (entry.at, entry.version, entry.id)
        });
        self.events.insert(place, entry);
        true
    }
}
