//! Watching one row of an answer while a tenant's events are folded: what each of them changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, InvalidParameter, Position, TenantConfig, wire::ExplainedChange};
use plimsoll_store::StoredRow as RawStoredRow;
use plimsoll_views::{
    AnswerContext, AnswerRow, Params, Row as _, StoredRow, View, ViewQuery as _, Workspace, fold::Key,
    query::Own,
};
use serde_json::{Map, Value};

/// Which row of which question is watched, and which of its changes are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// The question's canonical parameters.
    pub(crate) params: Params,
    /// For whom.
    pub(crate) own: Own,
    /// The row's key in the answer.
    pub(crate) key: String,
    /// Changes after this position.
    pub(crate) after: Position,
    /// At most so many.
    pub(crate) limit: usize,
}

/// A watch over some view.
pub(crate) trait Watch: Send {
    /// Folds further events, in log order, and notes what they change in the row.
    fn fold(&mut self, events: &[Event]);
    /// Whether the stored rows behind the watched one, and only these, are what was folded.
    fn agrees(&self, stored: &[RawStoredRow]) -> bool;
    /// The row as it stands and its changes, by a clock.
    fn finish(&self, now: DateTime<Utc>) -> Seen;
}

/// What was seen of a row.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The row as it stands.
    pub(crate) row: Option<AnswerRow>,
    /// Its changes, as many as were wanted.
    pub(crate) changes: Vec<ExplainedChange>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// Begins to watch a row of a view.
pub(crate) fn watch<V: View>(watched: Watched) -> Result<Box<dyn Watch>, InvalidParameter> {
    let query = V::Query::parse(&watched.params)?;
    Ok(Box::new(TypedWatch::<V> {
        table: query.table(),
        is_plain: query.row_by_row(),
        query,
        watched,
        workspace: Workspace::in_memory(TenantConfig::default()),
        members: BTreeMap::new(),
        last: None,
        changes: Vec::new(),
        more: false,
    }))
}

struct TypedWatch<V: View> {
    query: V::Query,
    table: &'static str,
    /// The row is a stored one, and not made of several.
    is_plain: bool,
    watched: Watched,
    workspace: Workspace<V>,
    /// Stored rows that were asked whether they belong to the watched one.
    members: BTreeMap<Key, bool>,
    /// The row before the next event; none until it is asked for.
    last: Option<Option<AnswerRow>>,
    changes: Vec<ExplainedChange>,
    more: bool,
}

impl<V: View> TypedWatch<V> {
    fn take(&mut self, event: &Event) {
        let is_wanted = event.position > self.watched.after && !self.more;
        if is_wanted && self.last.is_none() {
            self.last = Some(self.row(event.recorded_at));
        }
        self.workspace
            .fold_or_park(event)
            .expect("a workspace without a store misses nothing");
        let touched = self.workspace.take_touched();
        let mut is_touched = false;
        for (table, key) in touched {
            is_touched |= table == self.table && self.is_member(&key);
        }
        if is_touched && is_wanted {
            self.note(event);
        }
    }

    fn note(&mut self, event: &Event) {
        let after = self.row(event.recorded_at);
        let before = self.last.replace(after.clone()).flatten();
        if before.is_none() && after.is_none() {
            return;
        }
        if self.changes.len() == self.watched.limit {
            self.more = true;
            return;
        }
        let facts = self.facts(event);
        let revision = after.as_ref().map(|row| row.revision);
        let (before, after) = difference(before, after);
        self.changes.push(ExplainedChange {
            position: event.position,
            event_id: event.id,
            event_type: event.event_type.to_string(),
            stream: event.stream.clone(),
            version: event.version,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            actor: event.actor.clone(),
            before,
            after,
            revision,
            facts,
        });
    }

    /// Facts are of stored rows: of the watched one, or of those behind it that the event touched.
    fn facts(&self, event: &Event) -> Option<Value> {
        let touched = self.rows().filter(|stored| stored.position == event.position);
        let mut facts: Vec<Value> = touched
            .filter_map(|stored| V::facts(&stored.row, event, &self.workspace))
            .collect();
        facts.dedup();
        match facts.len() {
            0 | 1 => facts.pop(),
            _ => Some(serde_json::json!({ "rows": facts })),
        }
    }

