//! View tables in Postgres and view keys in Redis: rows, documents, checkpoints, versions, leases.
//! Knows nothing of the log, of HTTP or of what a view means: it deals in JSON bodies and keys.

mod control;
mod db;
mod error;
mod layout;
pub mod metrics;
mod options;
mod postgres;
mod projection;
mod read;
mod redis;
mod row;
mod scan;
mod stores;
mod write;

pub use control::{Lease, Operation, OperationState, Phase, Progress, ProjectionId, VersionRecord};
pub use error::{CommitError, ReadError, StoreError};
pub use layout::{Backend, Layout};
pub use options::StoreOptions;
pub use projection::{Checkpoint, Projection};
pub use read::{Condition, Head, RestatementRow, Select, Snapshot, StoredRow};
pub use scan::Scan;
pub use stores::Stores;
pub use write::{Commit, DocWrite, Found, Lookup, MetaWrite, Restatement, RowWrite};
