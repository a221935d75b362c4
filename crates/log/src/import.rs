//! Bulk import: envelopes that bring their own ids and versions, appended in order, a batch at a
//! time and all or nothing.

use std::{collections::HashMap, sync::Arc};

use plimsoll_contracts::{ImportedEvent, Position};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    LogOptions,
    appender::{AnswerColumns, EventColumns, Facts, Failure, Questions, StreamKey, facts, failure, write},
    db::Db,
    metrics,
};

/// What became of an import batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Events that are new in the log.
    pub appended: u64,
    /// Events that the log had already; nothing was done for them.
    pub repeated: u64,
    /// The log's end after the batch; where nothing was appended, a position at which all the
    /// repeated events were there already.
    pub position: Position,
}

/// Why nothing of an import batch was appended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// One event cannot be appended.
    #[error("event {index} of the batch: {reason}")]
    Event {
        /// Its place in the batch, from 0.
        index: usize,
        /// What is wrong, for the one who made the file.
        reason: String,
    },
    /// More than the log takes at once.
    #[error(
        "the batch holds {events} events and {bytes} bytes, the log takes at most {events_max} and {bytes_max}"
    )]
    TooLarge {
        /// Events in the batch.
        events: usize,
        /// Bytes of event data.
        bytes: usize,
        /// Bound on events.
        events_max: usize,
        /// Bound on bytes.
        bytes_max: usize,
    },
    /// Too much is waiting already; try again soon.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The database refused the data.
    #[error("the database refused the batch")]
    Refused(#[source] Arc<sqlx::Error>),
    /// The database did not answer; importing the same batch again is safe.
    #[error("the log's database is not available")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The log is being closed.
    #[error("the log is closed")]
    Closed,
}

/// Checks the bounds before anything is queued; gives the batch's bytes of data.
pub(crate) fn check(batch: &[ImportedEvent], options: &LogOptions) -> Result<usize, ImportError> {
    let bytes = batch.iter().map(|event| event.data.get().len()).sum();
    if batch.len() > options.import_max_events || bytes > options.import_max_bytes {
        return Err(ImportError::TooLarge {
            events: batch.len(),
            bytes,
            events_max: options.import_max_events,
            bytes_max: options.import_max_bytes,
        });
    }
    for (index, event) in batch.iter().enumerate() {
        let size = event.data.get().len();
        if size > options.event_max_bytes {
            let reason = format!(
                "its data has {size} bytes, at most {} are taken",
                options.event_max_bytes
            );
            return Err(ImportError::Event { index, reason });
        }
        let texts = [&*event.event_type, &event.correlation_id, &event.actor.id];
        let causation = event.causation_id.as_deref().unwrap_or_default();
        if texts
            .into_iter()
            .chain([causation])
            .any(|text| text.len() > 256 || text.contains('\0'))
        {
            let reason =
                "type, correlation_id, causation_id or actor id is longer than 256 bytes or holds NUL"
                    .to_owned();
            return Err(ImportError::Event { index, reason });
        }
        if event.schema == 0 {
            return Err(ImportError::Event {
                index,
                reason: "schema starts at 1".to_owned(),
            });
        }
    }
    Ok(bytes)
}

/// Writes a batch: first without the head lock, after a lost race under it.
pub(crate) async fn append_batch(db: &Db, batch: &[ImportedEvent]) -> Result<Imported, ImportError> {
    let unavailable = |error: sqlx::Error| match failure(&error) {
        Failure::Data => ImportError::Refused(Arc::new(error)),
        Failure::Race | Failure::Unavailable => ImportError::Unavailable(Arc::new(error)),
    };
    let questions = questions(batch);
    let mut connection = db.pool.acquire().await.map_err(unavailable)?;
    let known = first_look(&mut connection, batch, &questions)
        .await
        .map_err(unavailable)?;
    let (events, repeated) = plan(batch, &known)?;
    if events.len() == 0 {
        drop(connection);
        let head = db.head().await.map_err(unavailable)?;
        return Ok(Imported {
            appended: 0,
            repeated,
            position: head.position,
        });
    }
    let no_answers = AnswerColumns::default();
    match write(&mut connection, &events, &no_answers).await {
        Ok((base, _)) => return Ok(imported(base, &events, repeated)),
        Err(error) if failure(&error) == Failure::Race => ::metrics::counter!(metrics::RACES).increment(1),
        Err(error) => return Err(unavailable(error)),
    }
    let mut transaction = connection.begin().await.map_err(unavailable)?;
    sqlx::query(include_str!("../sql/head_lock.sql"))
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let known = facts(&mut transaction, &questions).await.map_err(unavailable)?;
    let (events, repeated) = plan(batch, &known)?;
    let (base, _) = write(&mut transaction, &events, &no_answers)
        .await
        .map_err(unavailable)?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(imported(base, &events, repeated))
}

