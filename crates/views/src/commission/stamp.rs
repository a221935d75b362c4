//! Where an event stands in the canonical order (G4), and what the log says about it.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Position, StreamId, time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The canonical place of an event: `occurred_at`, stream, version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When it occurred.
    #[serde(with = "time")]
    pub at: DateTime<Utc>,
    /// Its stream.
    pub stream: StreamId,
    /// Its version in the stream.
    pub version: u32,
    /// Its id; not part of the order.
    pub id: Uuid,
    /// Its place in the log; not part of the order.
    pub position: Position,
}

impl Stamp {
    /// The stamp of an event.
    pub(super) fn of(event: &Event) -> Self {
        Self {
            at: event.occurred_at,
            stream: event.stream.clone(),
            version: event.version,
            id: event.id,
            position: event.position,
        }
    }

    /// Compares the canonical places.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        (self.at, &self.stream, self.version).cmp(&(other.at, &other.stream, other.version))
    }

    /// Whether this comes before the other in canonical order.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Less
    }
}
