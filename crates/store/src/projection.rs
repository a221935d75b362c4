//! One version of a projection, wherever it lives.

use std::time::Instant;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, TenantId};

use crate::{
    Commit, CommitError, Found, Lease, Lookup, ReadError, RestatementRow, Select, Snapshot, StoreError,
    control::Serving, metrics, postgres::PostgresProjection, redis::RedisProjection,
};

/// One version of a projection; cheap to clone.
#[derive(Debug, Clone)]
pub enum Projection {
    /// Tables of its own schema.
    Postgres(PostgresProjection),
    /// Keys of its own prefix.
    Redis(RedisProjection),
}

/// How far the rows beside it are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last position processed.
    pub position: Position,
    /// Recorded time of the event there.
    pub as_of: Option<DateTime<Utc>>,
    /// The highest fence that has claimed it.
    pub fence: u64,
}

impl Projection {
    /// Where it stands; none when the store has lost it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.checkpoint().await.map(Some),
            Self::Redis(redis) => redis.checkpoint().await,
        }
    }

    /// Shuts every earlier holder out and says where to go on. A Redis that has lost it begins
    /// anew at position 0.
    ///
    /// # Errors
    /// [`CommitError::Fenced`] when a later holder has been here; [`StoreError::OtherEpoch`].
    pub async fn claim(&self, lease: &Lease) -> Result<Checkpoint, CommitError> {
        match self {
            Self::Postgres(postgres) => postgres.claim(lease).await,
            Self::Redis(redis) => redis.claim(lease).await,
        }
    }

    /// The stored meta of a tenant; none = the projection has nothing of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meta(&self, tenant: &TenantId) -> Result<Option<String>, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.meta(tenant).await,
            Self::Redis(redis) => redis.meta(tenant).await,
        }
    }

    /// All metas, by tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn metas(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.metas().await,
            Self::Redis(redis) => redis.metas().await,
        }
    }

    /// Documents and rows by their keys, one query per kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lookup(&self, lookup: Lookup) -> Result<Found, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.lookup(lookup).await,
            Self::Redis(redis) => redis.lookup(&lookup).await,
        }
    }

    /// Writes a batch and moves the checkpoint, both or neither.
    ///
    /// # Errors
    /// [`CommitError::Fenced`]: nothing was written. [`CommitError::Store`]: unknown; claim again.
    pub async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), CommitError> {
        let (started, written) = (Instant::now(), commit.len());
        let outcome = match self {
            Self::Postgres(postgres) => postgres.commit(lease, commit).await,
            Self::Redis(redis) => redis.commit(lease, &commit).await,
        };
        let view = || lease.id.view.clone();
        match &outcome {
            Ok(()) => {
                ::metrics::histogram!(metrics::COMMIT_SECONDS, "view" => view()).record(started.elapsed());
                ::metrics::counter!(metrics::WRITTEN, "view" => view()).increment(written as u64);
            }
            Err(CommitError::Fenced { .. }) => {
                ::metrics::counter!(metrics::FENCED, "view" => view()).increment(1)
            }
            Err(CommitError::Store(_)) => {}
        }
        outcome
    }

    pub(crate) async fn snapshots(
        &self,
        serving: &Serving,
        selects: &[Select],
        max: usize,
    ) -> Result<Vec<Snapshot>, ReadError> {
        let started = Instant::now();
        let read = match self {
            Self::Postgres(postgres) => postgres.snapshots(serving, selects, max).await,
            Self::Redis(redis) => redis.snapshots(serving, selects, max).await,
        };
        let view = || serving.id.view.clone();
        match &read {
            Ok(_) => {
                ::metrics::histogram!(metrics::SNAPSHOT_SECONDS, "view" => view()).record(started.elapsed())
            }
            Err(ReadError::TooManyRows { .. }) => {
                ::metrics::counter!(metrics::TOO_MANY_ROWS, "view" => view()).increment(1);
            }
            Err(_) => {}
        }
        read
    }

    pub(crate) async fn restatements(
        &self,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RestatementRow>, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.restatements(tenant, after, limit).await,
            Self::Redis(redis) => redis.restatements(tenant, after, limit).await,
        }
    }
}
