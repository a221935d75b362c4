//! Questions that are asked of the raw events themselves, in SQL that the asker brings: the path
//! by which a view is checked without any code that made it. Knows nothing of what is computed.

use std::time::Duration;

use futures::TryStreamExt as _;
use plimsoll_contracts::{Position, TenantId};
use sqlx::{Connection as _, PgPool, Row as _};
use tokio::sync::mpsc;

use crate::{Log, ReadError};

/// Rows handed over at once.
const CHUNK: usize = 1_000;
/// Chunks that may wait for their reader.
const CHUNKS_WAITING: usize = 4;

/// What to compute, over which events.
#[derive(Debug, Clone)]
pub struct Recompute {
    /// One `select` over `log.events` with the columns `"table"`, `key` and `columns` (JSON as
    /// text); `$1` tenant, `$2` last position, `$3` settings.
    pub sql: &'static str,
    /// Whose events.
    pub tenant: TenantId,
    /// The last event that counts.
    pub up_to: Position,
    /// What else the statement needs, as JSON.
    pub settings: String,
    /// Longest time the statement may take.
    pub within: Duration,
}

/// A row of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecomputedRow {
    /// Which table.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// Its columns, as JSON.
    pub columns: String,
}

/// The answer as it comes, in the statement's order.
#[derive(Debug)]
pub struct Recomputed(mpsc::Receiver<Result<Vec<RecomputedRow>, ReadError>>);

impl Recomputed {
    /// The next rows; none when there are no more.
    ///
    /// # Errors
    /// [`ReadError::Database`]: what came until then is not the whole answer.
    pub async fn next(&mut self) -> Result<Option<Vec<RecomputedRow>>, ReadError> {
        // The end is said by an empty chunk: a channel that only closes has lost its sender.
        let chunk = self
            .0
            .recv()
            .await
            .unwrap_or_else(|| Err(sqlx::Error::WorkerCrashed.into()))?;
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl Log {
    /// Computes rows out of raw events, in one read-only transaction of its own.
    #[must_use]
    pub fn recompute(&self, asked: Recompute) -> Recomputed {
        let (send, receive) = mpsc::channel(CHUNKS_WAITING);
        let pool = self.db().pool.clone();
        self.db().spawn(async move {
            if let Err(error) = compute(&pool, asked, &send).await {
                // Whoever has gone away needs no answer.
                send.send(Err(error.into())).await.ok();
            }
        });
        Recomputed(receive)
    }

    /// The tenants that have events up to a position, in order.
    ///
    /// # Errors
    /// [`ReadError::Database`], [`ReadError::Corrupt`] for a tenant's name that is none.
    pub async fn tenants(&self, up_to: Position) -> Result<Vec<TenantId>, ReadError> {
        let pool = self.db().pool.clone();
        let names: Vec<String> = self
            .db()
            .run(async move {
                sqlx::query_scalar(include_str!("../sql/tenants.sql"))
                    .bind(up_to.as_i64())
                    .fetch_all(&pool)
                    .await
            })
            .await?;
        let corrupt = |name: &String| ReadError::Corrupt {
            position: up_to,
            reason: format!("`{name}` is no tenant"),
        };
        names
            .iter()
            .map(|name| name.parse().map_err(|_| corrupt(name)))
            .collect()
    }

    /// Where a tenant's first event of some types stands, if it has one up to a position.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn first_of(
        &self,
        tenant: &TenantId,
        types: &[&str],
        up_to: Position,
    ) -> Result<Option<Position>, ReadError> {
        let pool = self.db().pool.clone();
        let tenant = tenant.to_string();
        let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
        let first: Option<i64> = self
            .db()
            .run(async move {
                sqlx::query_scalar(include_str!("../sql/first_of.sql"))
                    .bind(tenant)
                    .bind(types)
                    .bind(up_to.as_i64())
                    .fetch_one(&pool)
                    .await
            })
            .await?;
        Ok(first.map(Position::from_i64))
    }
}

type Sender = mpsc::Sender<Result<Vec<RecomputedRow>, ReadError>>;

async fn compute(pool: &PgPool, asked: Recompute, send: &Sender) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection
        .begin_with("begin isolation level repeatable read, read only")
        .await?;
    sqlx::query(include_str!("../sql/recompute_limits.sql"))
        .bind(format!("{}ms", asked.within.as_millis()))
        .execute(&mut *transaction)
        .await?;
    let mut rows = sqlx::query(asked.sql)
        .bind(asked.tenant.to_string())
        .bind(asked.up_to.as_i64())
        .bind(asked.settings)
        .persistent(false)
        .fetch(&mut *transaction);
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut wanted = true;
    while let Some(row) = rows.try_next().await? {
        chunk.push(RecomputedRow {
            table: row.try_get("table")?,
            key: row.try_get("key")?,
            columns: row.try_get("columns")?,
        });
        if chunk.len() == CHUNK {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            wanted = send.send(Ok(full)).await.is_ok();
        }
        if !wanted {
            break;
        }
    }
    drop(rows);
    if wanted {
        transaction.commit().await?;
        if !chunk.is_empty() {
            send.send(Ok(chunk)).await.ok();
        }
        send.send(Ok(Vec::new())).await.ok();
    } else {
        // What the server still sends is not wanted: give up this connection.
        drop(transaction);
        connection.close_on_drop();
    }
    Ok(())
}
