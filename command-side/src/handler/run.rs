//! Carries a request out: all its commands on one desk, in one append.

use plimsoll_contracts::Problem;
use plimsoll_log::{Append, AppendError};

use super::{
    Accepted, Desk, Done, Failure, Job,
    answer::{accepted_note, refused_note},
    ask::Stamp,
    failure::internal,
};
use crate::{domain::Moment, metrics, service::Services};

/// How often a decision is made anew because its stream has moved meanwhile.
const ATTEMPTS_MAX: usize = 16;

/// Carries a request out, or says why not. A refusal by the domain is kept under the request's key
/// like any other answer; every other failure leaves the key free.
pub(crate) async fn run(services: &Services, job: &Job) -> Result<Done, Problem> {
    let mut attempt = 1;
    loop {
        match once(services, job).await {
            Ok(done) => return Ok(done),
            Err(Failure::Append(AppendError::Conflict { .. }))
                if attempt < ATTEMPTS_MAX && job.commands.iter().all(|c| c.if_match.is_none()) =>
            {
                attempt += 1;
                ::metrics::counter!(metrics::RETRIES).increment(1);
            }
            Err(failure) => return Err(failure.problem()),
        }
    }
}

async fn once(services: &Services, job: &Job) -> Result<Done, Failure> {
    let mut desk = Desk::new(services, &job.tenant);
    let mut items = Vec::with_capacity(job.commands.len());
    for (item, given) in job.commands.iter().enumerate() {
        let moment = Moment {
            at: given.occurred_at.unwrap_or(job.now),
            actor: job.actor.clone(),
        };
        let stamp = Stamp {
            moment,
            correlation_id: job.correlation_id.clone(),
        };
        match given.ask.carry_out(&mut desk, &stamp, given.if_match).await {
            Ok(accepted) => items.push(accepted),
            Err(failure) => return refuse(services, job, item, failure).await,
        }
    }
    accept(services, job, desk, &items).await
}

async fn accept(services: &Services, job: &Job, desk: Desk<'_>, items: &[Accepted]) -> Result<Done, Failure> {
    let append = Append {
        tenant: job.tenant.clone(),
        idempotency: Some(job.idempotency.clone()),
        writes: desk.writes,
        note: accepted_note(items),
    };
    answered(services, append).await
}

/// A repeated command may be refused only because its first copy has gone through, so the key has
/// the last word.
async fn refuse(services: &Services, job: &Job, item: usize, failure: Failure) -> Result<Done, Failure> {
    let problem = match &failure {
        Failure::Refused(refusal) if refusal.reason().is_some() => refusal.problem(),
        _ => {
            let (key, hash) = (&job.idempotency.key, &job.idempotency.request_hash);
            let first = services.log.stored_answer(&job.tenant, key, hash).await?;
            return first.as_ref().and_then(Done::of).ok_or(failure);
        }
    };
    let append = Append {
        tenant: job.tenant.clone(),
        idempotency: Some(job.idempotency.clone()),
        writes: Vec::new(),
        note: refused_note(item, &problem),
    };
    answered(services, append).await
}

async fn answered(services: &Services, append: Append) -> Result<Done, Failure> {
    let appended = services.log.append(append).await?;
    Done::of(&appended).ok_or_else(|| {
        Failure::Unavailable(
            "the answer kept under this Idempotency-Key cannot be read; use a new key".to_owned(),
        )
    })
}

/// The problem of a task of ours that died.
pub(crate) fn died(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "a command's task died");
    internal("the command's task died; try again with the same Idempotency-Key")
}
