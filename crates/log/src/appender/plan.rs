//! Which requests of a batch go in, and as which rows: a pure function of the requests and of what
//! the database holds, so that one request's conflict never touches its neighbours.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Actor, ActorKind, NewEvent, Position, StreamId, TenantId};
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended, Idempotency};

/// A stream by its full name.
pub(crate) type StreamKey = (TenantId, StreamId);

/// The answer that an idempotency key has already got.
#[derive(Debug, Clone)]
pub(crate) struct GivenAnswer {
    pub(crate) request_hash: Vec<u8>,
    pub(crate) answer: Appended,
}

/// What the database holds about the streams, keys and ids of a batch.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) versions: HashMap<StreamKey, u32>,
    pub(crate) answers: HashMap<(TenantId, String), GivenAnswer>,
    pub(crate) ids: HashMap<Uuid, (String, String, u32)>,
}

impl Facts {
    pub(crate) fn version(&self, key: &StreamKey) -> u32 {
        self.versions.get(key).copied().unwrap_or(0)
    }
}

/// Rows for `log.events`, column by column as `unnest` wants them.
#[derive(Debug, Default)]
pub(crate) struct EventColumns<'a> {
    pub(crate) id: Vec<Uuid>,
    pub(crate) tenant: Vec<&'a str>,
    pub(crate) stream: Vec<&'a str>,
    pub(crate) version: Vec<i32>,
    pub(crate) event_type: Vec<&'a str>,
    pub(crate) schema: Vec<i32>,
    pub(crate) occurred_at: Vec<DateTime<Utc>>,
    pub(crate) correlation_id: Vec<&'a str>,
    pub(crate) causation_id: Vec<Option<&'a str>>,
    pub(crate) actor_kind: Vec<&'static str>,
    pub(crate) actor_id: Vec<&'a str>,
    pub(crate) data: Vec<&'a str>,
}

impl<'a> EventColumns<'a> {
    pub(crate) fn len(&self) -> usize {
        self.id.len()
    }

    pub(crate) fn push(
        &mut self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        version: u32,
        event: &'a NewEvent,
    ) {
        self.push_place(event.id, tenant, stream, version);
        self.event_type.push(&event.event_type);
        self.schema.push(i32::from(event.schema));
        self.occurred_at.push(event.occurred_at);
        self.correlation_id.push(&event.correlation_id);
        self.causation_id.push(event.causation_id.as_deref());
        self.push_actor(&event.actor);
        self.data.push(event.data.get());
    }

    pub(crate) fn push_place(&mut self, id: Uuid, tenant: &'a TenantId, stream: &'a StreamId, version: u32) {
        self.id.push(id);
        self.tenant.push(tenant.as_str());
        self.stream.push(stream.as_str());
        self.version.push(i32::try_from(version).unwrap_or(i32::MAX));
    }

    pub(crate) fn push_actor(&mut self, actor: &'a Actor) {
        self.actor_kind.push(match actor.kind {
            ActorKind::User => "user",
            ActorKind::Agent => "agent",
            ActorKind::System => "system",
        });
        self.actor_id.push(&actor.id);
    }
}

/// Rows for `log.idempotency`.
#[derive(Debug, Default)]
pub(crate) struct AnswerColumns<'a> {
    pub(crate) tenant: Vec<&'a str>,
    pub(crate) key: Vec<&'a str>,
    pub(crate) request_hash: Vec<&'a [u8]>,
    pub(crate) ahead: Vec<i64>,
    pub(crate) answer: Vec<String>,
}

/// What becomes of one request of the batch.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Written; `ahead` of the base is its position.
    Written { ahead: u64, answer: Appended },
    /// Answered without writing.
    Answered(Appended),
    /// The same command as an earlier request of this batch.
    SameAs(usize),
    /// Not written.
    Refused(AppendError),
}

/// The rows of a batch and the outcome of each request, in the batch's order.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub(crate) events: EventColumns<'a>,
    pub(crate) answers: AnswerColumns<'a>,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Plan<'_> {
    pub(crate) fn writes_nothing(&self) -> bool {
        !self
            .outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Written { .. }))
    }
}

/// Plans a batch: requests in order, the first of two that exclude each other wins.
pub(crate) fn plan<'a>(requests: &[&'a Append], facts: &Facts) -> Plan<'a> {
    let mut planner = Planner {
        facts,
        plan: Plan::default(),
        versions: HashMap::new(),
        keys: HashMap::new(),
        ids: HashSet::new(),
    };
    for (index, request) in requests.iter().enumerate() {
        let outcome = planner.outcome(index, request).unwrap_or_else(Outcome::Refused);
        planner.plan.outcomes.push(outcome);
    }
    planner.plan
}

