//! The frames of `plimsoll.v1.json` and the answers of views over HTTP, as both ends write and
//! read them. What a row means is the view's business; here it is JSON with a key and a position.

mod answer;
mod client;
mod explain;
mod server;

pub use answer::{
    ColumnInfo, ParameterInfo, StaleInfo, StaleReason, TableInfo, ViewAnswer, ViewInfo, ViewList,
};
pub use client::{ClientFrame, Subscribe, Wait};
pub use explain::{ExplainedChange, Explanation};
pub use server::{
    Delta, Draining, ErrorFrame, Limits, Progress, Promoted, Reached, Reconnect, Reset, ResetReason,
    ServerFrame, Snapshot, Stale, SubscribeMode, Subscribed, TopicOnly, Unsubscribed, Welcome, WireProblem,
    WireRow,
};

/// The WebSocket subprotocol that these frames belong to.
pub const SUBPROTOCOL: &str = "plimsoll.v1.json";

/// A row as it goes over the wire: JSON that is encoded once and shared.
pub type RawRow = std::sync::Arc<serde_json::value::RawValue>;
