//! A commit as the feed told it: its rows and metas are decoded once for all cohorts of the
//! process, by the first that asks, and shared by all that select them.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position, TenantId};
use plimsoll_feed::{Change, TenantChange};
use plimsoll_views::{Meta, Row, StoredRow, View};
use serde_json::value::RawValue;

use super::erased::{RowsError, read_meta};

/// A commit of a view.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) epoch: Epoch,
    pub(crate) version: u32,
    pub(crate) base: Position,
    pub(crate) position: Position,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) complete: bool,
    tenants: Vec<News>,
}

/// What a commit changed for one tenant.
pub(crate) struct News {
    told: TenantChange,
    read: OnceLock<Result<Box<dyn Any + Send + Sync>, RowsError>>,
}

/// The same, decoded.
pub(super) struct Read<V: View> {
    pub(super) meta: Option<Arc<Meta>>,
    pub(super) rows: Vec<ReadRow<V>>,
}

/// A touched row, decoded.
pub(super) struct ReadRow<V: View> {
    pub(super) table: &'static str,
    pub(super) key: Arc<str>,
    /// None = removed.
    pub(super) row: Option<Arc<StoredRow<V::Row>>>,
}

impl From<Change> for Heard {
    fn from(change: Change) -> Self {
        let news = |told| News {
            told,
            read: OnceLock::new(),
        };
        Self {
            epoch: change.epoch,
            version: change.version,
            base: change.base,
            position: change.position,
            as_of: change.as_of,
            complete: change.complete,
            tenants: change.tenants.into_iter().map(news).collect(),
        }
    }
}

impl Heard {
    /// What it says of a tenant.
    pub(crate) fn of<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a News> {
        self.tenants
            .iter()
            .filter(move |news| news.told.tenant == *tenant)
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

impl News {
    /// Its rows and meta, decoded as those of the view that committed it.
    pub(super) fn read<V: View>(&self) -> Result<&Read<V>, RowsError> {
        let read = self.read.get_or_init(|| match decode::<V>(&self.told) {
            Ok(read) => Ok(Box::new(read)),
            Err(error) => Err(error),
        });
        match read {
            Ok(read) => Ok(read
                .downcast_ref()
                .expect("the cohorts of a view read its news as that view's")),
            Err(error) => Err(error.clone()),
        }
    }
}

fn decode<V: View>(told: &TenantChange) -> Result<Read<V>, RowsError> {
    let mut rows = Vec::with_capacity(told.rows.len());
    for changed in &told.rows {
        // Others, such as the parked events, are nobody's answer.
        let Some(table) = V::TABLES.iter().find(|table| **table == changed.table) else {
            continue;
        };
        let decode = |body: &RawValue| {
            let row = V::Row::decode(table, body.get())
                .map_err(|source| RowsError::of_row::<V>(&changed.key, table, source))?;
            Ok(Arc::new(StoredRow {
                row,
                position: changed.position,
                revision: changed.revision,
            }))
        };
        rows.push(ReadRow {
            table,
            key: Arc::from(changed.key.as_str()),
            row: changed.body.as_deref().map(decode).transpose()?,
        });
    }
    let meta = told.meta.as_deref().map(read_meta).transpose()?.map(Arc::new);
    Ok(Read { meta, rows })
}
