//! All rows of a tenant, table by table in key order, with the position that they all stand for:
//! what a verification compares. Read in pieces, so that no view is too large for it.

use std::time::Duration;

use plimsoll_contracts::TenantId;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::{Head, Projection, ReadError, StoreError, StoredRow, Stores, error::gone};

/// Pieces that may wait for their reader.
const PIECES_WAITING: usize = 4;
/// How long a reader may take for all of it.
pub(crate) const SCAN_WITHIN: Duration = Duration::from_secs(1_800);

/// A scan of one tenant's rows in the version that serves.
#[derive(Debug)]
pub struct Scan {
    /// Where the view stood.
    pub head: Head,
    /// The view's meta for the tenant; none when it has none.
    pub meta: Option<Box<RawValue>>,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    /// Page by page, from the database.
    Pages(mpsc::Receiver<Piece>),
    /// All at hand, by table.
    Held(std::vec::IntoIter<(usize, Vec<StoredRow>)>),
}

/// What a scan hands over.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Where it begins.
    Began(Stands),
    /// Rows of the table of that number.
    Rows(usize, Vec<StoredRow>),
    /// There are no more.
    End,
    /// There are more, and they cannot be read.
    Failed(StoreError),
}

/// Where a scan begins: position, `as_of` and meta in the same read as all rows.
pub(crate) type Stands = (
    plimsoll_contracts::Position,
    Option<chrono::DateTime<chrono::Utc>>,
    Option<Box<RawValue>>,
);

impl Scan {
    /// The next rows, with the number of their table among those asked for; none at the end.
    ///
    /// # Errors
    /// [`StoreError`]: what came until then is not all.
    pub async fn next(&mut self) -> Result<Option<(usize, Vec<StoredRow>)>, StoreError> {
        let pages = match &mut self.rows {
            Rows::Held(rows) => return Ok(rows.next()),
            Rows::Pages(pages) => pages,
        };
        match pages.recv().await {
            Some(Piece::Rows(table, rows)) => Ok(Some((table, rows))),
            Some(Piece::End) => Ok(None),
            Some(Piece::Failed(error)) => Err(error),
            Some(Piece::Began(_)) | None => {
                Err(StoreError::Damaged("a scan that ended too early".to_owned()))
            }
        }
    }
}

impl Stores {
    /// Reads all rows of some tables of a view, as they stood together at one moment.
    ///
    /// # Errors
    /// [`ReadError::UnknownView`], [`ReadError::UnknownTable`]; [`ReadError::Unavailable`].
    pub async fn scan(
        &self,
        view: &str,
        tenant: &TenantId,
        tables: &[&'static str],
    ) -> Result<Scan, ReadError> {
        loop {
            let serving = self.serving(view).await?;
            let read = match self.projection(&serving.id).await {
                Ok(projection) => start(projection, view, tenant, tables).await,
                Err(error) => Err(error.into()),
            };
            match read {
                Ok(((position, as_of, meta), rows)) => {
                    let head = serving.head(position, as_of);
                    return Ok(Scan { head, meta, rows });
                }
                Err(ReadError::Unavailable(error))
                    if gone(&error) && self.serving(view).await?.id != serving.id => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The tenants of whom the serving version of a view has anything, in order.
    ///
    /// # Errors
    /// [`ReadError::UnknownView`], [`ReadError::Unavailable`].
    pub async fn tenants(&self, view: &str) -> Result<Vec<TenantId>, ReadError> {
        let serving = self.serving(view).await?;
        let metas = self.projection(&serving.id).await?.metas().await?;
        Ok(metas.into_iter().map(|(tenant, _)| tenant).collect())
    }
}

async fn start(
    projection: Projection,
    view: &str,
    tenant: &TenantId,
    tables: &[&'static str],
) -> Result<(Stands, Rows), ReadError> {
    let postgres = match projection {
        Projection::Postgres(postgres) => postgres,
        Projection::Redis(redis) => {
            let (stands, rows) = redis.whole(tenant, tables).await?;
            let by_table: Vec<_> = rows.into_iter().enumerate().collect();
            return Ok((stands, Rows::Held(by_table.into_iter())));
        }
    };
    let (send, mut pages) = mpsc::channel(PIECES_WAITING);
    postgres.scan(view, tenant, tables, send)?;
    match pages.recv().await {
        Some(Piece::Began(stands)) => Ok((stands, Rows::Pages(pages))),
        Some(Piece::Failed(error)) => Err(error.into()),
        _ => Err(StoreError::Damaged("a scan that never began".to_owned()).into()),
    }
}