    /// The stored rows behind the watched one, as far as they may be seen.
    fn rows(&self) -> impl Iterator<Item = &StoredRow<V::Row>> {
        let behind = self.members.iter().filter(|(_, is_member)| **is_member);
        let stored = behind.filter_map(|(key, _)| self.workspace.stored(self.table, key));
        stored.filter(|stored| self.query.selects(&stored.row, &self.watched.own))
    }

    /// The watched row as it stands.
    fn row(&self, now: DateTime<Utc>) -> Option<AnswerRow> {
        let lean: Vec<StoredRow<V::Row>> = match self.is_plain {
            true => self.rows().map(lean::<V>).collect(),
            false => self.rows().cloned().collect(),
        };
        let lean: Vec<&StoredRow<V::Row>> = lean.iter().collect();
        let answer = self.query.answer(&lean, &self.context(now));
        answer.rows.into_iter().find(|row| row.key == self.watched.key)
    }

    fn is_member(&mut self, key: &Key) -> bool {
        if self.is_plain {
            let is_it = **key == *self.watched.key;
            if is_it {
                self.members.insert(Key::clone(key), true);
            }
            return is_it;
        }
        if let Some(known) = self.members.get(key) {
            return *known;
        }
        let Some(stored) = self.workspace.stored(self.table, key) else {
            return false;
        };
        let is_member = self.belongs(stored);
        self.members.insert(Key::clone(key), is_member);
        is_member
    }

    /// Whether a stored row alone makes an answer row of the watched key, or one that differs from it
    /// by currency alone: what is counted distinct is counted over these together.
    fn belongs(&self, stored: &StoredRow<V::Row>) -> bool {
        self.query.selects(&stored.row, &None)
            && self
                .query
                .answer(&[stored], &self.context(DateTime::UNIX_EPOCH))
                .rows
                .iter()
                .any(|row| is_kin(row, &self.watched.key))
    }

    fn context(&self, now: DateTime<Utc>) -> AnswerContext<'_> {
        let meta = self.workspace.meta();
        AnswerContext {
            config: &meta.config,
            watermark: meta.watermark,
            now,
        }
    }
}

impl<V: View> Watch for TypedWatch<V> {
    fn fold(&mut self, events: &[Event]) {
        for event in events {
            self.take(event);
        }
    }

    fn agrees(&self, stored: &[RawStoredRow]) -> bool {
        let mut held: BTreeSet<String> = self.rows().map(|stored| stored.row.key()).collect();
        for raw in stored {
            let Ok(row) = V::Row::decode(self.table, raw.body.get()) else {
                return false;
            };
            let read = StoredRow {
                row,
                position: raw.position,
                revision: raw.revision,
            };
            let counts =
                self.query.selects(&read.row, &self.watched.own) && (self.is_plain || self.belongs(&read));
            if counts
                && !(held.remove(&raw.key) && self.workspace.stored(self.table, &raw.key) == Some(&read))
            {
                return false;
            }
        }
        held.is_empty()
    }

    fn finish(&self, now: DateTime<Utc>) -> Seen {
        Seen {
            row: self.row(now),
            changes: self.changes.clone(),
            more: self.more,
        }
    }
}

fn lean<V: View>(stored: &StoredRow<V::Row>) -> StoredRow<V::Row> {
    StoredRow {
        row: V::lean(&stored.row),
        position: stored.position,
        revision: stored.revision,
    }
}

/// Whether a key is that of a row, currency and unit of measure aside.
fn is_kin(row: &AnswerRow, key: &str) -> bool {
    let aside = |part: &str| {
        let value = |name: &str| row.columns.get(name).and_then(Value::as_str);
        [value("currency"), value("uom")].contains(&Some(part))
    };
    let (mine, theirs) = (row.key.split('|'), key.split('|'));
    mine.clone().count() == theirs.clone().count()
        && mine
            .zip(theirs)
            .all(|(mine, theirs)| mine == theirs || aside(mine))
}

type Columns = Map<String, Value>;

/// The columns that differ; of a row that came or went all of them.
fn difference(before: Option<AnswerRow>, after: Option<AnswerRow>) -> (Option<Columns>, Option<Columns>) {
    let (Some(mut before), Some(mut after)) = (before.clone(), after.clone()) else {
        return (before.map(|row| row.columns), after.map(|row| row.columns));
    };
    let same: Vec<String> = before
        .columns
        .iter()
        .filter(|(name, value)| after.columns.get(*name) == Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        before.columns.remove(&name);
        after.columns.remove(&name);
    }
    (Some(before.columns), Some(after.columns))
}
