//! Consistent reads for those who ask: rows, meta and position of one moment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, TenantId};
use serde_json::value::RawValue;
use sqlx::PgPool;

use super::{PostgresProjection, load::stored, revision_of, statements::Statements};
use crate::{ReadError, RestatementRow, Select, Snapshot, StoreError, control::Serving};

type Stands = (i64, Option<DateTime<Utc>>, Option<String>);
type Rows = Vec<(String, i64, i32, String)>;

impl PostgresProjection {
    /// A snapshot for each selection, all of one moment; they are of one view and tenant.
    pub(crate) async fn snapshots(
        &self,
        serving: &Serving,
        selects: &[Select],
        max: usize,
    ) -> Result<Vec<Snapshot>, ReadError> {
        let unknown = selects
            .iter()
            .find(|select| self.statements.table(&select.table).is_none());
        if let Some(select) = unknown {
            return Err(ReadError::UnknownTable {
                view: select.view.clone(),
                table: select.table.clone(),
            });
        }
        let (statements, wanted) = (Arc::clone(&self.statements), selects.to_vec());
        let (stands, tables) = self.db.run(|pool| read(pool, statements, wanted, max)).await?;
        if tables.iter().any(|rows| rows.len() > max) {
            return Err(ReadError::TooManyRows { max });
        }
        let (position, as_of, meta) = stands;
        let snapshot = |rows: Rows| {
            Ok(Snapshot {
                head: serving.head(Position::from_i64(position), as_of),
                meta: meta.clone().map(raw).transpose()?,
                rows: rows
                    .into_iter()
                    .map(|(key, position, revision, body)| stored(key, position, revision, body))
                    .collect::<Result<_, _>>()?,
            })
        };
        tables.into_iter().map(snapshot).collect()
    }

    pub(crate) async fn restatements(
        &self,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RestatementRow>, StoreError> {
        type Row = (String, String, i64, i32, uuid::Uuid, String, Option<String>);
        let (statements, tenant) = (Arc::clone(&self.statements), tenant.to_string());
        let rows: Vec<Row> = self
            .db
            .run(|pool| async move {
                sqlx::query_as(statements.restatements.text())
                    .bind(tenant)
                    .bind(after.as_i64())
                    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                    .fetch_all(&pool)
                    .await
            })
            .await?;
        rows.into_iter()
            .map(|(table, key, position, revision, cause, before, after)| {
                Ok(RestatementRow {
                    table,
                    key,
                    position: Position::from_i64(position),
                    revision: revision_of(revision),
                    cause,
                    before: Some(raw(before)?),
                    after: after.map(raw).transpose()?,
                })
            })
            .collect()
    }
}

/// All statements see one snapshot of the database.
async fn read(
    pool: PgPool,
    statements: Arc<Statements>,
    selects: Vec<Select>,
    max: usize,
) -> Result<(Stands, Vec<Rows>), sqlx::Error> {
    let mut transaction = pool
        .begin_with("begin isolation level repeatable read, read only")
        .await?;
    let tenant = selects
        .first()
        .map_or("", |select| select.tenant.as_str())
        .to_owned();
    let stands = sqlx::query_as(statements.stands.text())
        .bind(tenant)
        .fetch_one(&mut *transaction)
        .await?;
    let mut tables = Vec::with_capacity(selects.len());
    for select in selects {
        let table = statements
            .table(&select.table)
            .expect("looked up before by the caller");
        let (from, to) = select.span.unzip();
        let rows = sqlx::query_as(table.select.text())
            .bind(select.tenant.as_str())
            .bind(from)
            .bind(to)
            .bind(i64::try_from(max).unwrap_or(i64::MAX).saturating_add(1))
            .fetch_all(&mut *transaction)
            .await?;
        tables.push(rows);
    }
    transaction.commit().await?;
    Ok((stands, tables))
}

fn raw(json: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(|e| StoreError::Damaged(e.to_string()))
}
