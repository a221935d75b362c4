//! Leases: who may write a version. They run out by the database's clock, and every new holder
//! has a higher fence, so that a holder that only believes it still has one cannot write.

use std::time::Duration;

use chrono::{DateTime, Utc};
use plimsoll_contracts::Position;

use super::{ProjectionId, stored_fence, stored_version};
use crate::{StoreError, Stores};

/// The right to write one version until it runs out or somebody takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What may be written.
    pub id: ProjectionId,
    /// Who may.
    pub owner: String,
    /// Rises with every holder.
    pub fence: u64,
}

/// What a holder tells about its work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// The last position committed.
    pub position: Position,
    /// Recorded time of the event there.
    pub as_of: Option<DateTime<Utc>>,
    /// Whether it has reached the log's end since it began.
    pub caught_up: bool,
    /// Events that wait (G6), over all tenants.
    pub parked: u64,
    /// Events per second, lately.
    pub rate: f64,
}

impl Stores {
    /// Takes the lease on a version that is not retired, if it is free or has run out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn acquire(
        &self,
        id: &ProjectionId,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let (view, version, holder) = (id.view.clone(), stored_version(id.version), owner.to_owned());
        let fence: Option<i64> = self
            .db()
            .run(|pool| async move {
                sqlx::query_scalar(include_str!("../../sql/lease_acquire.sql"))
                    .bind(view)
                    .bind(version)
                    .bind(holder)
                    .bind(ttl.as_secs_f64())
                    .fetch_optional(&pool)
                    .await
            })
            .await?;
        Ok(fence.map(|fence| Lease {
            id: id.clone(),
            owner: owner.to_owned(),
            fence: u64::try_from(fence).unwrap_or(0),
        }))
    }

    /// Holds the lease for another while and tells how far the work is. False when it is lost.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew(&self, lease: &Lease, ttl: Duration, progress: &Progress) -> Result<bool, StoreError> {
        let (lease, progress) = (lease.clone(), progress.clone());
        let renewed = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/lease_renew.sql"))
                    .bind(&lease.id.view)
                    .bind(stored_version(lease.id.version))
                    .bind(stored_fence(lease.fence))
                    .bind(ttl.as_secs_f64())
                    .bind(progress.position.as_i64())
                    .bind(progress.as_of)
                    .bind(progress.caught_up)
                    .bind(i64::try_from(progress.parked).unwrap_or(i64::MAX))
                    .bind(progress.rate)
                    .execute(&pool)
                    .await
            })
            .await?;
        Ok(renewed.rows_affected() > 0)
    }

    /// Gives the lease back, so that somebody else need not wait for its end.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/lease_release.sql"))
                    .bind(&lease.id.view)
                    .bind(stored_version(lease.id.version))
                    .bind(stored_fence(lease.fence))
                    .execute(&pool)
                    .await
            })
            .await?;
        Ok(())
    }
}
