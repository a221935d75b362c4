//! Looks after all versions of one view: makes the first one, starts a worker for each living one,
//! begins a new one when the fold's code has changed, drops the retired.

use std::collections::BTreeMap;

use plimsoll_contracts::Position;
use plimsoll_store::{Operation, OperationState, Phase, ProjectionId, StoreError, VersionRecord};
use plimsoll_views::View;
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use super::{Context, worker};

struct Running {
    records: watch::Sender<VersionRecord>,
    task: JoinHandle<()>,
}

/// Until shutdown.
pub(crate) async fn supervise<V: View>(context: Context) {
    let mut asked = context.asked.subscribe();
    let mut running: BTreeMap<u32, Running> = BTreeMap::new();
    while !context.shutdown.is_cancelled() {
        if let Err(error) = look::<V>(&context, &mut running).await {
            tracing::warn!(
                view = V::NAME,
                error = &error as &dyn std::error::Error,
                "control tables not read"
            );
        }
        tokio::select! {
            () = context.shutdown.cancelled() => {}
            () = tokio::time::sleep(context.options.control_poll) => {}
            _ = asked.changed() => {}
        }
    }
    for (_, Running { task, .. }) in running {
        if let Err(error) = task.await {
            tracing::error!(
                view = V::NAME,
                error = &error as &dyn std::error::Error,
                "worker ended badly"
            );
        }
    }
}

async fn look<V: View>(context: &Context, running: &mut BTreeMap<u32, Running>) -> Result<(), StoreError> {
    let (stores, epoch) = (&context.stores, context.log.epoch());
    let mut records = stores.versions(Some(V::NAME)).await?;
    if records.is_empty() {
        stores.ensure_first_version(V::NAME, V::VERSION, epoch).await?;
        records = stores.versions(Some(V::NAME)).await?;
    }
    if records.iter().all(|record| record.logic < V::VERSION) {
        begin_for_new_code::<V>(context).await?;
        records = stores.versions(Some(V::NAME)).await?;
    }
    for record in records {
        match record.phase {
            Phase::Retired => {
                running.remove(&record.id.version);
                context.board.forget(&record.id);
                drop_when_due(context, &record).await;
            }
            Phase::Building | Phase::Serving => attend::<V>(context, running, record).await?,
        }
    }
    Ok(())
}

async fn attend<V: View>(
    context: &Context,
    running: &mut BTreeMap<u32, Running>,
    record: VersionRecord,
) -> Result<(), StoreError> {
    let id = record.id.clone();
    if record.logic != V::VERSION {
        tracing::debug!(
            view = V::NAME,
            version = id.version,
            "made by other code; not continued"
        );
        return Ok(());
    }
    if id.epoch != *context.log.epoch() {
        return refuse(context, &id, record.error.as_deref()).await;
    }
    if let Some(held) = running.get(&id.version).filter(|held| !held.task.is_finished()) {
        held.records.send_if_modified(|known| {
            let differs = *known != record;
            *known = record;
            differs
        });
        return Ok(());
    }
    if let Some(Running { task, .. }) = running.remove(&id.version) {
        report_end(context, &id, task).await?;
    }
    let (sender, receiver) = watch::channel(record);
    let task = context
        .tracker
        .spawn(worker::run::<V>(context.clone(), id.clone(), receiver));
    running.insert(
        id.version,
        Running {
            records: sender,
            task,
        },
    );
    Ok(())
}

/// A worker that ended by itself is started again; that it broke must not stay unseen.
async fn report_end(context: &Context, id: &ProjectionId, task: JoinHandle<()>) -> Result<(), StoreError> {
    let Err(error) = task.await else { return Ok(()) };
    tracing::error!(
        view = id.view,
        version = id.version,
        error = &error as &dyn std::error::Error,
        "worker broke; starting it again"
    );
    let told = format!("the worker broke and was started again: {error}");
    context.stores.set_error(id, Some(&told)).await
}

/// A store of another history is never mixed in.
async fn refuse(context: &Context, id: &ProjectionId, known: Option<&str>) -> Result<(), StoreError> {
    let error = StoreError::OtherEpoch {
        view: id.view.clone(),
        version: id.version,
        found: id.epoch.clone(),
        wanted: context.log.epoch().clone(),
    };
    if known.is_none() {
        tracing::error!(error = &error as &dyn std::error::Error, "projection refused");
    }
    context.stores.set_error(id, Some(&error.to_string())).await
}

/// The fold's code is newer than every version: the serving one stays as it is until a new one
/// has been made by the new code.
async fn begin_for_new_code<V: View>(context: &Context) -> Result<(), StoreError> {
    let version = context
        .stores
        .begin_version(V::NAME, V::VERSION, context.log.epoch())
        .await?;
    tracing::info!(
        view = V::NAME,
        version,
        logic = V::VERSION,
        "the fold's code is newer; rebuilding"
    );
    let operation = Operation {
        id: Uuid::now_v7(),
        kind: "rebuild".to_owned(),
        view: V::NAME.to_owned(),
        version,
        actor: "system".to_owned(),
        state: OperationState::Running,
        requested_at: chrono::Utc::now(),
        finished_at: None,
        target: context
            .log
            .head()
            .await
            .map_or(Position::ZERO, |head| head.position),
        error: None,
        result: None,
    };
    context.stores.record_operation(&operation).await.map(drop)
}

async fn drop_when_due(context: &Context, record: &VersionRecord) {
    let due = record
        .retired_for_s
        .is_some_and(|seconds| seconds >= context.options.retired_keep.as_secs_f64());
    if record.dropped || !due {
        return;
    }
    if let Err(error) = context.stores.drop_version(&record.id).await {
        tracing::warn!(
            view = record.id.view,
            version = record.id.version,
            error = &error as &dyn std::error::Error,
            "retired version not dropped yet"
        );
    }
}