/// The streams' versions, and only of those ids that can be in the log already: an event that comes
/// next in its stream is new, or the database's unique id says otherwise.
async fn first_look(
    connection: &mut PgConnection,
    batch: &[ImportedEvent],
    questions: &Questions,
) -> Result<Facts, sqlx::Error> {
    let streams = Questions {
        streams: questions.streams.clone(),
        ..Questions::default()
    };
    let mut known = facts(connection, &streams).await?;
    let old = |event: &&ImportedEvent| {
        event.version <= known.version(&(event.tenant.clone(), event.stream.clone()))
    };
    let ids: Vec<Uuid> = batch.iter().filter(old).map(|event| event.id).collect();
    if !ids.is_empty() {
        known.ids = facts(
            connection,
            &Questions {
                ids,
                ..Questions::default()
            },
        )
        .await?
        .ids;
    }
    Ok(known)
}

fn imported(base: Position, events: &EventColumns<'_>, repeated: u64) -> Imported {
    let appended = events.len() as u64;
    Imported {
        appended,
        repeated,
        position: Position::new(base.get() + appended),
    }
}

fn questions(batch: &[ImportedEvent]) -> Questions {
    let mut streams: Vec<StreamKey> = batch
        .iter()
        .map(|event| (event.tenant.clone(), event.stream.clone()))
        .collect();
    streams.sort_unstable();
    streams.dedup();
    Questions {
        streams,
        keys: Vec::new(),
        ids: batch.iter().map(|event| event.id).collect(),
    }
}

/// Which events are new, or the first that cannot be appended.
fn plan<'a>(batch: &'a [ImportedEvent], known: &Facts) -> Result<(EventColumns<'a>, u64), ImportError> {
    let mut versions = known.versions.clone();
    let mut own: HashMap<Uuid, &ImportedEvent> = HashMap::with_capacity(batch.len());
    let mut events = EventColumns::default();
    let mut repeated = 0;
    for (index, event) in batch.iter().enumerate() {
        let wrong = |reason: String| Err(ImportError::Event { index, reason });
        let taken = known
            .ids
            .get(&event.id)
            .map(|(tenant, stream, version)| (tenant.as_str(), stream.as_str(), *version));
        let taken = taken.or_else(|| own.get(&event.id).map(|first| place(first)));
        if let Some(taken) = taken {
            if taken == place(event) {
                repeated += 1;
                continue;
            }
            return wrong(format!("id {} belongs to another event already", event.id));
        }
        let version = versions
            .entry((event.tenant.clone(), event.stream.clone()))
            .or_insert(0);
        if event.version != *version + 1 {
            return wrong(format!(
                "version {} of stream {} cannot follow: the next one is {}",
                event.version,
                event.stream,
                *version + 1
            ));
        }
        *version = event.version;
        own.insert(event.id, event);
        push(&mut events, event);
    }
    Ok((events, repeated))
}

fn place(event: &ImportedEvent) -> (&str, &str, u32) {
    (event.tenant.as_str(), event.stream.as_str(), event.version)
}

fn push<'a>(events: &mut EventColumns<'a>, event: &'a ImportedEvent) {
    events.push_place(event.id, &event.tenant, &event.stream, event.version);
    events.event_type.push(&event.event_type);
    events.schema.push(i32::from(event.schema));
    events.occurred_at.push(event.occurred_at);
    events.correlation_id.push(&event.correlation_id);
    events.causation_id.push(event.causation_id.as_deref());
    events.push_actor(&event.actor);
    events.data.push(event.data.get());
}
