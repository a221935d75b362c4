//! What a caller hands to the log and what comes back; nothing here touches the database.

use std::sync::Arc;

use plimsoll_contracts::{NewEvent, Position, StreamId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::LogOptions;

/// What a stream must look like for a write to go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything: the events follow whatever is there.
    Any,
    /// The stream does not exist yet.
    NoStream,
    /// The stream's last version is this one (0 is the same as [`Self::NoStream`]).
    Version(u32),
}

impl Expected {
    pub(crate) const fn holds(self, current: u32) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => current == 0,
            Self::Version(version) => version == current,
        }
    }
}

/// Events for one stream.
#[derive(Debug, Clone)]
pub struct StreamWrite {
    /// The stream.
    pub stream: StreamId,
    /// What it must look like.
    pub expected: Expected,
    /// What is added; may be empty when only the expectation is to be checked.
    pub events: Vec<NewEvent>,
}

/// The key under which a command's first answer is kept.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The caller's key, at most 64 characters.
    pub key: String,
    /// Digest of the command; the same key with another digest is refused.
    pub request_hash: [u8; 32],
}

/// One atomic append to one or more streams of a tenant.
#[derive(Debug, Clone)]
pub struct Append {
    /// Whose streams.
    pub tenant: TenantId,
    /// The command's key, if it has one.
    pub idempotency: Option<Idempotency>,
    /// All or none of these are written. May be empty: then only the answer is kept.
    pub writes: Vec<StreamWrite>,
    /// What the caller wants back with a repeated answer, e.g. that it was a refusal.
    pub note: Option<Arc<RawValue>>,
}

/// The answer to an append.
#[derive(Debug, Clone)]
pub struct Appended {
    /// Position of the last event; where no event was written, the log's end at that moment.
    pub position: Position,
    /// Every stream of the append with its version after it.
    pub streams: Vec<(StreamId, u32)>,
    /// Types of the events, in order.
    pub events: Vec<Arc<str>>,
    /// The caller's note.
    pub note: Option<Arc<RawValue>>,
    /// Whether this is the first answer given again; nothing was written then.
    pub replayed: bool,
}

/// Why an append was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version.
    #[error("stream {stream} is at version {current}, expected {expected:?}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What was expected.
        expected: Expected,
        /// Its version now.
        current: u32,
    },
    /// The idempotency key belongs to another command.
    #[error("the idempotency key was used before for another request")]
    KeyReused,
    /// An event with this id is in the log already.
    #[error("an event with id {0} is in the log already")]
    EventExists(Uuid),
    /// More than the log takes at once.
    #[error("{what} is {actual}, the log takes at most {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        actual: usize,
        /// The bound.
        limit: usize,
    },
    /// A text that Postgres cannot hold.
    #[error("{0} holds a character that cannot be stored")]
    Text(&'static str),
    /// Too much is waiting already; try again soon.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The database does not take this request's data; others are not affected.
    #[error("the database refused the events")]
    Refused(#[source] Arc<sqlx::Error>),
    /// The database did not answer, so whether the append is in the log is not known. Try again
    /// with the same idempotency key and event ids.
    #[error("the log's database is not available")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The log is being closed.
    #[error("the log is closed")]
    Closed,
}

/// The answer as it is kept beside its key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptAnswer {
    streams: Vec<(StreamId, u32)>,
    events: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Arc<RawValue>>,
}

impl Appended {
    pub(crate) fn keep(&self) -> String {
        let kept = KeptAnswer {
            streams: self.streams.clone(),
            events: self.events.clone(),
            note: self.note.clone(),
        };
        serde_json::to_string(&kept).expect("ids, numbers and raw JSON always serialize")
    }

    pub(crate) fn replay(position: Position, kept: &str) -> Result<Self, serde_json::Error> {
        let KeptAnswer {
            streams,
            events,
            note,
        } = serde_json::from_str(kept)?;
        Ok(Self {
            position,
            streams,
            events,
            note,
            replayed: true,
        })
    }
}

impl Append {
    /// Bytes of event data.
    pub(crate) fn bytes(&self) -> usize {
        self.events().map(|e| e.data.get().len()).sum::<usize>()
            + self.note.as_ref().map_or(0, |note| note.get().len())
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &NewEvent> {
        self.writes.iter().flat_map(|write| &write.events)
    }

    /// Checks the bounds before anything is queued.
    pub(crate) fn check(&self, options: &LogOptions) -> Result<(), AppendError> {
        within(
            "the number of events",
            self.events().count(),
            options.append_max_events,
        )?;
        within(
            "the number of streams",
            self.writes.len(),
            options.append_max_events,
        )?;
        within("the append in bytes", self.bytes(), options.append_max_bytes)?;
        if let Some(Idempotency { key, .. }) = &self.idempotency {
            within("the idempotency key in bytes", key.len(), 256)?;
            storable("the idempotency key", key)?;
        }
        for event in self.events() {
            within(
                "an event in bytes",
                event.data.get().len(),
                options.event_max_bytes,
            )?;
            storable("the event type", &event.event_type)?;
            storable("the correlation id", &event.correlation_id)?;
            storable(
                "the causation id",
                event.causation_id.as_deref().unwrap_or_default(),
            )?;
            storable("the actor id", &event.actor.id)?;
        }
        Ok(())
    }
}

fn within(what: &'static str, actual: usize, limit: usize) -> Result<(), AppendError> {
    if actual <= limit {
        Ok(())
    } else {
        Err(AppendError::TooLarge { what, actual, limit })
    }
}

/// Postgres' text cannot hold NUL; and these are short names, not documents.
fn storable(what: &'static str, text: &str) -> Result<(), AppendError> {
    within(what, text.len(), 256)?;
    if text.contains('\0') {
        Err(AppendError::Text(what))
    } else {
        Ok(())
    }
}
