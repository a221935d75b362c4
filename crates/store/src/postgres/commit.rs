//! One commit: rows, documents, metas and the checkpoint in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_contracts::Position;
use sqlx::{PgConnection, PgPool};

use super::{
    PostgresProjection, fence,
    statements::{Statements, TableStatements},
};
use crate::{Commit, CommitError, DocWrite, Lease, MetaWrite, Restatement, RowWrite, StoreError};

impl PostgresProjection {
    pub(crate) async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), CommitError> {
        let (statements, lease) = (Arc::clone(&self.statements), lease.clone());
        self.db.run(|pool| write(pool, statements, lease, commit)).await
    }
}

/// The checkpoint goes first: a worker that has lost its lease then writes nothing at all, and the
/// row's lock keeps two workers' transactions apart.
async fn write(
    pool: PgPool,
    statements: Arc<Statements>,
    lease: Lease,
    commit: Commit,
) -> Result<(), CommitError> {
    let mut transaction = pool.begin().await?;
    let moved = sqlx::query(statements.advance.text())
        .bind(commit.expected.as_i64())
        .bind(fence(&lease))
        .bind(commit.position.as_i64())
        .bind(commit.as_of)
        .execute(&mut *transaction)
        .await?;
    if moved.rows_affected() == 0 {
        transaction.rollback().await?;
        return Err(CommitError::Fenced {
            expected: commit.expected,
            fence: lease.fence,
        });
    }
    for (table, rows) in by_table(commit.rows) {
        let known = statements.table(table).ok_or_else(|| StoreError::Layout {
            table: table.to_owned(),
            detail: "there is no such table".to_owned(),
        })?;
        write_rows(&mut transaction, table, known, rows).await?;
    }
    write_docs(&mut transaction, &statements, commit.docs).await?;
    write_metas(&mut transaction, &statements, &commit.metas).await?;
    write_restatements(&mut transaction, &statements, &commit.restatements).await?;
    transaction.commit().await?;
    Ok(())
}

fn by_table(rows: Vec<RowWrite>) -> BTreeMap<&'static str, Vec<RowWrite>> {
    let mut tables: BTreeMap<&'static str, Vec<RowWrite>> = BTreeMap::new();
    for row in rows {
        tables.entry(row.table).or_default().push(row);
    }
    tables
}

async fn write_rows(
    connection: &mut PgConnection,
    name: &str,
    table: &TableStatements,
    rows: Vec<RowWrite>,
) -> Result<(), CommitError> {
    let (mut tenants, mut keys, mut spans, mut bodies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut positions, mut revisions) = (Vec::new(), Vec::new());
    let (mut gone_tenants, mut gone_keys) = (Vec::new(), Vec::new());
    for row in rows {
        match row.body {
            Some(body) => {
                tenants.push(row.tenant.to_string());
                keys.push(row.key);
                spans.push(row.span);
                positions.push(row.position.as_i64());
                revisions.push(i32::try_from(row.revision).unwrap_or(i32::MAX));
                bodies.push(body);
            }
            None => {
                gone_tenants.push(row.tenant.to_string());
                gone_keys.push(row.key);
            }
        }
    }
    if let Some(body) = bodies.first() {
        fits(name, table, body)?;
        sqlx::query(table.upsert.text())
            .bind(tenants)
            .bind(keys)
            .bind(positions)
            .bind(revisions)
            .bind(spans)
            .bind(bodies)
            .execute(&mut *connection)
            .await?;
    }
    if !gone_keys.is_empty() {
        sqlx::query(table.delete.text())
            .bind(gone_tenants)
            .bind(gone_keys)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Postgres leaves out what it has no column for, so a missing one would lose figures silently.
/// One row of each write is looked at: all rows of a table come from one type.
fn fits(name: &str, table: &TableStatements, body: &str) -> Result<(), StoreError> {
    let refuse = |detail: String| StoreError::Layout {
        table: name.to_owned(),
        detail,
    };
    let fields: BTreeMap<String, serde::de::IgnoredAny> =
        serde_json::from_str(body).map_err(|e| refuse(e.to_string()))?;
    match fields.keys().find(|field| !table.columns.contains(field)) {
        Some(field) => Err(refuse(format!("no column for {field}"))),
        None => Ok(()),
    }
}

async fn write_docs(
    connection: &mut PgConnection,
    statements: &Statements,
    docs: Vec<DocWrite>,
) -> Result<(), sqlx::Error> {
    let (mut tenants, mut keys, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gone_tenants, mut gone_keys) = (Vec::new(), Vec::new());
    for doc in docs {
        match doc.body {
            Some(body) => {
                tenants.push(doc.tenant.to_string());
                keys.push(doc.key);
                bodies.push(body);
            }
            None => {
                gone_tenants.push(doc.tenant.to_string());
                gone_keys.push(doc.key);
            }
        }
    }
    if !keys.is_empty() {
        sqlx::query(statements.docs_upsert.text())
            .bind(tenants)
            .bind(keys)
            .bind(bodies)
            .execute(&mut *connection)
            .await?;
    }
    if !gone_keys.is_empty() {
        sqlx::query(statements.docs_delete.text())
            .bind(gone_tenants)
            .bind(gone_keys)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn write_metas(
    connection: &mut PgConnection,
    statements: &Statements,
    metas: &[MetaWrite],
) -> Result<(), sqlx::Error> {
    if metas.is_empty() {
        return Ok(());
    }
    let tenants: Vec<&str> = metas.iter().map(|meta| meta.tenant.as_str()).collect();
    let bodies: Vec<&str> = metas.iter().map(|meta| meta.body.as_str()).collect();
    sqlx::query(statements.metas_upsert.text())
        .bind(tenants)
        .bind(bodies)
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_restatements(
    connection: &mut PgConnection,
    statements: &Statements,
    all: &[Restatement],
) -> Result<(), sqlx::Error> {
    if all.is_empty() {
        return Ok(());
    }
    let positions: Vec<i64> = all.iter().map(|r| Position::as_i64(r.position)).collect();
    let revisions: Vec<i32> = all
        .iter()
        .map(|r| i32::try_from(r.revision).unwrap_or(i32::MAX))
        .collect();
    sqlx::query(statements.restatements_insert.text())
        .bind(all.iter().map(|r| r.tenant.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|r| r.table).collect::<Vec<_>>())
        .bind(all.iter().map(|r| r.key.as_str()).collect::<Vec<_>>())
        .bind(positions)
        .bind(revisions)
        .bind(all.iter().map(|r| r.cause).collect::<Vec<_>>())
        .bind(all.iter().map(|r| r.before.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|r| r.after.as_deref()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
