//! The handle on a running projector: what it does, and what persons may ask of it.

use std::sync::Arc;

use plimsoll_contracts::{Epoch, Position, TenantId};
use plimsoll_feed::Publisher;
use plimsoll_log::{Log, ReadError, Tail};
use plimsoll_store::{Operation, OperationState, Phase, StoreError, Stores, VersionRecord};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    OperationStatus, Options, Status,
    engine::Context,
    registry::{Definition, VIEWS},
    status::{Board, operation_status, status},
    verify,
};

/// A handle on a running projector; cheap to clone.
#[derive(Debug, Clone)]
pub struct Projector(Context);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// There is no such projection.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// The projection is paused.
    #[error("{0} is paused; resume it first")]
    Paused(String),
    /// There is no independent path to its rows.
    #[error("{0} has no recomputation to be verified by")]
    NotVerifiable(String),
    /// One verification at a time is enough load for a database.
    #[error("another verification runs; wait for its end")]
    Verifying,
    /// The control tables did not answer.
    #[error("the projections' control tables did not answer")]
    Store(#[from] StoreError),
    /// The log did not answer.
    #[error("the log did not answer")]
    Log(#[from] ReadError),
}

/// Which history the log is of and where it ends, with every projection's status.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The history.
    pub epoch: Epoch,
    /// The log's end.
    pub head: Position,
    /// Every version of every projection, by name and version.
    pub projections: Vec<Status>,
}

impl Projector {
    /// Starts projecting every view of this program until shutdown.
    #[must_use]
    pub fn start(
        options: Options,
        log: Log,
        tail: Tail,
        stores: Stores,
        publisher: Publisher,
        shutdown: CancellationToken,
    ) -> Self {
        let context = Context {
            options,
            log,
            tail,
            stores,
            publisher,
            board: Board::default(),
            asked: watch::Sender::new(0),
            tracker: TaskTracker::new(),
            verifying: Arc::new(Semaphore::new(1)),
            shutdown,
        };
        for definition in VIEWS {
            context.tracker.spawn((definition.supervise)(context.clone()));
        }
        context.tracker.close();
        Self(context)
    }

