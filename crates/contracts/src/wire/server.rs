//! What the server says on the socket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ts_rs::TS;

use super::{RawRow, StaleReason};
use crate::{Epoch, Position, Problem, time};

/// One message of the server.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ServerFrame {
    /// The token holds; what applies here.
    Welcome(Welcome),
    /// A subscription stands.
    Subscribed(Subscribed),
    /// A part of the rows at a position.
    Snapshot(Snapshot),
    /// What changed between two positions.
    Delta(Delta),
    /// Nothing changed up to a position.
    Progress(Progress),
    /// The numbers may be old.
    Stale(Stale),
    /// They are not any more.
    Fresh(TopicOnly),
    /// Another version of the projection serves; a delta with the difference follows.
    Promoted(Promoted),
    /// What the client holds cannot be continued; a snapshot follows.
    Reset(Reset),
    /// Answers `wait`.
    Reached(Reached),
    /// A subscription has ended.
    Unsubscribed(Unsubscribed),
    /// A message could not be followed.
    Error(ErrorFrame),
    /// The server goes; close follows.
    Draining(Draining),
    /// To be answered by `pong`.
    Ping,
}

/// `welcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Welcome {
    /// The connection's id, for logs.
    pub connection: String,
    /// A `ping` comes this often, milliseconds.
    #[ts(type = "number")]
    pub heartbeat_ms: u64,
    /// When the token ends.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub token_expires_at: DateTime<Utc>,
    /// What is allowed here.
    pub limits: Limits,
    /// How to come back.
    pub reconnect: Reconnect,
}

/// Bounds of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Limits {
    /// Longest message of a client, bytes.
    pub message_max_bytes: u32,
    /// Messages a second.
    pub messages_per_s: u32,
    /// Messages at once.
    pub messages_burst: u32,
    /// Subscriptions of a connection.
    pub subscriptions_max: u32,
    /// Parameters of a subscription, bytes.
    pub params_max_bytes: u32,
    /// Rows of a snapshot part.
    pub snapshot_part_max_rows: u32,
    /// Bytes of a snapshot part.
    pub snapshot_part_max_bytes: u32,
    /// No progress on the socket for this long closes it, milliseconds.
    pub stalled_after_ms: u32,
    /// Silence after a `ping` that means death, milliseconds.
    pub dead_after_ms: u32,
    /// Connections of a user.
    pub connections_per_user: u32,
    /// At most one frame per topic in this time, milliseconds.
    pub frame_interval_ms: u32,
}

/// Bounds of the wait before coming back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reconnect {
    /// Shortest, milliseconds.
    pub min_ms: u32,
    /// Longest, milliseconds.
    pub max_ms: u32,
}

/// `subscribed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Subscribed {
    /// The client's id.
    pub id: String,
    /// Number of the cohort, the same for everyone in it.
    #[ts(type = "number")]
    pub topic: u64,
    /// What follows.
    pub mode: SubscribeMode,
    /// The history.
    #[ts(type = "string")]
    pub epoch: Epoch,
    /// Where the view stands.
    #[ts(type = "number")]
    pub position: Position,
    /// Version of the projection.
    pub version: u32,
}

/// What follows `subscribed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum SubscribeMode {
    /// All rows.
    Snapshot,
    /// What changed since the client's cursor.
    Resume,
}

/// `snapshot`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Snapshot {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// The history.
    #[ts(type = "string")]
    pub epoch: Epoch,
    /// The position that all parts stand for.
    #[ts(type = "number")]
    pub position: Position,
    /// Recorded time of the event there.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
    /// Number of the part, from 0.
    pub part: u32,
    /// Whether it is the last.
    pub last: bool,
    /// The rows.
    #[ts(as = "Vec<WireRow>")]
    pub rows: Vec<RawRow>,
}

/// `delta`: absolute rows, so that applying one twice does no harm.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Delta {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// The position that it applies to.
    #[ts(type = "number")]
    pub base: Position,
    /// The position that it leads to.
    #[ts(type = "number")]
    pub position: Position,
    /// Recorded time of the event there.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
    /// Rows as they are now.
    #[ts(as = "Vec<WireRow>")]
    pub upsert: Vec<RawRow>,
    /// Keys of rows that are gone.
    pub remove: Vec<String>,
    /// Changes merged in it.
    #[ts(type = "number")]
    pub folded: u64,
    /// W3C trace context of a change in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// `progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Progress {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// Processed up to here.
    #[ts(type = "number")]
    pub position: Position,
    /// Recorded time of the event there.
    #[serde(with = "time::option")]
    #[ts(type = "string | null")]
    pub as_of: Option<DateTime<Utc>>,
}

