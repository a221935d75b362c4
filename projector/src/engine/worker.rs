//! A worker: waits for the lease on one version, works as long as it holds it, and again.

use std::time::Duration;

use plimsoll_store::{CommitError, Lease, Phase, ProjectionId, StoreError, VersionRecord};
use plimsoll_views::View;
use tokio::sync::watch;

use super::{Context, EngineError, care::Care, tenure::Tenure};
use crate::metrics;

/// Longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(5);
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(100);

/// How a worker's time with a lease ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The service stops.
    Stopped,
    /// The version was retired.
    Retired,
}

/// Until the version is retired or the service stops.
pub(super) async fn run<V: View>(
    context: Context,
    id: ProjectionId,
    mut records: watch::Receiver<VersionRecord>,
) {
    let (mut pause, mut care) = (PAUSE_MIN, Care::default());
    loop {
        if context.shutdown.is_cancelled() || records.borrow_and_update().phase == Phase::Retired {
            return;
        }
        let wait = match acquire(&context, &id).await {
            Ok(None) => context.options.lease_ttl / 5,
            Ok(Some(lease)) => {
                match Tenure::<V>::work(&context, &lease, &mut records, &mut pause, &care).await {
                    Ok(Ended::Stopped | Ended::Retired) => {
                        give_back(&context, &lease).await;
                        return;
                    }
                    Err(error) if care.learn(&error) => {
                        tracing::warn!(
                            view = V::NAME,
                            version = id.version,
                            error = error.told(),
                            "commit refused; looking for the event at fault"
                        );
                        Duration::ZERO
                    }
                    Err(error) => {
                        failed(&context, &lease, &error).await;
                        backed_off(&mut pause)
                    }
                }
            }
            Err(error) => {
                tracing::warn!(
                    view = V::NAME,
                    version = id.version,
                    error = &error as &dyn std::error::Error,
                    "no lease"
                );
                backed_off(&mut pause)
            }
        };
        tokio::select! {
            () = context.shutdown.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            changed = records.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn acquire(context: &Context, id: &ProjectionId) -> Result<Option<Lease>, StoreError> {
    context
        .stores
        .acquire(id, &context.options.owner, context.options.lease_ttl)
        .await
}

async fn give_back(context: &Context, lease: &Lease) {
    if let Err(error) = context.stores.release(lease).await {
        tracing::warn!(
            view = lease.id.view,
            error = &error as &dyn std::error::Error,
            "lease not given back; it runs out by itself"
        );
    }
}

async fn failed(context: &Context, lease: &Lease, error: &EngineError) {
    let id = &lease.id;
    if matches!(error, EngineError::Commit(CommitError::Fenced { .. })) {
        ::metrics::counter!(metrics::FENCED, "view" => id.view.clone()).increment(1);
        tracing::info!(
            view = id.view,
            version = id.version,
            "stepping down: another worker or a reset store"
        );
        return;
    }
    ::metrics::counter!(metrics::FAILURES, "view" => id.view.clone()).increment(1);
    tracing::warn!(
        view = id.view,
        version = id.version,
        error = error as &dyn std::error::Error,
        "projection interrupted"
    );
    if !error.is_transient()
        && let Err(error) = context.stores.set_error(id, Some(&error.told())).await
    {
        tracing::warn!(
            view = id.view,
            error = &error as &dyn std::error::Error,
            "failure not recorded"
        );
    }
}

fn backed_off(pause: &mut Duration) -> Duration {
    let wait = *pause;
    *pause = (*pause * 2).min(PAUSE_MAX);
    wait
}
