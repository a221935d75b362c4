//! What a fold misses, by keys: one query per kind.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_contracts::{Position, TenantId};
use serde_json::value::RawValue;
use sqlx::PgPool;

use super::{PostgresProjection, revision_of, statements::Statements, tenant_of};
use crate::{Found, Lookup, StoreError, StoredRow};

impl PostgresProjection {
    pub(crate) async fn lookup(&self, lookup: Lookup) -> Result<Found, StoreError> {
        let statements = Arc::clone(&self.statements);
        self.db.run(|pool| load(pool, statements, lookup)).await
    }
}

async fn load(pool: PgPool, statements: Arc<Statements>, lookup: Lookup) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let mut connection = pool.acquire().await?;
    if !lookup.docs.is_empty() {
        let (tenants, keys) = split(lookup.docs);
        let docs: Vec<(String, String, String)> = sqlx::query_as(statements.docs.text())
            .bind(tenants)
            .bind(keys)
            .fetch_all(&mut *connection)
            .await?;
        for (tenant, key, doc) in docs {
            found.docs.push((tenant_of(&tenant)?, key, doc));
        }
    }
    let mut tables: BTreeMap<&'static str, Vec<(TenantId, String)>> = BTreeMap::new();
    for (tenant, table, key) in lookup.rows {
        tables.entry(table).or_default().push((tenant, key));
    }
    for (table, wanted) in tables {
        let known = statements.table(table).ok_or_else(|| StoreError::Layout {
            table: table.to_owned(),
            detail: "there is no such table".to_owned(),
        })?;
        let (tenants, keys) = split(wanted);
        let rows: Vec<(String, String, i64, i32, String)> = sqlx::query_as(known.lookup.text())
            .bind(tenants)
            .bind(keys)
            .fetch_all(&mut *connection)
            .await?;
        for (tenant, key, position, revision, body) in rows {
            found
                .rows
                .push((tenant_of(&tenant)?, table, stored(key, position, revision, body)?));
        }
    }
    Ok(found)
}

fn split(keys: Vec<(TenantId, String)>) -> (Vec<String>, Vec<String>) {
    keys.into_iter()
        .map(|(tenant, key)| (tenant.to_string(), key))
        .unzip()
}

pub(super) fn stored(
    key: String,
    position: i64,
    revision: i32,
    body: String,
) -> Result<StoredRow, StoreError> {
    Ok(StoredRow {
        key,
        position: Position::from_i64(position),
        revision: revision_of(revision),
        body: RawValue::from_string(body).map_err(|e| StoreError::Damaged(e.to_string()))?,
    })
}