/// `stale`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Stale {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// Since when, by the server's clock.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub since: DateTime<Utc>,
    /// Why.
    pub reason: StaleReason,
    /// Positions known to exist beyond the view's.
    #[ts(type = "number")]
    pub behind: u64,
}

/// `fresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TopicOnly {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
}

/// `promoted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Promoted {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// The version that served.
    pub from_version: u32,
    /// The version that serves.
    pub to_version: u32,
    /// Where the new one stands.
    #[ts(type = "number")]
    pub position: Position,
}

/// `reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reset {
    /// Which topic.
    #[ts(type = "number")]
    pub topic: u64,
    /// Why.
    pub reason: ResetReason,
}

/// Why a client begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum ResetReason {
    /// It is further behind than can be told as a difference.
    RingLost,
    /// The log has another history.
    Epoch,
    /// Rows have other columns.
    Schema,
    /// The token shows other rows than before.
    Scope,
}

/// `reached`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reached {
    /// The client's id.
    pub id: String,
    /// Where the view stands.
    #[ts(type = "number")]
    pub position: Position,
    /// Whether the position was reached in time.
    pub ok: bool,
}

/// `unsubscribed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Unsubscribed {
    /// The client's id.
    pub id: String,
    /// Why, where the client did not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<WireProblem>")]
    pub problem: Option<Problem>,
}

/// `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ErrorFrame {
    /// The client's id, where the message had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong.
    #[ts(as = "WireProblem")]
    pub problem: Problem,
}

/// `draining`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Draining {
    /// The socket closes (1012) after this, milliseconds.
    #[ts(type = "number")]
    pub after_ms: u64,
    /// Come back at a random moment of this window, milliseconds.
    #[ts(type = "number")]
    pub window_ms: u64,
}

/// A row on the wire, for TypeScript: its key, its place in the log, and the columns of its table.
#[derive(Debug, TS)]
#[ts(
    export,
    type = "{ key: string, position: number, revision: number, state: \"provisional\" | \"final\", [column: string]: unknown }"
)]
pub struct WireRow;

/// A problem document, for TypeScript.
#[derive(Debug, TS)]
#[ts(
    export,
    type = "{ type: string, title: string, status: number, detail?: string, retry_after_s?: number, [member: string]: unknown }"
)]
pub struct WireProblem;

impl ServerFrame {
    /// Reads a frame. (Rows stay raw JSON, which serde cannot do behind its own tag.)
    ///
    /// # Errors
    /// Not JSON, an unknown type, or fields that do not fit it.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Kind {
            r#type: String,
        }
        fn of<T: DeserializeOwned>(
            text: &str,
            frame: fn(T) -> ServerFrame,
        ) -> serde_json::Result<ServerFrame> {
            serde_json::from_str(text).map(frame)
        }
        let Kind { r#type } = serde_json::from_str(text)?;
        match r#type.as_str() {
            "welcome" => of(text, Self::Welcome),
            "subscribed" => of(text, Self::Subscribed),
            "snapshot" => of(text, Self::Snapshot),
            "delta" => of(text, Self::Delta),
            "progress" => of(text, Self::Progress),
            "stale" => of(text, Self::Stale),
            "fresh" => of(text, Self::Fresh),
            "promoted" => of(text, Self::Promoted),
            "reset" => of(text, Self::Reset),
            "reached" => of(text, Self::Reached),
            "unsubscribed" => of(text, Self::Unsubscribed),
            "error" => of(text, Self::Error),
            "draining" => of(text, Self::Draining),
            "ping" => Ok(Self::Ping),
            other => Err(serde::de::Error::custom(format!(
                "`{other}` is no frame of {}",
                super::SUBPROTOCOL
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_reads_back_what_it_writes_with_its_rows_untouched() {
        let text = r#"{"type":"delta","topic":7,"base":1,"position":2,"as_of":null,"upsert":[{"key":"A", "n":1.50}],"remove":["B"],"folded":1}"#;
        let frame = ServerFrame::read(text).unwrap();
        assert_eq!(serde_json::to_string(&frame).unwrap(), text);
    }

    #[test]
    fn an_unknown_type_is_refused_by_name() {
        assert!(
            ServerFrame::read(r#"{"type":"dance"}"#)
                .unwrap_err()
                .to_string()
                .contains("dance")
        );
    }
}