struct Planner<'f, 'a> {
    facts: &'f Facts,
    plan: Plan<'a>,
    versions: HashMap<StreamKey, u32>,
    keys: HashMap<(&'a TenantId, &'a str), (usize, &'a [u8; 32])>,
    ids: HashSet<Uuid>,
}

impl<'a> Planner<'_, 'a> {
    fn outcome(&mut self, index: usize, request: &'a Append) -> Result<Outcome, AppendError> {
        if let Some(asked) = &request.idempotency
            && let Some(outcome) = self.known_answer(&request.tenant, asked)?
        {
            return Ok(outcome);
        }
        self.ids_are_new(request)?;
        let versions = self.versions_after(request)?;
        Ok(self.write(index, request, versions))
    }

    /// The outcome when the key was used before, in the log or in this batch.
    fn known_answer(
        &self,
        tenant: &'a TenantId,
        asked: &'a Idempotency,
    ) -> Result<Option<Outcome>, AppendError> {
        if let Some(given) = self.facts.answers.get(&(tenant.clone(), asked.key.clone())) {
            return if given.request_hash == asked.request_hash {
                Ok(Some(Outcome::Answered(given.answer.clone())))
            } else {
                Err(AppendError::KeyReused)
            };
        }
        match self.keys.get(&(tenant, asked.key.as_str())) {
            Some((first, hash)) if **hash == asked.request_hash => Ok(Some(Outcome::SameAs(*first))),
            Some(_) => Err(AppendError::KeyReused),
            None => Ok(None),
        }
    }

    fn ids_are_new(&self, request: &Append) -> Result<(), AppendError> {
        let mut own = HashSet::new();
        for event in request.events() {
            if self.facts.ids.contains_key(&event.id) || self.ids.contains(&event.id) || !own.insert(event.id)
            {
                return Err(AppendError::EventExists(event.id));
            }
        }
        Ok(())
    }

    /// The version of each stream of the request before its events, checked against what it expects.
    fn versions_after(&self, request: &Append) -> Result<HashMap<StreamKey, u32>, AppendError> {
        let mut own: HashMap<StreamKey, u32> = HashMap::new();
        for write in &request.writes {
            let key = (request.tenant.clone(), write.stream.clone());
            let current = own
                .get(&key)
                .or_else(|| self.versions.get(&key))
                .copied()
                .unwrap_or_else(|| self.facts.version(&key));
            if !write.expected.holds(current) {
                return Err(AppendError::Conflict {
                    stream: write.stream.clone(),
                    expected: write.expected,
                    current,
                });
            }
            let added =
                u32::try_from(write.events.len()).expect("an append holds a bounded number of events");
            own.insert(key, current + added);
        }
        Ok(own)
    }

    fn write(&mut self, index: usize, request: &'a Append, after: HashMap<StreamKey, u32>) -> Outcome {
        let mut next: HashMap<&StreamId, u32> = HashMap::new();
        for write in &request.writes {
            let key = (request.tenant.clone(), write.stream.clone());
            let before = self
                .versions
                .get(&key)
                .copied()
                .unwrap_or_else(|| self.facts.version(&key));
            let version = next.entry(&write.stream).or_insert(before);
            for event in &write.events {
                *version += 1;
                self.ids.insert(event.id);
                self.plan
                    .events
                    .push(&request.tenant, &write.stream, *version, event);
            }
        }
        let mut streams: Vec<(StreamId, u32)> = Vec::with_capacity(after.len());
        for write in &request.writes {
            if !streams.iter().any(|(stream, _)| *stream == write.stream) {
                streams.push((write.stream.clone(), next[&write.stream]));
            }
        }
        self.versions.extend(after);
        let answer = Appended {
            position: Position::ZERO,
            streams,
            events: request.events().map(|event| event.event_type.clone()).collect(),
            note: request.note.clone(),
            replayed: false,
        };
        let ahead = self.plan.events.len() as u64;
        if let Some(asked) = &request.idempotency {
            self.keys
                .insert((&request.tenant, &asked.key), (index, &asked.request_hash));
            let columns = &mut self.plan.answers;
            columns.tenant.push(request.tenant.as_str());
            columns.key.push(&asked.key);
            columns.request_hash.push(&asked.request_hash);
            columns
                .ahead
                .push(i64::try_from(ahead).expect("a batch holds a bounded number of events"));
            columns.answer.push(answer.keep());
        }
        Outcome::Written { ahead, answer }
    }
}
