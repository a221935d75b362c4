//! The entries of a workspace: what is loaded, what is changed, what is asked for and missing.

#![expect(
    clippy::disallowed_types,
    reason = "a cache: looked up by key, and emptied in key order"
)]

use std::{collections::HashMap, hash::Hash, sync::Arc};

use plimsoll_contracts::Position;
use uuid::Uuid;

/// Key of a document or a row.
pub type Key = Arc<str>;

/// Something a fold asked for that the workspace does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// A document of the fold.
    Doc(Key),
    /// A row of a table.
    Row(&'static str, Key),
    /// The parked events of an owner.
    Parked(Key),
}

/// A document or parked row that a batch changed; `None` = removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<T> {
    /// Its key.
    pub key: Key,
    /// What it is now.
    pub value: Option<T>,
}

/// A row that a batch changed.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange<R> {
    /// Its table.
    pub table: &'static str,
    /// Its key.
    pub key: Key,
    /// What it is now; `None` = removed.
    pub value: Option<super::StoredRow<R>>,
}

/// A change of a figure that was final (G5), event by event: a batch may restate a row twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Restated<R> {
    /// The row's table.
    pub table: &'static str,
    /// The row's key.
    pub key: Key,
    /// Where the event that changed it stands.
    pub position: Position,
    /// The revision that it made.
    pub revision: u32,
    /// The event.
    pub cause: Uuid,
    /// What it was.
    pub before: R,
    /// What it is now; none = removed.
    pub after: Option<R>,
}

/// Everything that a batch changed, each touched thing once.
#[derive(Debug)]
pub struct Changes<D, R> {
    /// Documents.
    pub docs: Vec<Change<D>>,
    /// Rows.
    pub rows: Vec<RowChange<R>>,
    /// Parked lists by owner.
    pub parked: Vec<Change<super::ParkedRow>>,
    /// The tenant's meta, if it changed.
    pub meta: Option<super::Meta>,
    /// Changes of final figures, in log order.
    pub restated: Vec<Restated<R>>,
}

impl<D, R> Changes<D, R> {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.docs.is_empty() && self.rows.is_empty() && self.parked.is_empty() && self.meta.is_none()
    }
}

/// A cache of values by key with the writes of the event at hand laid over it.
#[derive(Debug)]
pub(super) struct Entries<K, T> {
    known: HashMap<K, Known<T>>,
    /// Writes of the event being folded; they become known when it succeeds.
    pending: HashMap<K, Option<T>>,
    /// Keys changed since the last [`Entries::take_dirty`].
    dirty: Vec<K>,
}

#[derive(Debug)]
struct Known<T> {
    value: Option<T>,
    dirty: bool,
    /// The batch in which it was last used.
    used: u64,
}

impl<K, T> Default for Entries<K, T> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            pending: HashMap::new(),
            dirty: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash + Ord, T: Clone + PartialEq> Entries<K, T> {
    /// The value of a key: `None` = not loaded, `Some(None)` = known not to exist.
    pub(super) fn get(&mut self, key: &K, batch: u64) -> Option<Option<&T>> {
        if let Some(pending) = self.pending.get(key) {
            return Some(pending.as_ref());
        }
        self.known.get_mut(key).map(|known| {
            known.used = batch;
            known.value.as_ref()
        })
    }

    pub(super) fn put(&mut self, key: K, value: Option<T>) {
        self.pending.insert(key, value);
    }

    pub(super) fn loaded(&mut self, key: K, value: Option<T>, batch: u64) {
        self.known.entry(key).or_insert(Known {
            value,
            dirty: false,
            used: batch,
        });
    }

    /// Lets the pending writes stand. Values that did not change stay clean.
    pub(super) fn keep(&mut self, batch: u64) {
        for (key, value) in self.pending.drain() {
            let known = self.known.entry(key.clone()).or_insert(Known {
                value: None,
                dirty: false,
                used: batch,
            });
            if known.value == value {
                continue;
            }
            known.value = value;
            known.used = batch;
            if !known.dirty {
                known.dirty = true;
                self.dirty.push(key);
            }
        }
    }

    /// Forgets the pending writes.
    pub(super) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    /// Pending writes whose value differs from what is known, for a look before they stand.
    pub(super) fn pending_mut(&mut self) -> impl Iterator<Item = (&K, &mut Option<T>, Option<&T>)> {
        let known = &self.known;
        self.pending.iter_mut().map(|(key, value)| {
            let before = known.get(key).and_then(|k| k.value.as_ref());
            (key, value, before)
        })
    }

    /// The changed values in key order; they are clean afterwards.
    pub(super) fn take_dirty(&mut self) -> Vec<(K, Option<T>)> {
        let mut keys = std::mem::take(&mut self.dirty);
        keys.sort_unstable();
        keys.into_iter()
            .filter_map(|key| {
                let known = self.known.get_mut(&key)?;
                known.dirty = false;
                Some((key, known.value.clone()))
            })
            .collect()
    }

    /// The keys of the changed values, in order; they are clean afterwards.
    pub(super) fn take_dirty_keys(&mut self) -> Vec<K> {
        let mut keys = std::mem::take(&mut self.dirty);
        keys.sort_unstable();
        for key in &keys {
            if let Some(known) = self.known.get_mut(key) {
                known.dirty = false;
            }
        }
        keys
    }

    /// What is known of a key, without a mark that it was used.
    pub(super) fn peek(&self, key: &K) -> Option<&T> {
        self.known.get(key).and_then(|known| known.value.as_ref())
    }

    /// Drops the clean values that were not used since batch `before`.
    pub(super) fn forget_unused(&mut self, before: u64) {
        self.known.retain(|_, known| known.dirty || known.used >= before);
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Every known value that exists.
    pub(super) fn values(&self) -> impl Iterator<Item = (&K, &T)> {
        self.known
            .iter()
            .filter_map(|(key, known)| Some((key, known.value.as_ref()?)))
    }
}
