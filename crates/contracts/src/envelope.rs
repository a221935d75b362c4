//! The envelope around every event: who, when, where in the log, and the data as it was written.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Payload, PayloadError, Position, StreamId, TenantId, time};

/// What kind of principal acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A person.
    User,
    /// A contact-centre agent.
    Agent,
    /// A process: saga, timer, import.
    System,
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of principal.
    pub kind: ActorKind,
    /// Its id.
    pub id: String,
}

impl Actor {
    /// A process of ours, by name.
    #[must_use]
    pub fn system(id: &str) -> Self {
        Self {
            kind: ActorKind::System,
            id: id.to_owned(),
        }
    }

    /// A person.
    #[must_use]
    pub fn user(id: &str) -> Self {
        Self {
            kind: ActorKind::User,
            id: id.to_owned(),
        }
    }
}

/// An event as the log holds it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    /// Place in the log.
    pub position: Position,
    /// Key for duplicates.
    pub id: Uuid,
    /// Whose it is.
    pub tenant: TenantId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Place in the stream: 1, 2, 3 … without holes.
    pub version: u32,
    /// Name of the event, e.g. `OrderPlaced`.
    #[serde(rename = "type")]
    pub event_type: Arc<str>,
    /// Version of the data's shape.
    pub schema: u16,
    /// Business time: views bucket by it.
    #[serde(with = "time")]
    pub occurred_at: DateTime<Utc>,
    /// When the log took it; never goes back along positions.
    #[serde(with = "time")]
    pub recorded_at: DateTime<Utc>,
    /// The first command's id; the same through a saga.
    pub correlation_id: String,
    /// The event or command that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// Who acted.
    pub actor: Actor,
    /// The event's own fields, as written; unknown ones are kept.
    pub data: Arc<RawValue>,
    /// The decoded data, filled at first use.
    #[serde(skip)]
    pub decoded: Decoded,
}

/// The cache behind [`Event::payload`].
#[derive(Debug, Default)]
pub struct Decoded(OnceLock<Result<Payload, PayloadError>>);

impl Event {
    /// The decoded data; decoding happens once, however many views ask.
    ///
    /// # Errors
    /// [`PayloadError`] when the type is unknown or the data does not have its shape.
    pub fn payload(&self) -> Result<&Payload, &PayloadError> {
        self.decoded
            .0
            .get_or_init(|| Payload::decode(&self.event_type, self.schema, self.data.get()))
            .as_ref()
    }
}

/// An event that a command wants to append; the log adds stream, version, position, `recorded_at`.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Key for duplicates.
    pub id: Uuid,
    /// Name of the event.
    pub event_type: Arc<str>,
    /// Version of the data's shape.
    pub schema: u16,
    /// Business time.
    pub occurred_at: DateTime<Utc>,
    /// The first command's id.
    pub correlation_id: String,
    /// The event or command that led to this one.
    pub causation_id: Option<String>,
    /// Who acted.
    pub actor: Actor,
    /// The event's own fields.
    pub data: Arc<RawValue>,
}

/// A line of `events:import`: an envelope without position and recorded time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportedEvent {
    /// Key for duplicates.
    pub id: Uuid,
    /// Whose it is; the importing token's tenant when left out.
    #[serde(default = "TenantId::main")]
    pub tenant: TenantId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Place in the stream.
    pub version: u32,
    /// Name of the event.
    #[serde(rename = "type")]
    pub event_type: Arc<str>,
    /// Version of the data's shape.
    pub schema: u16,
    /// Business time.
    #[serde(with = "time")]
    pub occurred_at: DateTime<Utc>,
    /// The first command's id.
    pub correlation_id: String,
    /// The event or command that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// Who acted.
    pub actor: Actor,
    /// The event's own fields.
    pub data: Arc<RawValue>,
}

impl ImportedEvent {
    /// The event as the log would hold it at `position`; also how folds are fed without a log.
    #[must_use]
    pub fn at(&self, position: Position, recorded_at: DateTime<Utc>) -> Event {
        Event {
            position,
            id: self.id,
            tenant: self.tenant.clone(),
            stream: self.stream.clone(),
            version: self.version,
            event_type: Arc::clone(&self.event_type),
            schema: self.schema,
            occurred_at: self.occurred_at,
            recorded_at,
            correlation_id: self.correlation_id.clone(),
            causation_id: self.causation_id.clone(),
            actor: self.actor.clone(),
            data: Arc::clone(&self.data),
            decoded: Decoded::default(),
        }
    }
}
