//! What `GET /v1/views/{view}/rows/{key}/explain` answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;
use uuid::Uuid;

use super::{RawRow, WireRow};
use crate::{Actor, Epoch, Position, StreamId, time};

/// Why a row is what it is: the events behind it, in log order, each with what it changed (G8).
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Explanation {
    /// Which view.
    pub view: String,
    /// Which table of it.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// The history that the positions belong to.
    #[ts(type = "string")]
    pub epoch: Epoch,
    /// The row is explained up to here: where the view stood.
    #[ts(type = "number")]
    pub position: Position,
    /// Recorded time of the event at `position`.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
    /// The row as it stands at `position`; null when it is gone.
    #[ts(as = "Option<WireRow>")]
    pub row: Option<RawRow>,
    /// The changes of this page, by position.
    pub changes: Vec<ExplainedChange>,
    /// This is the last page, and the changes lead to exactly the row that the view holds.
    pub complete: bool,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// An event, and what it changed in the row.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExplainedChange {
    /// Where the event stands.
    #[ts(type = "number")]
    pub position: Position,
    /// Its id.
    #[ts(type = "string")]
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    #[ts(type = "string")]
    pub stream: StreamId,
    /// Its version in the stream.
    pub version: u32,
    /// Business time.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub occurred_at: DateTime<Utc>,
    /// When the log took it.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub recorded_at: DateTime<Utc>,
    /// Who acted.
    #[ts(type = "{ kind: \"user\" | \"agent\" | \"system\", id: string }")]
    pub actor: Actor,
    /// The columns that it changed, as they were; null when the row was not there.
    #[ts(type = "Record<string, unknown> | null")]
    pub before: Option<Map<String, Value>>,
    /// The same columns as they are after it, all columns of a new row; null when it is gone.
    #[ts(type = "Record<string, unknown> | null")]
    pub after: Option<Map<String, Value>>,
    /// How often the row had changed after its day was final (G5); null when it is gone.
    pub revision: Option<u32>,
    /// What the event means by the view's rules; null where there is nothing to add.
    #[ts(type = "Record<string, unknown> | null")]
    pub facts: Option<Value>,
}
