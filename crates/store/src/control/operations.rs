//! What persons asked of projections: recorded, with its progress.

use chrono::{DateTime, Utc};
use plimsoll_contracts::Position;
use serde_json::Value;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

use super::{number, stored_version};
use crate::{StoreError, Stores};

/// Something a person asked of a projection.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: Uuid,
    /// `rebuild`, `pause`, `resume`, `verify`.
    pub kind: String,
    /// Which view.
    pub view: String,
    /// Which version it works on.
    pub version: u32,
    /// Who asked.
    pub actor: String,
    /// How it goes.
    pub state: OperationState,
    /// When it was asked for, by the database's clock.
    pub requested_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The log's end when it was asked for.
    pub target: Position,
    /// Why it failed.
    pub error: Option<String>,
    /// What it found, as JSON.
    pub result: Option<Value>,
}

/// How an operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationState {
    /// It is at work.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed,
}

impl OperationState {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Stores {
    /// Records that a person asked for something; what is done at once is recorded as done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn record_operation(&self, operation: &Operation) -> Result<Operation, StoreError> {
        let operation = operation.clone();
        let row = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/operation_record.sql"))
                    .bind(operation.id)
                    .bind(operation.kind)
                    .bind(operation.view)
                    .bind(stored_version(operation.version))
                    .bind(operation.actor)
                    .bind(operation.state.name())
                    .bind(operation.target.as_i64())
                    .fetch_one(&pool)
                    .await
            })
            .await?;
        Ok(read(&row)?)
    }

    /// Records how a running operation ended, and what it found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish_operation(
        &self,
        id: Uuid,
        state: OperationState,
        error: Option<String>,
        result: Option<Value>,
    ) -> Result<(), StoreError> {
        self.db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/operation_finish.sql"))
                    .bind(id)
                    .bind(state.name())
                    .bind(error)
                    .bind(result.map(|result| result.to_string()))
                    .execute(&pool)
                    .await
            })
            .await?;
        Ok(())
    }

    /// An operation by its id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn operation(&self, id: Uuid) -> Result<Option<Operation>, StoreError> {
        let row = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/operation.sql"))
                    .bind(id)
                    .fetch_optional(&pool)
                    .await
            })
            .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }
}

fn read(row: &PgRow) -> Result<Operation, sqlx::Error> {
    let state: String = row.try_get("state")?;
    let result: Option<String> = row.try_get("result")?;
    Ok(Operation {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        view: row.try_get("view")?,
        version: number(row.try_get("version")?)?,
        actor: row.try_get("actor")?,
        state: match state.as_str() {
            "running" => OperationState::Running,
            "done" => OperationState::Done,
            _ => OperationState::Failed,
        },
        requested_at: row.try_get("requested_at")?,
        finished_at: row.try_get("finished_at")?,
        target: Position::from_i64(row.try_get("target")?),
        error: row.try_get("error")?,
        result: result
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
    })
}
