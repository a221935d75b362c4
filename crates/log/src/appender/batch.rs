//! One batch: look up, plan, write, answer; and again under the head lock after a lost race.

use std::sync::Arc;
use std::time::Instant;

use plimsoll_contracts::{ImportedEvent, Position};
use sqlx::Connection;
use tokio::sync::oneshot;

use super::{
    plan::{Outcome, Plan, plan},
    write::{Failure, Questions, append_error, facts, failure, write},
};
use crate::{
    append::{Append, AppendError, Appended},
    db::Db,
    import::{self, ImportError, Imported},
    metrics,
    wake::Wake,
};

/// An append and the caller who waits for its answer.
#[derive(Debug)]
pub(crate) struct AppendJob {
    pub(crate) request: Append,
    pub(crate) answer: oneshot::Sender<Result<Appended, AppendError>>,
}

/// An import batch and the caller who waits for its answer.
#[derive(Debug)]
pub(crate) struct ImportJob {
    pub(crate) batch: Vec<ImportedEvent>,
    pub(crate) bytes: usize,
    pub(crate) answer: oneshot::Sender<Result<Imported, ImportError>>,
}

type Answers = Vec<Result<Appended, AppendError>>;

/// Writes a batch of appends and answers every caller.
pub(crate) async fn append(db: &Db, wake: &Wake, jobs: Vec<AppendJob>) {
    let started = Instant::now();
    let requests: Vec<&Append> = jobs.iter().map(|job| &job.request).collect();
    let answers = match attempt(db, &requests).await {
        Ok(answers) => answers,
        Err(error) if requests.len() > 1 && failure(&error) == Failure::Data => {
            one_by_one(db, &requests).await
        }
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                requests = requests.len(),
                "append failed"
            );
            let error = append_error(Arc::new(error));
            requests.iter().map(|_| Err(error.clone())).collect()
        }
    };
    tell(wake, &answers);
    ::metrics::histogram!(metrics::BATCH_REQUESTS)
        .record(f64::from(u32::try_from(jobs.len()).unwrap_or(u32::MAX)));
    ::metrics::histogram!(metrics::BATCH_SECONDS).record(started.elapsed().as_secs_f64());
    tracing::debug!(
        requests = jobs.len(),
        elapsed_us = started.elapsed().as_micros(),
        "batch appended"
    );
    for (job, answer) in jobs.into_iter().zip(answers) {
        // A caller that went away has lost its answer, not its append.
        let _gone = job.answer.send(answer);
    }
}

/// Writes an import batch and answers its caller.
pub(crate) async fn import(db: &Db, wake: &Wake, job: ImportJob) {
    let started = Instant::now();
    let imported = import::append_batch(db, &job.batch).await;
    if let Ok(done) = &imported {
        ::metrics::counter!(metrics::APPENDED_EVENTS).increment(done.appended);
        if done.appended > 0 {
            wake.committed(done.position);
        }
        tracing::debug!(
            appended = done.appended,
            elapsed_us = started.elapsed().as_micros(),
            "batch imported"
        );
    }
    let _gone = job.answer.send(imported);
}

/// First without the head lock; a unique violation means that another process was faster, and then
/// everything is looked at again under the lock, where nobody can be.
async fn attempt(db: &Db, requests: &[&Append]) -> Result<Answers, sqlx::Error> {
    let mut connection = db.pool.acquire().await?;
    let mut questions = questions(requests);
    let ids = std::mem::take(&mut questions.ids);
    let known = facts(&mut connection, &questions).await?;
    let planned = plan(requests, &known);
    if planned.writes_nothing() {
        return Ok(answer(planned, Position::ZERO));
    }
    match write(&mut connection, &planned.events, &planned.answers).await {
        Ok((base, _)) => return Ok(answer(planned, base)),
        Err(error) if failure(&error) == Failure::Race => {}
        Err(error) => return Err(error),
    }
    ::metrics::counter!(metrics::RACES).increment(1);
    questions.ids = ids;
    let mut transaction = connection.begin().await?;
    sqlx::query(include_str!("../../sql/head_lock.sql"))
        .execute(&mut *transaction)
        .await?;
    let known = facts(&mut transaction, &questions).await?;
    let planned = plan(requests, &known);
    let base = if planned.writes_nothing() {
        Position::ZERO
    } else {
        write(&mut transaction, &planned.events, &planned.answers)
            .await?
            .0
    };
    transaction.commit().await?;
    Ok(answer(planned, base))
}

/// The database refused the batch's data without saying whose: each request then stands alone.
async fn one_by_one(db: &Db, requests: &[&Append]) -> Answers {
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        let answer = match attempt(db, &[request]).await {
            Ok(mut alone) => alone.pop().unwrap_or(Err(AppendError::Closed)),
            Err(error) => Err(append_error(Arc::new(error))),
        };
        answers.push(answer);
    }
    answers
}

fn questions(requests: &[&Append]) -> Questions {
    let mut questions = Questions::default();
    for request in requests {
        for write in &request.writes {
            questions
                .streams
                .push((request.tenant.clone(), write.stream.clone()));
        }
        if let Some(asked) = &request.idempotency {
            questions.keys.push((request.tenant.clone(), asked.key.clone()));
        }
        questions.ids.extend(request.events().map(|event| event.id));
    }
    questions
}

fn answer(planned: Plan<'_>, base: Position) -> Answers {
    let mut answers: Answers = Vec::with_capacity(planned.outcomes.len());
    for outcome in planned.outcomes {
        let answer = match outcome {
            Outcome::Written { ahead, answer } => Ok(Appended {
                position: Position::new(base.get() + ahead),
                ..answer
            }),
            Outcome::Answered(answer) => Ok(answer),
            Outcome::SameAs(first) => answers[first].clone().map(|first| Appended {
                replayed: true,
                ..first
            }),
            Outcome::Refused(error) => Err(error),
        };
        answers.push(answer);
    }
    answers
}

/// Counts the batch and wakes the readers, once for all of it.
fn tell(wake: &Wake, answers: &[Result<Appended, AppendError>]) {
    let mut head = Position::ZERO;
    let (mut appended, mut replayed) = (0_u64, 0_u64);
    for answer in answers {
        match answer {
            Ok(done) if done.replayed => replayed += 1,
            Ok(done) => {
                appended += done.events.len() as u64;
                head = head.max(done.position);
            }
            Err(error) => ::metrics::counter!(metrics::REFUSED, "reason" => reason(error)).increment(1),
        }
    }
    ::metrics::counter!(metrics::APPENDED_EVENTS).increment(appended);
    ::metrics::counter!(metrics::REPLAYED).increment(replayed);
    if appended > 0 {
        wake.committed(head);
    }
}

const fn reason(error: &AppendError) -> &'static str {
    match error {
        AppendError::Conflict { .. } => "conflict",
        AppendError::KeyReused => "key-reused",
        AppendError::EventExists(_) => "event-exists",
        AppendError::TooLarge { .. } => "too-large",
        AppendError::Text(_) => "text",
        AppendError::Overloaded => "overloaded",
        AppendError::Refused(_) => "refused",
        AppendError::Unavailable(_) => "unavailable",
        AppendError::Closed => "closed",
    }
}
