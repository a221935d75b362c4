//! Rows of a tenant in key order, a page at a time, all out of one snapshot of the database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, TenantId};
use serde_json::value::RawValue;
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::{PostgresProjection, load::stored, statements::Statements};
use crate::{
    ReadError, StoreError,
    scan::{Piece, SCAN_WITHIN},
};

/// Rows of a page.
const PAGE: i64 = 2_000;

impl PostgresProjection {
    /// Starts a scan; it goes on by itself for as long as somebody takes its pieces.
    pub(crate) fn scan(
        &self,
        view: &str,
        tenant: &TenantId,
        tables: &[&'static str],
        send: mpsc::Sender<Piece>,
    ) -> Result<(), ReadError> {
        if let Some(unknown) = tables.iter().find(|table| self.statements.table(table).is_none()) {
            return Err(ReadError::UnknownTable {
                view: view.to_owned(),
                table: (*unknown).to_owned(),
            });
        }
        let (statements, tables) = (Arc::clone(&self.statements), tables.to_vec());
        let tenant = tenant.to_string();
        self.db.spawn(|pool| async move {
            if let Err(error) = read(pool, &statements, tenant, &tables, &send).await {
                send.send(Piece::Failed(error)).await.ok();
            }
        });
        Ok(())
    }
}

async fn read(
    pool: PgPool,
    statements: &Statements,
    tenant: String,
    tables: &[&'static str],
    send: &mpsc::Sender<Piece>,
) -> Result<(), StoreError> {
    let mut transaction = pool
        .begin_with("begin isolation level repeatable read, read only")
        .await?;
    // Between two pages the transaction waits for its reader.
    sqlx::query(include_str!("../../sql/scan_limits.sql"))
        .bind(format!("{}ms", SCAN_WITHIN.as_millis()))
        .execute(&mut *transaction)
        .await?;
    let (position, as_of, meta): (i64, Option<DateTime<Utc>>, Option<String>) =
        sqlx::query_as(statements.stands.text())
            .bind(&tenant)
            .fetch_one(&mut *transaction)
            .await?;
    let meta = meta.map(RawValue::from_string).transpose();
    let meta = meta.map_err(|e| StoreError::Damaged(e.to_string()))?;
    let mut wanted = send
        .send(Piece::Began((Position::from_i64(position), as_of, meta)))
        .await
        .is_ok();
    for (number, table) in tables.iter().enumerate() {
        let page = &statements
            .table(table)
            .expect("looked up before by the caller")
            .page;
        let mut after = String::new();
        while wanted {
            let rows: Vec<(String, i64, i32, String)> = sqlx::query_as(page.text())
                .bind(&tenant)
                .bind(&after)
                .bind(PAGE)
                .fetch_all(&mut *transaction)
                .await?;
            let Some((last, ..)) = rows.last() else { break };
            after.clone_from(last);
            let rows = rows
                .into_iter()
                .map(|(key, position, revision, body)| stored(key, position, revision, body))
                .collect::<Result<_, _>>()?;
            wanted = send.send(Piece::Rows(number, rows)).await.is_ok();
        }
    }
    transaction.commit().await?;
    if wanted {
        send.send(Piece::End).await.ok();
    }
    Ok(())
}
