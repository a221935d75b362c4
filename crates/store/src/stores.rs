//! The handle on both stores that every other room holds.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use ::redis::aio::ConnectionManager;

use crate::{
    Backend, ProjectionId, StoreError, StoreOptions,
    db::Db,
    postgres::PostgresProjection,
    projection::Projection,
    redis::{self, RedisProjection},
};

/// A handle on the projections' Postgres and Redis; clones share everything.
#[derive(Debug, Clone)]
pub struct Stores(Arc<Inner>);

struct Inner {
    options: StoreOptions,
    db: Db,
    redis: ConnectionManager,
    /// Postgres versions whose columns are known, by view and version.
    opened: Mutex<BTreeMap<(String, u32), Projection>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Stores {
    /// Connects and brings the control tables up to date. Redis may be down.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Migrate`]; [`StoreError::Redis`] for an address that
    /// makes no sense.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let db = Db::open(&options).await?;
        let redis = redis::connect(&options)?;
        Ok(Self(Arc::new(Inner {
            options,
            db,
            redis,
            opened: Mutex::new(BTreeMap::new()),
        })))
    }

    /// One version of a projection.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it has been dropped, [`StoreError::Database`].
    pub async fn projection(&self, id: &ProjectionId) -> Result<Projection, StoreError> {
        if id.backend == Backend::Redis.name() {
            return Ok(Projection::Redis(self.redis(id)));
        }
        let key = (id.view.clone(), id.version);
        if let Some(known) = self.opened().get(&key) {
            return Ok(known.clone());
        }
        let opened = Projection::Postgres(PostgresProjection::open(&self.0.db, id).await?);
        self.opened().insert(key, opened.clone());
        Ok(opened)
    }

    /// Ends running work and closes the connections.
    pub async fn close(&self) {
        self.0.db.close().await;
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.0.options
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn redis(&self, id: &ProjectionId) -> RedisProjection {
        RedisProjection::new(self.0.redis.clone(), &self.0.options.redis_prefix, id)
    }

    pub(crate) fn forget(&self, id: &ProjectionId) {
        self.opened().remove(&(id.view.clone(), id.version));
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, u32), Projection>> {
        self.0
            .opened
            .lock()
            .expect("no holder of the opened projections panics")
    }
}
