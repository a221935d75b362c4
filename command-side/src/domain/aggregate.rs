//! An aggregate as two pure functions, and the fold that loads it from the log.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Actor, Event, Payload};
use plimsoll_log::{Fold, SnapshotPolicy};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{CommandSet, Refusal};

/// The events that a command leads to; none where it changes nothing.
pub(crate) type Decision = Result<Vec<Payload>, Refusal>;

/// When and by whom a command is given; both come from outside.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// Business time of the events.
    pub(crate) at: DateTime<Utc>,
    /// Who acts.
    pub(crate) actor: Actor,
}

/// A consistency boundary: one stream, decided and folded by pure functions.
pub(crate) trait Aggregate:
    Default + Serialize + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static
{
    /// Category of its streams.
    const CATEGORY: &'static str;
    /// When its state is kept as a snapshot.
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::NEVER;
    /// Version of the state's shape.
    const SCHEMA: u16 = 1;
    /// What one may ask of it.
    type Command: CommandSet;
    /// What a decision must know of other streams, looked up by the handler. A fact may be out of
    /// date by the time the events are written: only the written stream's version is checked.
    type Facts: Default + Send + Sync;

    /// What the command leads to in this state.
    fn decide(&self, command: &Self::Command, facts: &Self::Facts, moment: &Moment) -> Decision;

    /// Takes one event in. Events of imports obey no command rules, so any may come at any time.
    fn evolve(&mut self, event: &Payload, at: DateTime<Utc>);
}

/// An aggregate as the log folds it: what cannot be read is kept as such, never skipped.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Folded<A: Aggregate> {
    /// The state.
    pub(crate) state: A,
    /// Version of the first event that could not be read, and why.
    #[serde(default)]
    pub(crate) damage: Option<(u32, String)>,
}

impl<A: Aggregate> Fold for Folded<A> {
    const KIND: &'static str = A::CATEGORY;
    const SCHEMA: u16 = A::SCHEMA;
    const SNAPSHOT: SnapshotPolicy = A::SNAPSHOT;

    fn evolve(&mut self, event: &Event) {
        match event.payload() {
            Ok(payload) => self.state.evolve(payload, event.occurred_at),
            Err(error) if self.damage.is_none() => self.damage = Some((event.version, error.to_string())),
            Err(_) => {}
        }
    }
}
