//! Reading and changing a tenant's configuration.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Actor, Payload, Position, Problem, TenantConfig, TenantId, config::ConfigChange, problem::FieldError,
};
use plimsoll_log::{Append, AppendError};

use super::{Desk, Failure, IfMatch, ask::Stamp, desk::stream_of};
use crate::{contexts::config::Configuration, domain::Moment, service::Services};

const ATTEMPTS_MAX: usize = 8;

/// A change on its way in.
#[derive(Debug)]
pub(crate) struct ConfigJob {
    pub(crate) tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) correlation_id: Arc<str>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) if_match: Option<IfMatch>,
    pub(crate) change: ConfigChange,
}

/// The configuration and the version of its stream.
pub(crate) async fn read_config(
    services: &Services,
    tenant: &TenantId,
) -> Result<(TenantConfig, u32), Failure> {
    let stream = stream_of::<Configuration>(tenant.as_str())?;
    let mut desk = Desk::new(services, tenant);
    let held = desk.held::<Configuration>(&stream).await?;
    Ok((held.state.current().clone(), held.version))
}

/// Changes the keys that are given; the same change again is no event.
pub(crate) async fn change_config(
    services: &Services,
    job: &ConfigJob,
) -> Result<(TenantConfig, u32, Position), Problem> {
    for _ in 1..ATTEMPTS_MAX {
        match once(services, job).await {
            Err(Attempt::Failed(Failure::Append(AppendError::Conflict { .. }))) if job.if_match.is_none() => {
            }
            Err(Attempt::Failed(failure)) => return Err(failure.problem()),
            Err(Attempt::Invalid(detail)) => {
                return Err(Problem::invalid_command(&[FieldError {
                    pointer: String::new(),
                    detail,
                }]));
            }
            Ok(done) => return Ok(done),
        }
    }
    Err(Problem::unavailable(
        "the configuration is being changed by others; try again",
    ))
}

enum Attempt {
    Failed(Failure),
    Invalid(String),
}

impl<E: Into<Failure>> From<E> for Attempt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn once(services: &Services, job: &ConfigJob) -> Result<(TenantConfig, u32, Position), Attempt> {
    let stream = stream_of::<Configuration>(job.tenant.as_str())?;
    let mut desk = Desk::new(services, &job.tenant);
    let held = desk.held::<Configuration>(&stream).await?;
    let current = held.version;
    if job.if_match.is_some_and(|wanted| !wanted.holds(current)) {
        return Err(Failure::Conflict { stream, current }.into());
    }
    let event = held
        .state
        .change(&job.change)
        .map_err(|error| Attempt::Invalid(error.to_string()))?;
    let moment = Moment {
        at: job.now,
        actor: job.actor.clone(),
    };
    let stamp = Stamp {
        moment,
        correlation_id: job.correlation_id.clone(),
    };
    let events: Vec<Payload> = event.into_iter().map(Payload::from).collect();
    let version = desk.decide::<Configuration>(&stream, events, &stamp).await?;
    let config = desk.held::<Configuration>(&stream).await?.state.current().clone();
    let append = Append {
        tenant: job.tenant.clone(),
        idempotency: None,
        writes: desk.writes,
        note: None,
    };
    let appended = services.log.append(append).await?;
    Ok((config, version, appended.position))
}
