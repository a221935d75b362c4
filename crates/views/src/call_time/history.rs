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
    Connected {
        segment_id: Id,
        agent_id: Id,
        queue: Option<Label>,
    },
    Held {
        segment_id: Id,
    },
    Retrieved {
        segment_id: Id,
    },
    ConsultStarted {
        consult_id: Id,
        segment_id: Id,
        consultant_id: Id,
    },
    ConsultEnded {
        consult_id: Id,
        segment_id: Id,
    },
    Transferred {
        kind: TransferKind,
        segment_id: Id,
        to_agent_id: Id,
    },
    Ended {
        segment_id: Id,
    },
    Abandoned {
        wait_s: i64,
    },
    WrapUpStarted {
        segment_id: Id,
    },
    WrapUpEnded {
        segment_id: Id,
    },
    Corrected {
        segment_id: Id,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
        connected_at: Option<DateTime<Utc>>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
        ended_at: Option<DateTime<Utc>>,
    },
    /// Concerns no measure: offered, rang.
    Nothing,
}

impl Recorded {
    /// What an event of a call says, and of which call; `None` for other events.
    pub(super) fn of(payload: &Payload) -> Option<(&Id, Self)> {
        Some(match payload {
            Payload::CallOffered(e) => (&e.call_id, Self::Nothing),
            Payload::CallRang(e) => (&e.call_id, Self::Nothing),
            Payload::CallQueued(e) => (
                &e.call_id,
                Self::Queued {
                    queue: e.queue.clone(),
                },
            ),
            Payload::CallConnected(e) => {
                let (segment_id, agent_id) = (e.segment_id.clone(), e.agent_id.clone());
                (
                    &e.call_id,
                    Self::Connected {
                        segment_id,
                        agent_id,
                        queue: e.queue.clone(),
                    },
                )
            }
            Payload::CallHeld(e) => (
                &e.call_id,
                Self::Held {
                    segment_id: e.segment_id.clone(),
                },
            ),
            Payload::CallRetrieved(e) => (
                &e.call_id,
                Self::Retrieved {
                    segment_id: e.segment_id.clone(),
                },
            ),
            Payload::ConsultStarted(e) => {
                let (consult_id, segment_id) = (e.consult_id.clone(), e.segment_id.clone());
                (
                    &e.call_id,
                    Self::ConsultStarted {
                        consult_id,
                        segment_id,
                        consultant_id: e.consultant_id.clone(),
                    },
                )
            }
            Payload::ConsultEnded(e) => {
                let (consult_id, segment_id) = (e.consult_id.clone(), e.segment_id.clone());
                (
                    &e.call_id,
                    Self::ConsultEnded {
                        consult_id,
                        segment_id,
                    },
                )
            }
            Payload::CallTransferred(e) => {
                let (segment_id, to_agent_id) = (e.from_segment_id.clone(), e.to_agent_id.clone());
                (
                    &e.call_id,
                    Self::Transferred {
                        kind: e.kind,
                        segment_id,
                        to_agent_id,
                    },
                )
            }
            Payload::CallEnded(e) => (
                &e.call_id,
                Self::Ended {
                    segment_id: e.segment_id.clone(),
                },
            ),
            Payload::CallAbandoned(e) => (
                &e.call_id,
                Self::Abandoned {
                    wait_s: e.wait_s.get(),
                },
            ),
            Payload::WrapUpStarted(e) => (
                &e.call_id,
                Self::WrapUpStarted {
                    segment_id: e.segment_id.clone(),
                },
            ),
            Payload::WrapUpEnded(e) => (
                &e.call_id,
                Self::WrapUpEnded {
                    segment_id: e.segment_id.clone(),
                },
            ),
            Payload::CallSegmentCorrected(e) => {
                let segment_id = e.segment_id.clone();
                (
                    &e.call_id,
                    Self::Corrected {
                        segment_id,
                        connected_at: e.connected_at,
                        ended_at: e.ended_at,
                    },
                )
            }
            _ => return None,
        })
    }

    /// The segment that the event needs; a queue's events need none.
    pub(super) const fn segment_id(&self) -> Option<&Id> {
        match self {
            Self::Connected { segment_id, .. }
            | Self::Held { segment_id }
            | Self::Retrieved { segment_id }
            | Self::ConsultStarted { segment_id, .. }
            | Self::ConsultEnded { segment_id, .. }
            | Self::Transferred { segment_id, .. }
            | Self::Ended { segment_id }
            | Self::WrapUpStarted { segment_id }
            | Self::WrapUpEnded { segment_id }
            | Self::Corrected { segment_id, .. } => Some(segment_id),
            Self::Queued { .. } | Self::Abandoned { .. } | Self::Nothing => None,
        }
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
