//! Reading what a view serves: always the serving version, always one consistent read of rows and
//! the position they stand for.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position, TenantId};
use serde_json::value::RawValue;

use crate::{ReadError, Stores, control::Serving, error::gone};

/// Where the serving version of a view stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which view.
    pub view: String,
    /// Version of the projection; another one = another set of tables, reload.
    pub version: u32,
    /// The history that the position belongs to.
    pub epoch: Epoch,
    /// The last position processed; 0 when nothing was, or when a lost Redis begins again.
    pub position: Position,
    /// Recorded time of the event at `position`.
    pub as_of: Option<DateTime<Utc>>,
    /// What its projector says about it.
    pub condition: Condition,
}

/// What a projector says about a projection. Lag and parked keys are the reader's to see: lag from
/// the log's head, parked keys from the tenant's meta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It follows the log.
    Following,
    /// It works its way up to the log's end, from the beginning or after an outage.
    Replaying,
    /// A person stopped it.
    Paused,
    /// It cannot go on, and says why.
    Failed(String),
    /// Nobody has held its lease for a while: no projector runs.
    Unowned,
}

/// Which rows to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// Which view.
    pub view: String,
    /// Whose rows.
    pub tenant: TenantId,
    /// Which table; `parked` for what waits (G6).
    pub table: String,
    /// Inclusive range of the rows' span; `None` = all.
    pub span: Option<(String, String)>,
}

/// Rows and the position that they stand for.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Where the view stood in the very same read.
    pub head: Head,
    /// The view's meta for the tenant (configuration, watermark, parked count); none when the
    /// tenant has no events yet.
    pub meta: Option<Box<RawValue>>,
    /// The rows, by key.
    pub rows: Vec<StoredRow>,
}

/// A row as a store holds it.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// Its key.
    pub key: String,
    /// The event that last changed it.
    pub position: Position,
    /// How often it changed after being final (G5).
    pub revision: u32,
    /// Its columns as JSON.
    pub body: Box<RawValue>,
}

/// A change of a figure that was final (G5).
#[derive(Debug, Clone)]
pub struct RestatementRow {
    /// The table of the row.
    pub table: String,
    /// The key of the row.
    pub key: String,
    /// The event's position.
    pub position: Position,
    /// The revision that it made.
    pub revision: u32,
    /// The event's id.
    pub cause: uuid::Uuid,
    /// The columns before.
    pub before: Option<Box<RawValue>>,
    /// The columns after; none = removed.
    pub after: Option<Box<RawValue>>,
}

impl Stores {
    /// Where a view stands.
    ///
    /// # Errors
    /// [`ReadError::UnknownView`] when no projector has made it yet; [`ReadError::Unavailable`].
    pub async fn head(&self, view: &str) -> Result<Head, ReadError> {
        loop {
            let serving = self.serving(view).await?;
            let checkpoint = match self.projection(&serving.id).await {
                Ok(projection) => projection.checkpoint().await,
                Err(error) => Err(error),
            };
            match checkpoint {
                Ok(checkpoint) => {
                    let (position, as_of) =
                        checkpoint.map_or((Position::ZERO, None), |c| (c.position, c.as_of));
                    return Ok(serving.head(position, as_of));
                }
                Err(error) if gone(&error) && self.serving(view).await?.id != serving.id => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The rows of a table in a range, with the position they stand for, in one consistent read.
    ///
    /// # Errors
    /// [`ReadError::TooManyRows`] beyond the bound of [`crate::StoreOptions::read_max_rows`];
    /// [`ReadError::UnknownView`], [`ReadError::UnknownTable`]; [`ReadError::Unavailable`].
    pub async fn snapshot(&self, select: &Select) -> Result<Snapshot, ReadError> {
        let mut snapshots = self.snapshots(std::slice::from_ref(select)).await?;
        Ok(snapshots.pop().expect("one selection has one snapshot"))
    }

    /// A snapshot for each selection, in their order, all of one moment. They are of one view and
    /// one tenant; there is at least one.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub async fn snapshots(&self, selects: &[Select]) -> Result<Vec<Snapshot>, ReadError> {
        let view = &selects.first().expect("there is at least one selection").view;
        loop {
            let serving = self.serving(view).await?;
            let read = match self.projection(&serving.id).await {
                Ok(projection) => {
                    projection
                        .snapshots(&serving, selects, self.options().read_max_rows)
                        .await
                }
                Err(error) => Err(error.into()),
            };
            match read {
                Err(ReadError::Unavailable(error))
                    if gone(&error) && self.serving(view).await?.id != serving.id => {}
                read => return read,
            }
        }
    }

    /// Restatements of a tenant's figures after a position, in log order.
    ///
    /// # Errors
    /// [`ReadError::UnknownView`], [`ReadError::Unavailable`].
    pub async fn restatements(
        &self,
        view: &str,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RestatementRow>, ReadError> {
        let serving = self.serving(view).await?;
        let projection = self.projection(&serving.id).await?;
        Ok(projection.restatements(tenant, after, limit).await?)
    }
}

impl Serving {
    pub(crate) fn head(&self, position: Position, as_of: Option<DateTime<Utc>>) -> Head {
        Head {
            view: self.id.view.clone(),
            version: self.id.version,
            epoch: self.id.epoch.clone(),
            position,
            as_of,
            condition: self.condition.clone(),
        }
    }
}
