//! The two statements of an append: look up what the batch must know, then write it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::Position;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::plan::{AnswerColumns, EventColumns, Facts, GivenAnswer, StreamKey};
use crate::append::{AppendError, Appended};

/// What to look up.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    pub(crate) streams: Vec<StreamKey>,
    pub(crate) keys: Vec<(plimsoll_contracts::TenantId, String)>,
    pub(crate) ids: Vec<Uuid>,
}

/// Looks everything up in one round trip.
pub(crate) async fn facts(
    connection: &mut PgConnection,
    questions: &Questions,
) -> Result<Facts, sqlx::Error> {
    let (stream_tenants, streams): (Vec<&str>, Vec<&str>) = questions
        .streams
        .iter()
        .map(|(tenant, stream)| (tenant.as_str(), stream.as_str()))
        .unzip();
    let (key_tenants, keys): (Vec<&str>, Vec<&str>) = questions
        .keys
        .iter()
        .map(|(tenant, key)| (tenant.as_str(), key.as_str()))
        .unzip();
    let rows = sqlx::query(include_str!("../../sql/facts.sql"))
        .bind(stream_tenants)
        .bind(streams)
        .bind(key_tenants)
        .bind(keys)
        .bind(&questions.ids)
        .fetch_all(connection)
        .await?;
    let mut facts = Facts::default();
    for row in &rows {
        note(&mut facts, questions, row)?;
    }
    Ok(facts)
}

fn note(facts: &mut Facts, questions: &Questions, row: &PgRow) -> Result<(), sqlx::Error> {
    let (kind, ord, number): (i32, i64, i64) =
        (row.try_get("kind")?, row.try_get("ord")?, row.try_get("number")?);
    let index = usize::try_from(ord - 1).map_err(decode)?;
    match kind {
        0 => {
            facts.versions.insert(
                questions.streams[index].clone(),
                u32::try_from(number).map_err(decode)?,
            );
        }
        1 => {
            let kept: &str = row.try_get("answer")?;
            let answer = Appended::replay(Position::from_i64(number), kept).map_err(decode)?;
            let given = GivenAnswer {
                request_hash: row.try_get("hash")?,
                answer,
            };
            facts.answers.insert(questions.keys[index].clone(), given);
        }
        _ => {
            let place = (
                row.try_get("tenant")?,
                row.try_get("stream")?,
                u32::try_from(number).map_err(decode)?,
            );
            facts.ids.insert(questions.ids[index], place);
        }
    }
    Ok(())
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// Writes the rows and moves the head, in one statement; gives the position before the first row
/// and the time at which the log took them.
pub(crate) async fn write(
    connection: &mut PgConnection,
    events: &EventColumns<'_>,
    answers: &AnswerColumns<'_>,
) -> Result<(Position, DateTime<Utc>), sqlx::Error> {
    let count = i64::try_from(events.len()).map_err(decode)?;
    let row = sqlx::query(include_str!("../../sql/append.sql"))
        .bind(count)
        .bind(&events.id)
        .bind(&events.tenant)
        .bind(&events.stream)
        .bind(&events.version)
        .bind(&events.event_type)
        .bind(&events.schema)
        .bind(&events.occurred_at)
        .bind(&events.correlation_id)
        .bind(&events.causation_id)
        .bind(&events.actor_kind)
        .bind(&events.actor_id)
        .bind(&events.data)
        .bind(&answers.tenant)
        .bind(&answers.key)
        .bind(&answers.request_hash)
        .bind(&answers.ahead)
        .bind(&answers.answer)
        .fetch_one(connection)
        .await?;
    Ok((
        Position::from_i64(row.try_get("base")?),
        row.try_get("recorded_at")?,
    ))
}

/// What a failed write means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another process wrote the same version, key or id first.
    Race,
    /// The database does not take this data.
    Data,
    /// The database did not answer, or is busy.
    Unavailable,
}

/// Reads the error's SQL state.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    let Some(database) = error.as_database_error() else {
        return if matches!(error, sqlx::Error::Encode(_)) {
            Failure::Data
        } else {
            Failure::Unavailable
        };
    };
    if database.is_unique_violation() {
        return Failure::Race;
    }
    match database.code().as_deref() {
        Some(code) if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => Failure::Data,
        _ => Failure::Unavailable,
    }
}

/// The error that every caller of a failed write gets.
pub(crate) fn append_error(error: Arc<sqlx::Error>) -> AppendError {
    match failure(&error) {
        Failure::Data => AppendError::Refused(error),
        Failure::Race | Failure::Unavailable => AppendError::Unavailable(error),
    }
}
