//! The answer of a cohort as last told: rows with the position that last touched each, keys that
//! left, and the frames that led here. Everything in it is of one moment.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Epoch, Position,
    wire::{Delta, Progress, RawRow, ResetReason, ServerFrame, StaleInfo, StaleReason},
};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::ring::Ring;
use crate::{options::CohortOptions, registry::AnswerRows};

/// Bounds of a snapshot part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartBounds {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

/// Where a reading or a change leaves the view.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) epoch: Epoch,
    pub(crate) version: u32,
    pub(crate) position: Position,
    pub(crate) as_of: Option<DateTime<Utc>>,
}

/// A row of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) json: RawRow,
    /// The last position whose frame holds this row.
    pub(crate) touched: Position,
}

/// How far a client has come in a cohort.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    pub(crate) generation: u64,
    /// Number of the next frame.
    pub(crate) next: u64,
    pub(crate) have: Position,
    pub(crate) version: u32,
    pub(crate) told: Option<(StaleReason, DateTime<Utc>)>,
}

/// The answer as last told.
#[derive(Debug)]
pub(crate) struct Latest {
    pub(crate) topic: u64,
    /// Rises when what clients hold cannot be continued; why it last did.
    pub(crate) generation: u64,
    pub(crate) reset: ResetReason,
    pub(crate) epoch: Epoch,
    pub(crate) version: u32,
    /// Processed up to here.
    pub(crate) position: Position,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The position of the newest frame, and what it said of the time.
    pub(crate) said: Position,
    pub(crate) said_as_of: Option<DateTime<Utc>>,
    /// The last position that changed the answer.
    pub(crate) changed: Position,
    pub(crate) rows: BTreeMap<Arc<str>, Entry>,
    /// The question's order, where it is not that of the keys.
    pub(crate) order: Option<Vec<Arc<str>>>,
    /// Keys that left, by the position at which they did.
    pub(crate) tombstones: VecDeque<(Position, Arc<str>)>,
    /// Differences can be told from here on.
    pub(crate) floor: Position,
    /// A cursor of an earlier connection is believed from here on.
    pub(crate) resumable_from: Position,
    pub(crate) ring: Ring,
    pub(crate) standing: Option<StaleInfo>,
    pub(crate) parked: u64,
    /// The answer changes with time alone, so that a position does not tell which one it is.
    pub(crate) moves: bool,
    pub(crate) snapshot: Option<(Position, Arc<[Utf8Bytes]>)>,
    tombstones_max: usize,
}

impl Latest {
    pub(crate) fn new(topic: u64, start: Start, options: &CohortOptions) -> Self {
        Self {
            topic,
            generation: 0,
            reset: ResetReason::Epoch,
            epoch: start.epoch,
            version: start.version,
            position: start.position,
            as_of: start.as_of,
            said: start.position,
            said_as_of: start.as_of,
            changed: start.position,
            rows: BTreeMap::new(),
            order: None,
            tombstones: VecDeque::new(),
            floor: start.position,
            resumable_from: start.position,
            ring: Ring::new(options.ring_max_bytes, options.ring_max_age),
            standing: None,
            parked: 0,
            moves: false,
            snapshot: None,
            tombstones_max: options.tombstones_max,
        }
    }

    /// Begins anew: what clients hold cannot be continued.
    pub(crate) fn begin_again(&mut self, reason: ResetReason, start: Start) {
        self.generation += 1;
        self.reset = reason;
        (self.epoch, self.version) = (start.epoch, start.version);
        (self.position, self.said, self.floor, self.changed) =
            (start.position, start.position, start.position, start.position);
        // Who comes back with this very position may hold what was said before.
        self.resumable_from = start.position.next();
        (self.as_of, self.said_as_of) = (start.as_of, start.as_of);
        self.rows.clear();
        self.order = None;
        self.tombstones.clear();
        self.ring.clear();
        self.snapshot = None;
    }

    /// The first answer, or the first after [`Self::begin_again`]: no frame tells of it.
    pub(crate) fn fill(&mut self, answer: AnswerRows) {
        let at = self.position;
        self.put(answer, at);
        self.tombstones.clear();
    }

    /// The view has come to a position without touching this answer.
    pub(crate) fn advance(&mut self, position: Position, as_of: Option<DateTime<Utc>>) {
        if position > self.position {
            self.position = position;
            self.as_of = as_of;
        }
    }

