//! Parked events (G6): visible, counted, keyed by what they wait for.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The table of parked events that every view has.
pub const PARKED_TABLE: &str = "parked";

/// An event that waits, as the fold names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedEntry {
    /// What it waits for: the missing id.
    pub key: String,
    /// The event.
    pub event: Uuid,
    /// The rule that holds it, e.g. `OrderUnknown`.
    pub reason: String,
    /// Where the event stands in the log.
    pub position: Position,
    /// When it occurred.
    #[serde(with = "time")]
    pub occurred_at: DateTime<Utc>,
}

/// The parked events of one owner (an order, a payment, a policy, a stream), in log order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRow {
    /// Whose events they are; the key of the row.
    pub owner: String,
    /// The events, by position.
    pub entries: Vec<ParkedEntry>,
}