    /// The names of the views that it projects.
    pub fn views() -> impl Iterator<Item = &'static str> {
        VIEWS.iter().map(|definition| definition.view)
    }

    /// Waits until everything folded is committed and the leases are given back, after shutdown.
    pub async fn stopped(&self) {
        self.0.tracker.wait().await;
    }

    /// The status of every version of one view, or of all.
    ///
    /// # Errors
    /// [`OperateError::Store`], [`OperateError::Log`].
    pub async fn overview(&self, view: Option<&str>) -> Result<Overview, OperateError> {
        let head = self.0.log.head().await?;
        let records = self.0.stores.versions(view).await?;
        let projections = records
            .iter()
            .map(|record| status(record, &self.0.board, &head))
            .collect();
        Ok(Overview {
            epoch: head.epoch,
            head: head.position,
            projections,
        })
    }

    /// Begins to make a view anew beside the version that serves, which goes on serving until the
    /// new one has caught up. While one is being made, this joins it.
    ///
    /// # Errors
    /// [`OperateError`]; a paused view is not rebuilt.
    pub async fn rebuild(&self, view: &str, actor: &str) -> Result<OperationStatus, OperateError> {
        let definition = definition(view)?;
        let records = self.0.stores.versions(Some(view)).await?;
        if records
            .iter()
            .any(|record| record.phase != Phase::Retired && record.paused)
        {
            return Err(OperateError::Paused(view.to_owned()));
        }
        let head = self.0.log.head().await?;
        let version = self
            .0
            .stores
            .begin_version(view, definition.logic, &head.epoch)
            .await?;
        self.record(
            "rebuild",
            view,
            version,
            actor,
            OperationState::Running,
            head.position,
        )
        .await
    }

    /// Stops a view where it is; it goes on serving what it has.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn pause(&self, view: &str, actor: &str) -> Result<OperationStatus, OperateError> {
        self.set_paused(view, actor, true).await
    }

    /// Lets a paused view go on.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn resume(&self, view: &str, actor: &str) -> Result<OperationStatus, OperateError> {
        self.set_paused(view, actor, false).await
    }

    /// Begins to recompute the serving version of a view from the raw log and to compare every
    /// cell, for one tenant or for all. The operation's result is a [`crate::VerifyReport`].
    ///
    /// # Errors
    /// [`OperateError`]; one verification at a time.
    pub async fn verify(
        &self,
        view: &str,
        tenant: Option<TenantId>,
        actor: &str,
    ) -> Result<OperationStatus, OperateError> {
        let definition = definition(view)?;
        let plan = verify::plan(view).ok_or_else(|| OperateError::NotVerifiable(view.to_owned()))?;
        let permit = self.0.verifying.clone().try_acquire_owned();
        let permit = permit.map_err(|_| OperateError::Verifying)?;
        let records = self.0.stores.versions(Some(view)).await?;
        let serving = records.iter().find(|record| record.phase == Phase::Serving);
        let serving = serving.ok_or_else(|| OperateError::Unknown(view.to_owned()))?;
        let (version, head) = (serving.id.version, self.0.log.head().await?);
        let operation = self
            .record(
                "verify",
                view,
                version,
                actor,
                OperationState::Running,
                head.position,
            )
            .await?;
        let (context, id) = (self.0.clone(), operation.id);
        self.0.tracker.spawn(async move {
            verify::operation(plan, definition.tables, &context, tenant, id).await;
            drop(permit);
        });
        Ok(operation)
    }

    /// How an operation goes.
    ///
    /// # Errors
    /// [`OperateError::Store`].
    pub async fn operation(&self, id: Uuid) -> Result<Option<OperationStatus>, OperateError> {
        let Some(operation) = self.0.stores.operation(id).await? else {
            return Ok(None);
        };
        let records = self.0.stores.versions(Some(&operation.view)).await?;
        let record = record_of(&records, operation.version);
        Ok(Some(operation_status(operation, record, &self.0.board)))
    }

    async fn set_paused(
        &self,
        view: &str,
        actor: &str,
        paused: bool,
    ) -> Result<OperationStatus, OperateError> {
        definition(view)?;
        if !self.0.stores.set_paused(view, paused).await? {
            return Err(OperateError::Unknown(view.to_owned()));
        }
        let records = self.0.stores.versions(Some(view)).await?;
        let serving = records.iter().find(|record| record.phase == Phase::Serving);
        let (version, position) =
            serving.map_or((0, Position::ZERO), |r| (r.id.version, r.progress.position));
        let kind = if paused { "pause" } else { "resume" };
        self.record(kind, view, version, actor, OperationState::Done, position)
            .await
    }

    async fn record(
        &self,
        kind: &str,
        view: &str,
        version: u32,
        actor: &str,
        state: OperationState,
        target: Position,
    ) -> Result<OperationStatus, OperateError> {
        let asked = Operation {
            id: Uuid::now_v7(),
            kind: kind.to_owned(),
            view: view.to_owned(),
            version,
            actor: actor.to_owned(),
            state,
            requested_at: chrono::Utc::now(),
            finished_at: None,
            target,
            error: None,
            result: None,
        };
        let recorded = self.0.stores.record_operation(&asked).await?;
        tracing::info!(view, version, actor, kind, operation = %recorded.id, "asked for");
        self.0.asked.send_modify(|count| *count += 1);
        let records = self.0.stores.versions(Some(view)).await?;
        Ok(operation_status(
            recorded,
            record_of(&records, version),
            &self.0.board,
        ))
    }
}

fn definition(view: &str) -> Result<&'static Definition, OperateError> {
    VIEWS
        .iter()
        .find(|definition| definition.view == view)
        .ok_or_else(|| OperateError::Unknown(view.to_owned()))
}

fn record_of(records: &[VersionRecord], version: u32) -> Option<&VersionRecord> {
    records.iter().find(|record| record.id.version == version)
}
