//! A stream's state: the newest fitting snapshot and the events after it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, StreamId, TenantId};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Row;
use tokio::sync::Semaphore;

use crate::{
    metrics,
    read::{ReadError, Reader},
};

/// When a loaded state is kept as a snapshot; any of the reasons is enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct SnapshotPolicy {
    /// After this many events since the last snapshot.
    pub every_events: Option<u32>,
    /// When the last snapshot is older than this and events have come since.
    pub max_age: Option<Duration>,
    /// When one of these event types has come since, e.g. one that closes a period.
    pub on_types: &'static [&'static str],
}

impl SnapshotPolicy {
    /// No snapshots: for streams that stay short.
    pub const NEVER: Self = Self {
        every_events: None,
        max_age: None,
        on_types: &[],
    };

    /// A snapshot after every so many events.
    #[must_use]
    pub const fn every(events: u32) -> Self {
        Self {
            every_events: Some(events),
            max_age: None,
            on_types: &[],
        }
    }
}

/// A state folded from the events of one stream.
pub trait Fold: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name of the state in the snapshot table; one stream may be folded in several ways.
    const KIND: &'static str;
    /// Version of the state's shape: a snapshot of another one is ignored.
    const SCHEMA: u16;
    /// When to keep snapshots.
    const SNAPSHOT: SnapshotPolicy;

    /// Takes one event in. Pure.
    fn evolve(&mut self, event: &Event);
}

/// A stream's state and the version it was loaded at.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// The state; the default one when the stream does not exist.
    pub state: A,
    /// The last event's version; 0 when the stream does not exist.
    pub version: u32,
}

/// Why a stream could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its events could not be read.
    #[error("stream {stream} could not be loaded")]
    Read {
        /// The stream.
        stream: StreamId,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// Versions are not 1, 2, 3 …: the log has been damaged by hand.
    #[error("stream {stream} has a hole: version {found} where {expected} should be")]
    Hole {
        /// The stream.
        stream: StreamId,
        /// The next version in order.
        expected: u32,
        /// What was there.
        found: u32,
    },
}

struct Kept<A> {
    state: A,
    version: u32,
    taken_at: Option<DateTime<Utc>>,
}

/// Loads streams and keeps snapshots, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct Loader {
    pub(crate) reader: Reader,
    pub(crate) writers: Arc<Semaphore>,
}

impl Loader {
    pub(crate) async fn load<A: Fold>(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
    ) -> Result<Loaded<A>, LoadError> {
        let failed = |source: ReadError| LoadError::Read {
            stream: stream.clone(),
            source,
        };
        let Kept {
            mut state,
            version: from,
            taken_at,
        } = self
            .kept::<A>(tenant, stream)
            .await
            .map_err(|e| failed(e.into()))?;
        let (mut version, mut marked) = (from, false);
        loop {
            let events = self
                .reader
                .stream(tenant, stream, version, usize::MAX)
                .await
                .map_err(failed)?;
            if events.is_empty() {
                break;
            }
            for event in &events {
                if event.version != version + 1 {
                    let (expected, found) = (version + 1, event.version);
                    return Err(LoadError::Hole {
                        stream: stream.clone(),
                        expected,
                        found,
                    });
                }
                state.evolve(event);
                version = event.version;
                marked |= A::SNAPSHOT.on_types.contains(&&*event.event_type);
            }
            if events.len() < self.reader.page_max_events && self.page_was_whole(&events) {
                break;
            }
        }
        if version > from && due(&A::SNAPSHOT, version - from, taken_at, marked) {
            self.keep(tenant, stream, &state, version);
        }
        Ok(Loaded { state, version })
    }

    /// A page shorter than its bounds was the last one; saves the empty read after it.
    fn page_was_whole(&self, events: &[Event]) -> bool {
        events.iter().map(|event| event.data.get().len()).sum::<usize>() < self.reader.page_max_bytes / 2
    }

    async fn kept<A: Fold>(&self, tenant: &TenantId, stream: &StreamId) -> Result<Kept<A>, sqlx::Error> {
        let none = || Kept {
            state: A::default(),
            version: 0,
            taken_at: None,
        };
        if A::SNAPSHOT.every_events.is_none()
            && A::SNAPSHOT.max_age.is_none()
            && A::SNAPSHOT.on_types.is_empty()
        {
            return Ok(none());
        }
        let query = sqlx::query(include_str!("../sql/snapshot_read.sql"))
            .bind(tenant.to_string())
            .bind(stream.to_string())
            .bind(A::KIND)
            .bind(i32::from(A::SCHEMA));
        let pool = self.reader.db.pool.clone();
        let Some(row) = self
            .reader
            .db
            .run(async move { query.fetch_optional(&pool).await })
            .await?
        else {
            return Ok(none());
        };
        let text: &str = row.try_get("state")?;
        match serde_json::from_str(text) {
            Ok(state) => {
                let version = u32::try_from(row.try_get::<i32, _>("version")?).unwrap_or(0);
                Ok(Kept {
                    state,
                    version,
                    taken_at: Some(row.try_get("taken_at")?),
                })
            }
            Err(error) => {
                tracing::warn!(%stream, kind = A::KIND, %error, "snapshot does not fit its schema; reading all events");
                Ok(none())
            }
        }
    }

    /// Keeps a snapshot in the background; when too many are being written, this one is left out.
    fn keep<A: Fold>(&self, tenant: &TenantId, stream: &StreamId, state: &A, version: u32) {
        let Ok(permit) = Arc::clone(&self.writers).try_acquire_owned() else {
            ::metrics::counter!(metrics::SNAPSHOTS_SKIPPED).increment(1);
            return;
        };
        let state = match serde_json::to_string(state) {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(%stream, kind = A::KIND, %error, "state cannot be kept as a snapshot");
                return;
            }
        };
        let query = sqlx::query(include_str!("../sql/snapshot_write.sql"))
            .bind(tenant.to_string())
            .bind(stream.to_string())
            .bind(A::KIND)
            .bind(i32::from(A::SCHEMA))
            .bind(i32::try_from(version).unwrap_or(i32::MAX))
            .bind(state);
        let (pool, stream) = (self.reader.db.pool.clone(), stream.clone());
        self.reader.db.spawn(async move {
            match query.execute(&pool).await {
                Ok(_) => ::metrics::counter!(metrics::SNAPSHOTS).increment(1),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, %stream, "snapshot not kept")
                }
            }
            drop(permit);
        });
    }
}

fn due(policy: &SnapshotPolicy, events: u32, taken_at: Option<DateTime<Utc>>, marked: bool) -> bool {
    let aged = policy.max_age.is_some_and(|max_age| {
        taken_at.is_none_or(|taken_at| (Utc::now() - taken_at).to_std().is_ok_and(|age| age >= max_age))
    });
    marked || aged || policy.every_events.is_some_and(|every| events >= every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_by_count_by_age_or_by_event() {
        let hour_ago = Some(Utc::now() - chrono::TimeDelta::hours(1));
        let aged = SnapshotPolicy {
            max_age: Some(Duration::from_secs(60)),
            ..SnapshotPolicy::NEVER
        };
        assert!(due(&SnapshotPolicy::every(10), 10, None, false));
        assert!(!due(&SnapshotPolicy::every(10), 9, None, false));
        assert!(due(&aged, 1, hour_ago, false));
        assert!(!due(&aged, 1, Some(Utc::now()), false));
        assert!(due(&SnapshotPolicy::NEVER, 1, None, true));
        assert!(!due(&SnapshotPolicy::NEVER, 1_000, hour_ago, false));
    }
}
