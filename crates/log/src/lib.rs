//! The event log: append, load, snapshots, relay to `JetStream`, tail, import.
//!
//! The only room that knows Postgres' `log` schema and the event stream; it knows nothing of
//! commands, views or HTTP, and it never looks inside an event's data except to upcast it.

mod append;
mod appender;
mod db;
mod import;
mod load;
mod log;
pub mod metrics;
mod options;
mod read;
mod recompute;
mod relay;
mod replay;
mod stream;
mod tail;
mod wake;
mod wire;

pub use append::{Append, AppendError, Appended, Expected, Idempotency, StreamWrite};
pub use db::OpenError;
pub use import::{ImportError, Imported};
pub use load::{Fold, LoadError, Loaded, SnapshotPolicy};
pub use log::Log;
pub use options::{LogOptions, Storage};
pub use read::{Filter, Head, Page, ReadError};
pub use recompute::{Recompute, Recomputed, RecomputedRow};
pub use relay::RelayState;
pub use replay::Scope;
pub use stream::{StreamError, StreamState};
pub use tail::{Tail, TailError, TailReader};
