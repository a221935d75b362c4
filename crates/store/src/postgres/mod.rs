//! A projection version in a Postgres schema of its own: typed rows, documents and the checkpoint
//! beside them.

mod commit;
mod load;
mod read;
mod scan;
pub(crate) mod schema;
mod statements;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, TenantId};
use sqlx::{Row, postgres::PgRow};

use crate::{CommitError, Lease, ProjectionId, StoreError, db::Db, projection::Checkpoint};
use statements::Statements;

/// A projection version in Postgres.
#[derive(Debug, Clone)]
pub struct PostgresProjection {
    db: Db,
    id: ProjectionId,
    statements: Arc<Statements>,
}

impl PostgresProjection {
    /// Reads which tables and columns the version has.
    pub(crate) async fn open(db: &Db, id: &ProjectionId) -> Result<Self, StoreError> {
        let schema = schema::name(&id.view, id.version);
        let wanted = schema.clone();
        let columns = db
            .run(|pool| async move { schema::columns(&pool, &wanted).await })
            .await?;
        if columns.is_empty() {
            return Err(StoreError::Gone {
                view: id.view.clone(),
                version: id.version,
            });
        }
        Ok(Self {
            db: db.clone(),
            id: id.clone(),
            statements: Arc::new(Statements::new(&schema, &columns)),
        })
    }

    pub(crate) async fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let statements = Arc::clone(&self.statements);
        let row = self
            .db
            .run(|pool| async move { sqlx::query(statements.checkpoint.text()).fetch_one(&pool).await })
            .await?;
        Ok(checkpoint(&row)?)
    }

    pub(crate) async fn claim(&self, lease: &Lease) -> Result<Checkpoint, CommitError> {
        let (statements, fence) = (Arc::clone(&self.statements), fence(lease));
        let row = self
            .db
            .run(|pool| async move {
                sqlx::query(statements.claim.text())
                    .bind(fence)
                    .fetch_optional(&pool)
                    .await
            })
            .await?;
        let row = row.ok_or(CommitError::Fenced {
            expected: Position::ZERO,
            fence: lease.fence,
        })?;
        let epoch: String = row.try_get("epoch")?;
        if epoch != lease.id.epoch.as_str() {
            return Err(StoreError::OtherEpoch {
                view: self.id.view.clone(),
                version: self.id.version,
                found: epoch.parse().map_err(|_| StoreError::Damaged(epoch.clone()))?,
                wanted: lease.id.epoch.clone(),
            }
            .into());
        }
        Ok(checkpoint(&row)?)
    }

    pub(crate) async fn meta(&self, tenant: &TenantId) -> Result<Option<String>, StoreError> {
        let (statements, tenant) = (Arc::clone(&self.statements), tenant.to_string());
        Ok(self
            .db
            .run(|pool| async move {
                sqlx::query_scalar(statements.meta.text())
                    .bind(tenant)
                    .fetch_optional(&pool)
                    .await
            })
            .await?)
    }

    pub(crate) async fn metas(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let statements = Arc::clone(&self.statements);
        let rows: Vec<(String, String)> = self
            .db
            .run(|pool| async move { sqlx::query_as(statements.metas.text()).fetch_all(&pool).await })
            .await?;
        rows.into_iter()
            .map(|(tenant, meta)| Ok((tenant_of(&tenant)?, meta)))
            .collect()
    }
}

fn checkpoint(row: &PgRow) -> Result<Checkpoint, sqlx::Error> {
    Ok(Checkpoint {
        position: Position::from_i64(row.try_get("position")?),
        as_of: row.try_get::<Option<DateTime<Utc>>, _>("as_of")?,
        fence: u64::try_from(row.try_get::<i64, _>("fence")?).unwrap_or(0),
    })
}

fn fence(lease: &Lease) -> i64 {
    i64::try_from(lease.fence).expect("fences count lease holders and stay below 2^63")
}

fn tenant_of(stored: &str) -> Result<TenantId, StoreError> {
    stored
        .parse()
        .map_err(|_| StoreError::Damaged(format!("tenant `{stored}`")))
}

fn revision_of(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}