    /// Whether an answer at the position reached would differ from this one.
    pub(crate) fn differs(&self, answer: &AnswerRows) -> bool {
        let is_new =
            |key: &str, json: &RawRow| self.rows.get(key).is_none_or(|old| old.json.get() != json.get());
        match answer {
            AnswerRows::Whole(rows) => {
                rows.len() != self.rows.len() || rows.iter().any(|row| is_new(&row.key, &row.json))
            }
            AnswerRows::Touched(rows) => rows.iter().any(|(key, row)| match row {
                Some(row) => is_new(&row.key, &row.json),
                None => self.rows.contains_key(key),
            }),
        }
    }

    /// Takes a newer answer and makes one delta of the difference; `false` = there was none.
    pub(crate) fn tell(&mut self, answer: AnswerRows, folded: u64, now: Instant) -> bool {
        let (upsert, remove) = self.put(answer, self.position);
        if upsert.is_empty() && remove.is_empty() {
            return false;
        }
        self.changed = self.position;
        let frame = ServerFrame::Delta(Delta {
            topic: self.topic,
            base: self.said,
            position: self.position,
            as_of: self.as_of,
            upsert,
            remove,
            folded,
            traceparent: None,
        });
        self.say(&frame, now);
        true
    }

    /// One frame that says: nothing changed up to the position reached.
    pub(crate) fn tell_progress(&mut self, now: Instant) {
        let frame = ServerFrame::Progress(Progress {
            topic: self.topic,
            position: self.position,
            as_of: self.as_of,
        });
        self.say(&frame, now);
    }

    /// Rows in the question's order.
    pub(crate) fn in_order(&self) -> Vec<(&Arc<str>, &Entry)> {
        match &self.order {
            None => self.rows.iter().collect(),
            Some(order) => order
                .iter()
                .filter_map(|key| self.rows.get_key_value(key))
                .collect(),
        }
    }

    /// A short name for the rows themselves, where the position of the last change does not name
    /// them: the same on every node.
    pub(crate) fn digest(&self) -> Option<String> {
        self.moves.then(|| {
            let mut hash = Sha256::new();
            for (_, entry) in self.in_order() {
                hash.update(entry.json.get());
            }
            let digest = hash.finalize();
            digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
        })
    }

    fn say(&mut self, frame: &ServerFrame, now: Instant) {
        (self.said, self.said_as_of) = (self.position, self.as_of);
        self.ring.push(self.position, encode(frame), now);
    }

    /// Puts an answer in; what became different.
    fn put(&mut self, answer: AnswerRows, at: Position) -> (Vec<RawRow>, Vec<String>) {
        let mut upsert = Vec::new();
        let mut gone: Vec<Arc<str>> = Vec::new();
        match answer {
            AnswerRows::Touched(touched) => {
                for (key, row) in touched {
                    match row {
                        Some(row) => upsert.extend(self.upsert(row.key, row.json, at)),
                        None => gone.push(key),
                    }
                }
            }
            AnswerRows::Whole(rows) => {
                let order: Vec<Arc<str>> = rows.iter().map(|row| Arc::clone(&row.key)).collect();
                let mut kept: Vec<&Arc<str>> = order.iter().collect();
                kept.sort_unstable();
                gone = self
                    .rows
                    .keys()
                    .filter(|key| kept.binary_search(key).is_err())
                    .cloned()
                    .collect();
                for row in rows {
                    upsert.extend(self.upsert(row.key, row.json, at));
                }
                self.order = (!order.is_sorted()).then_some(order);
            }
        }
        let mut remove = Vec::new();
        for key in gone {
            if self.rows.remove(&key).is_some() {
                remove.push(key.to_string());
                self.bury(key, at);
            }
        }
        if !(upsert.is_empty() && remove.is_empty()) {
            self.snapshot = None;
        }
        (upsert, remove)
    }

    fn upsert(&mut self, key: Arc<str>, json: RawRow, at: Position) -> Option<RawRow> {
        if self
            .rows
            .get(&key)
            .is_some_and(|old| old.json.get() == json.get())
        {
            return None;
        }
        self.rows.insert(
            key,
            Entry {
                json: Arc::clone(&json),
                touched: at,
            },
        );
        Some(json)
    }

    fn bury(&mut self, key: Arc<str>, at: Position) {
        self.tombstones.push_back((at, key));
        if self.tombstones.len() > self.tombstones_max
            && let Some((forgotten, _)) = self.tombstones.pop_front()
        {
            self.floor = self.floor.max(forgotten);
        }
    }
}

/// A frame as text.
pub(crate) fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame)
        .expect("a frame is strings, numbers and JSON that was JSON before")
        .into()
}
