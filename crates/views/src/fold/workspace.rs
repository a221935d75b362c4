//! The workspace of one view and tenant: loaded documents and rows, and the changes of a batch.

use std::collections::BTreeSet;

use plimsoll_contracts::{Event, Payload, Position, TenantConfig};

use super::{
    Change, Changes, FoldError, Key, Meta, Need, ParkedEntry, ParkedRow, Restated, Row, RowChange, StoredRow,
    View, entries::Entries,
};

type RowKey = (&'static str, Key);

/// [`View::apply`], or what stands in front of it.
type Apply<V> = fn(&Event, &Payload, &mut Workspace<V>) -> Result<(), FoldError>;

/// The state of one view version for one tenant, as far as it is loaded.
#[derive(Debug)]
pub struct Workspace<V: View> {
    pub(super) docs: Entries<Key, V::Doc>,
    pub(super) rows: Entries<RowKey, StoredRow<V::Row>>,
    pub(super) parked: Entries<Key, ParkedRow>,
    meta: Meta,
    pub(super) meta_dirty: bool,
    needs: BTreeSet<Need>,
    pub(super) restated: Vec<Restated<V::Row>>,
    /// Nothing exists but what was written here: there is no store to ask.
    complete: bool,
    batch: u64,
}

impl<V: View> Workspace<V> {
    /// A workspace over a store that holds `meta` and more.
    #[must_use]
    pub fn over_store(meta: Meta) -> Self {
        Self {
            docs: Entries::default(),
            rows: Entries::default(),
            parked: Entries::default(),
            meta,
            meta_dirty: false,
            needs: BTreeSet::new(),
            restated: Vec::new(),
            complete: false,
            batch: 0,
        }
    }

    /// An empty workspace with no store behind it, or an empty one: folds never miss anything,
    /// until something is forgotten ([`Self::forget_unused`]).
    #[must_use]
    pub fn in_memory(config: TenantConfig) -> Self {
        let meta = Meta {
            config,
            ..Meta::default()
        };
        Self {
            complete: true,
            ..Self::over_store(meta)
        }
    }

    /// Folds one event. Positions must ascend; events that the view does not read change nothing.
    ///
    /// # Errors
    /// [`FoldError::Missing`]: load [`Self::take_needs`] and fold the same event again.
    /// [`FoldError::Unreadable`]: park the event with its stream ([`Self::park_unreadable`]).
    pub fn fold(&mut self, event: &Event) -> Result<(), FoldError> {
        self.fold_by(event, V::apply)
    }

    pub(super) fn fold_by(&mut self, event: &Event, apply: Apply<V>) -> Result<(), FoldError> {
        if let Some(before) = self.try_fold(event, apply)? {
            self.keep(event, &before);
        }
        Ok(())
    }

    /// Finds out what folding an event would ask for, and changes nothing: [`Self::take_needs`]
    /// then has what is missing for a whole batch, so that it can be loaded at once.
    pub fn scout(&mut self, event: &Event) {
        if let Ok(Some(before)) = self.try_fold(event, super::contained::<V>) {
            self.drop_pending(before);
        }
    }

    /// Leaves the event's writes pending and gives the meta before it; none = nothing to do.
    fn try_fold(&mut self, event: &Event, apply: Apply<V>) -> Result<Option<Meta>, FoldError> {
        let configures = &*event.event_type == "TenantConfigured";
        if !configures && !V::reads(&event.event_type) {
            return Ok(None);
        }
        // Asked only where something is unreadable at all: it would cost a look-up per stream.
        if self.meta.unreadable > 0 && !self.parked_list(&stream_owner(event))?.is_empty() {
            return Err(FoldError::Unreadable(
                "an earlier event of the stream is parked".to_owned(),
            ));
        }
        let payload = event
            .payload()
            .map_err(|e| FoldError::Unreadable(e.to_string()))?;
        let before = self.meta.clone();
        // Business time only: a change of configuration happens on an operator's clock.
        if !configures {
            self.meta.watermark = self.meta.watermark.max(Some(event.occurred_at));
        }
        let outcome = match payload {
            Payload::TenantConfigured(configured) => self.configure(&configured.changes),
            _ => apply(event, payload, self),
        };
        match outcome {
            Ok(()) => Ok(Some(before)),
            Err(error) => {
                self.drop_pending(before);
                Err(error)
            }
        }
    }

    fn drop_pending(&mut self, before: Meta) {
        self.meta = before;
        self.docs.drop_pending();
        self.rows.drop_pending();
        self.parked.drop_pending();
    }

    fn configure(&mut self, change: &plimsoll_contracts::config::ConfigChange) -> Result<(), FoldError> {
        self.meta.config = self
            .meta
            .config
            .changed(change)
            .map_err(|e| FoldError::Unreadable(e.to_string()))?;
        Ok(())
    }

    /// Lets the writes of the folded event stand, with position and revision.
    fn keep(&mut self, event: &Event, before: &Meta) {
        let (config, watermark) = (&self.meta.config, before.watermark);
        let is_final = |row: &V::Row| {
            row.final_after(config)
                .is_some_and(|after| watermark.is_some_and(|w| w >= after))
        };
        for ((table, key), pending, known) in self.rows.pending_mut() {
            if known.map(|k| &k.row) == pending.as_ref().map(|p| &p.row) {
                *pending = known.cloned();
                continue;
            }
            let restates = known.filter(|k| is_final(pending.as_ref().map_or(&k.row, |p| &p.row)));
            let revision = known.map_or(0, |k| k.revision) + u32::from(restates.is_some());
            if let Some(stored) = pending.as_mut() {
                (stored.position, stored.revision) = (event.position, revision);
            }
            self.restated.extend(restates.map(|k| Restated {
                table,
                key: Key::clone(key),
                position: event.position,
                revision,
                cause: event.id,
                before: k.row.clone(),
                after: pending.as_ref().map(|p| p.row.clone()),
            }));
        }
        let parked_before: usize = self
            .parked
            .pending_mut()
            .map(|(_, _, k)| k.map_or(0, |r| r.entries.len()))
            .sum();
        let parked_now: usize = self
            .parked
            .pending_mut()
            .map(|(_, p, _)| p.as_ref().map_or(0, |r| r.entries.len()))
            .sum();
        self.meta.parked = self.meta.parked + parked_now as u64 - parked_before as u64;
        self.rows.keep(self.batch);
        self.docs.keep(self.batch);
        self.parked.keep(self.batch);
        self.meta_dirty |= self.meta != *before;
    }

    /// Folds an event as a projection does: one that this program cannot read, or that its fold
    /// breaks on, is parked with its stream, and no other key stops for it.
    ///
    /// # Errors
    /// [`FoldError::Missing`], as [`Self::fold`]. Gives why the event was parked, if it was.
    pub fn fold_or_park(&mut self, event: &Event) -> Result<Option<String>, FoldError> {
        match self.fold_by(event, super::contained::<V>) {
            Err(FoldError::Unreadable(reason)) => self.park_unreadable(event, &reason).map(|()| Some(reason)),
            folded => folded.map(|()| None),
        }
    }

    /// Parks an event that cannot be read, and with it what follows in its stream.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when the parked list of the stream is not loaded.
    pub fn park_unreadable(&mut self, event: &Event, reason: &str) -> Result<(), FoldError> {
        let owner = stream_owner(event);
        let mut entries = self.parked_list(&owner)?;
        let before = self.meta.clone();
        if !entries.iter().any(|entry| entry.event == event.id) {
            self.meta.unreadable += 1;
            entries.push(ParkedEntry {
                key: event.stream.to_string(),
                event: event.id,
                reason: format!("Unreadable: {reason}"),
                position: event.position,
                occurred_at: event.occurred_at,
            });
        }
        self.set_parked(&owner, entries)?;
        self.keep(event, &before);
        Ok(())
    }

    /// The configuration that governs the event at hand.
    #[must_use]
    pub const fn config(&self) -> &TenantConfig {
        &self.meta.config
    }

    /// Configuration, watermark (the event at hand included) and parked count.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// A document of the fold.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when it is not loaded.
    pub fn doc(&mut self, key: &str) -> Result<Option<&V::Doc>, FoldError> {
        let key: Key = key.into();
        let (complete, batch) = (self.complete, self.batch);
        match self.docs.get(&key, batch) {
            Some(value) => Ok(value),
            None if complete => Ok(None),
            None => {
                self.needs.insert(Need::Doc(key));
                Err(FoldError::Missing)
            }
        }
    }

    /// Writes a document.
    pub fn put_doc(&mut self, key: &str, doc: V::Doc) {
        self.docs.put(key.into(), Some(doc));
    }

    /// Removes a document.
    pub fn remove_doc(&mut self, key: &str) {
        self.docs.put(key.into(), None);
    }

    /// A row of a table.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when it is not loaded.
    pub fn row(&mut self, table: &'static str, key: &str) -> Result<Option<&V::Row>, FoldError> {
        let key: RowKey = (table, key.into());
        let (complete, batch) = (self.complete, self.batch);
        match self.rows.get(&key, batch) {
            Some(value) => Ok(value.map(|stored| &stored.row)),
            None if complete => Ok(None),
            None => {
                self.needs.insert(Need::Row(key.0, key.1));
                Err(FoldError::Missing)
            }
        }
    }

    /// Writes a row. Read it first ([`Self::row`]): revision and position continue from it.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when the row of that key is not loaded.
    pub fn put_row(&mut self, row: V::Row) -> Result<(), FoldError> {
        let (table, key) = (row.table(), row.key());
        self.row(table, &key)?;
        self.rows.put(
            (table, key.into()),
            Some(StoredRow {
                row,
                position: Position::ZERO,
                revision: 0,
            }),
        );
        Ok(())
    }

    /// Writes a row of which the fold knows that none of its key exists, e.g. because it numbers
    /// them: nothing has to be loaded.
    ///
    /// # Errors
    /// None; it stands where [`Self::put_row`] stands.
    pub fn insert_row(&mut self, row: V::Row) -> Result<(), FoldError> {
        let key: RowKey = (row.table(), row.key().into());
        self.rows.loaded(key.clone(), None, self.batch);
        let stored = StoredRow {
            row,
            position: Position::ZERO,
            revision: 0,
        };
        self.rows.put(key, Some(stored));
        Ok(())
    }

    /// Removes a row.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when it is not loaded.
    pub fn remove_row(&mut self, table: &'static str, key: &str) -> Result<(), FoldError> {
        if self.row(table, key)?.is_some() {
            self.rows.put((table, key.into()), None);
        }
        Ok(())
    }

    /// The parked events of an owner.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when they are not loaded.
    pub fn parked_list(&mut self, owner: &str) -> Result<Vec<ParkedEntry>, FoldError> {
        let key: Key = owner.into();
        let (complete, batch) = (self.complete, self.batch);
        match self.parked.get(&key, batch) {
            Some(value) => Ok(value.map(|row| row.entries.clone()).unwrap_or_default()),
            None if complete => Ok(Vec::new()),
            None => {
                self.needs.insert(Need::Parked(key));
                Err(FoldError::Missing)
            }
        }
    }

    /// Replaces the whole parked list of an owner; empty = nothing waits any more.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when the list is not loaded.
    pub fn set_parked(&mut self, owner: &str, mut entries: Vec<ParkedEntry>) -> Result<(), FoldError> {
        if entries.is_empty() && self.parked_list(owner)?.is_empty() {
            return Ok(());
        }
        self.parked_list(owner)?;
        entries.sort_by_key(|entry| entry.position);
        let row = ParkedRow {
            owner: owner.to_owned(),
            entries,
        };
        self.parked
            .put(owner.into(), (!row.entries.is_empty()).then_some(row));
        Ok(())
    }

    /// Asks for many things together, so that one load brings all that a fold will touch.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when one or more of them are not loaded.
    pub fn want(&mut self, needs: impl IntoIterator<Item = Need>) -> Result<(), FoldError> {
        let mut all = Ok(());
        for need in needs {
            let one = match &need {
                Need::Doc(key) => self.doc(key).map(|_| ()),
                Need::Row(table, key) => self.row(table, key).map(|_| ()),
                Need::Parked(owner) => self.parked_list(owner).map(|_| ()),
            };
            all = all.and(one);
        }
        all
    }

    /// What folds asked for since the last call and was not there.
    pub fn take_needs(&mut self) -> Vec<Need> {
        std::mem::take(&mut self.needs).into_iter().collect()
    }

    /// Puts a document that was asked for into the workspace; `None` = the store has none.
    pub fn loaded_doc(&mut self, key: Key, doc: Option<V::Doc>) {
        self.docs.loaded(key, doc, self.batch);
    }

    /// Puts a row that was asked for into the workspace.
    pub fn loaded_row(&mut self, table: &'static str, key: Key, row: Option<StoredRow<V::Row>>) {
        self.rows.loaded((table, key), row, self.batch);
    }

    /// Puts a parked list that was asked for into the workspace.
    pub fn loaded_parked(&mut self, owner: Key, row: Option<ParkedRow>) {
        self.parked.loaded(owner, row, self.batch);
    }

    /// Everything changed since the last call, each thing once, in key order; a new batch begins.
    pub fn take_changes(&mut self) -> Changes<V::Doc, V::Row> {
        let change = |(key, value)| Change { key, value };
        let mut changes = Changes {
            docs: self.docs.take_dirty().into_iter().map(change).collect(),
            rows: self
                .rows
                .take_dirty()
                .into_iter()
                .map(|((table, key), value)| RowChange { table, key, value })
                .collect(),
            parked: self
                .parked
                .take_dirty()
                .into_iter()
                .map(|(key, value)| Change { key, value })
                .collect(),
            meta: std::mem::take(&mut self.meta_dirty).then(|| self.meta.clone()),
            restated: std::mem::take(&mut self.restated),
        };
        changes
            .restated
            .sort_by(|a, b| (a.position, a.table, &a.key).cmp(&(b.position, b.table, &b.key)));
        self.batch += 1;
        changes
    }

    /// Number of documents, rows and parked lists held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.docs.len() + self.rows.len() + self.parked.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what is clean and was not used in the last `batches` batches.
    pub fn forget_unused(&mut self, batches: u64) {
        let (before, held) = (self.batch.saturating_sub(batches), self.len());
        self.docs.forget_unused(before);
        self.rows.forget_unused(before);
        self.parked.forget_unused(before);
        self.complete &= self.len() == held;
    }

    /// The rows held of a table, in key order; all there are, in a workspace without a store.
    #[must_use]
    pub fn rows_of(&self, table: &str) -> Vec<StoredRow<V::Row>> {
        let mut rows: Vec<_> = self.held_rows(table).collect();
        rows.sort_by(|a, b| a.0.cmp(b.0));
        rows.into_iter().map(|(_, row)| row.clone()).collect()
    }

    /// The parked events held, by owner; all there are, in a workspace without a store.
    #[must_use]
    pub fn parked_rows(&self) -> Vec<ParkedRow> {
        let mut rows: Vec<ParkedRow> = self.parked.values().map(|(_, row)| row.clone()).collect();
        rows.sort_by(|a, b| a.owner.cmp(&b.owner));
        rows
    }
}

/// The owner of a stream's unreadable events in the parked list.
fn stream_owner(event: &Event) -> String {
    format!("stream/{}", event.stream)
}
