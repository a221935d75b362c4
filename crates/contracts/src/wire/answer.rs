//! What `GET /v1/views` and `GET /v1/views/{view}` answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RawRow, WireRow};
use crate::{Epoch, Position, time};

/// The answer of a view.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ViewAnswer {
    /// Which view.
    pub view: String,
    /// The history that the positions belong to.
    #[ts(type = "string")]
    pub epoch: Epoch,
    /// The last position that the view has processed.
    #[ts(type = "number")]
    pub position: Position,
    /// The last position that changed this answer; at a node's first reading, where it read.
    #[ts(type = "number")]
    pub changed: Position,
    /// Recorded time of the event at `position`; null before the first event.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
    /// Why the numbers may be old; null when they are not.
    pub stale: Option<StaleInfo>,
    /// Events of the view that wait for something they need (G6).
    #[ts(type = "number")]
    pub parked: u64,
    /// The rows of this page, in the question's order.
    #[ts(as = "Vec<WireRow>")]
    pub rows: Vec<RawRow>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// Why and since when numbers may be old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StaleInfo {
    /// Why.
    pub reason: StaleReason,
    /// Since when, by the server's clock.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub since: DateTime<Utc>,
    /// Positions known to exist beyond the view's.
    #[ts(type = "number")]
    pub behind: u64,
}

/// Why numbers may be old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum StaleReason {
    /// The projection works its way up to the log's end.
    Lagging,
    /// Events of the view wait for something they need.
    Parked,
    /// A person stopped the projection.
    Paused,
    /// The view is made anew from the log.
    Rebuilding,
    /// No word from the store, the change feed or the projector.
    Disconnected,
}

impl StaleReason {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lagging => "lagging",
            Self::Parked => "parked",
            Self::Paused => "paused",
            Self::Rebuilding => "rebuilding",
            Self::Disconnected => "disconnected",
        }
    }
}

/// The answer of `GET /v1/views`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ViewList {
    /// The views that the token may read.
    pub views: Vec<ViewInfo>,
}

/// A view: what can be asked of it and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ViewInfo {
    /// Its name.
    pub name: String,
    /// Version of the projection that serves; null when no projector has made it yet.
    pub version: Option<u32>,
    /// The history; null as above.
    #[ts(type = "string | null")]
    pub epoch: Option<Epoch>,
    /// The last position processed; null as above.
    #[ts(type = "number | null")]
    pub position: Option<Position>,
    /// Recorded time of the event there.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
    /// `live`, or why not.
    pub state: String,
    /// Its tables, the default one first.
    pub tables: Vec<TableInfo>,
    /// The parameters that all its tables have in common with every view.
    pub paging: Vec<ParameterInfo>,
}

/// A table of a view: what can be asked, and the columns of its plain rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TableInfo {
    /// Its name, for `table=`.
    pub name: String,
    /// The parameters.
    pub parameters: Vec<ParameterInfo>,
    /// The columns beside `key`, `position`, `revision`, `state`.
    pub columns: Vec<ColumnInfo>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ParameterInfo {
    /// Its name.
    pub name: String,
    /// What it takes, in words.
    pub takes: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ColumnInfo {
    /// Its name; the unit comes last in it.
    pub name: String,
    /// `integer`, `text`, `date`, `time`, `boolean`, `json`.
    #[serde(rename = "type")]
    pub kind: String,
}
