//! A verification as an operation: within a bound of time, ended by a shutdown, and recorded
//! however it ends.

use std::time::Duration;

use plimsoll_contracts::TenantId;
use plimsoll_store::{Operation, OperationState};
use uuid::Uuid;

use super::{Plan, VerifyError, VerifyReport, verify};
use crate::engine::Context;

/// Longest time that a verification may take.
const WITHIN: Duration = Duration::from_secs(1_800);

/// What is told of a verification whose process has gone.
pub(crate) const ABANDONED: &str = "the projector that ran it went away before the end; verify again";

/// Verifies and records what was found.
pub(crate) async fn operation(
    plan: &'static Plan,
    tables: &'static [&'static str],
    context: &Context,
    tenant: Option<TenantId>,
    id: Uuid,
) {
    let work = verify(plan, &context.log, &context.stores, tenant, tables);
    let ended = tokio::select! {
        () = context.shutdown.cancelled() => Err("the projector was told to stop; verify again".to_owned()),
        done = tokio::time::timeout(WITHIN, work) => match done {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(format!("it took longer than {} s", WITHIN.as_secs())),
        },
    };
    let (state, error, result) = match ended {
        Ok(report) => {
            log(&report, id);
            (OperationState::Done, None, serde_json::to_value(&report).ok())
        }
        Err(error) => {
            tracing::warn!(view = plan.view, operation = %id, error, "not verified");
            (OperationState::Failed, Some(error), None)
        }
    };
    if let Err(error) = context.stores.finish_operation(id, state, error, result).await {
        tracing::error!(
            view = plan.view, operation = %id,
            error = &error as &dyn std::error::Error,
            "the end of a verification was not recorded"
        );
    }
}

/// Whether a verification that is said to run cannot be running any more.
pub(crate) fn is_abandoned(operation: &Operation) -> bool {
    let age = chrono::Utc::now() - operation.requested_at;
    operation.state == OperationState::Running && age.to_std().is_ok_and(|age| age > 2 * WITHIN)
}

fn log(report: &VerifyReport, id: Uuid) {
    let (view, took_ms, differences) = (&report.view, report.took_ms, report.differences_total);
    if differences == 0 {
        tracing::info!(view, operation = %id, took_ms, cells = report.cells, "verified");
    } else {
        tracing::error!(view, operation = %id, took_ms, differences, "the view is not what the log says");
    }
}

/// An error with its causes, for the person who asked.
fn told(error: &VerifyError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
