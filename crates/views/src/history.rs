//! What happened to one thing (an order, a product, a payment): its events, deduplicated by id,
//! in canonical order (G4). A fold keeps it as a document and refolds it whenever one arrives.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{Event, Position, StreamId, TenantConfig, time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ParkedEntry;

/// Events in canonical order: `occurred_at`, stream, version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History<R> {
    facts: Vec<Fact<R>>,
}

/// One event, as far as a view needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fact<R> {
    /// Its id.
    pub event: Uuid,
    /// Business time.
    #[serde(with = "time")]
    pub occurred_at: DateTime<Utc>,
    stream: StreamId,
    version: u32,
    position: Position,
    /// Business date and hour, by the configuration under which the event arrived.
    pub bucket: Bucket,
    /// What it says.
    pub recorded: R,
}

/// Business date and wall hour of an instant (G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Business date.
    pub date: NaiveDate,
    /// Wall hour 0–23.
    pub hour: u8,
}

impl Bucket {
    fn of(at: DateTime<Utc>, config: &TenantConfig) -> Self {
        Self {
            date: config.business_date(at),
            hour: u8::try_from(config.wall_hour(at)).unwrap_or(0),
        }
    }
}

impl<R> Default for History<R> {
    fn default() -> Self {
        Self { facts: Vec::new() }
    }
}

impl<R: Clone> History<R> {
    /// The history with one more event; none when it is there already (G4).
    pub(crate) fn with(&self, event: &Event, recorded: R, config: &TenantConfig) -> Option<Self> {
        if self.facts.iter().any(|fact| fact.event == event.id) {
            return None;
        }
        let fact = Fact {
            event: event.id,
            occurred_at: event.occurred_at,
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            bucket: Bucket::of(event.occurred_at, config),
            recorded,
        };
        let mut facts = self.facts.clone();
        let at = facts.partition_point(|known| known.canonical() <= fact.canonical());
        facts.insert(at, fact);
        Some(Self { facts })
    }
}

impl<R> History<R> {
    /// The events in canonical order.
    pub(crate) fn facts(&self) -> &[Fact<R>] {
        &self.facts
    }
}

impl<R> Fact<R> {
    /// What canonical order compares.
    pub(crate) fn canonical(&self) -> (DateTime<Utc>, &StreamId, u32, Uuid) {
        (self.occurred_at, &self.stream, self.version, self.event)
    }

    /// This event as one that waits for `key`.
    pub(crate) fn parked(&self, key: &str, reason: &str) -> ParkedEntry {
        ParkedEntry {
            key: key.to_owned(),
            event: self.event,
            reason: reason.to_owned(),
            position: self.position,
            occurred_at: self.occurred_at,
        }
    }
}
