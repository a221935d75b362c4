//! A store in memory that speaks JSON like the real ones, and the engine's loop over it: fold,
//! load what is missing, fold again, commit per batch, forget.

use std::collections::BTreeMap;

use plimsoll_contracts::{Event, TenantConfig};
use plimsoll_views::{
    FoldError, Meta, Row, StoredRow, View, Workspace,
    fold::{Need, ParkedRow},
};

use super::{Folded, Rng};

/// Rounds of loading after which a fold that still misses something never ends.
const ROUNDS_MAX: usize = 16;

#[derive(Default)]
struct Store {
    docs: BTreeMap<String, String>,
    /// Columns, position and revision by table and key.
    rows: BTreeMap<(&'static str, String), (String, StoredRow<()>)>,
    parked: BTreeMap<String, ParkedRow>,
    meta: Meta,
}

/// Folds events in batches of random sizes over a store; the workspace sometimes starts empty, as
/// after a restart.
pub(crate) fn fold_in_batches<V: View>(
    config: &TenantConfig,
    events: &[Event],
    rng: &mut Rng,
) -> Folded<V::Row> {
    let mut store = Store {
        meta: Meta {
            config: config.clone(),
            ..Meta::default()
        },
        ..Store::default()
    };
    let mut workspace = Workspace::<V>::over_store(store.meta.clone());
    let mut left = events;
    while !left.is_empty() {
        let (batch, rest) = left.split_at(1 + rng.below(left.len()));
        left = rest;
        if rng.below(2) == 0 {
            batch.iter().for_each(|event| workspace.scout(event));
            store.load(&mut workspace);
        }
        for event in batch {
            fold_loading(&mut workspace, &store, event);
        }
        store.commit(&mut workspace);
        match rng.below(3) {
            0 => workspace = Workspace::over_store(store.meta.clone()),
            1 => workspace.forget_unused(0),
            _ => {}
        }
    }
    store.into_folded::<V>()
}

fn fold_loading<V: View>(workspace: &mut Workspace<V>, store: &Store, event: &Event) {
    for _ in 0..ROUNDS_MAX {
        match workspace.fold(event) {
            Ok(()) => return,
            Err(FoldError::Missing) => assert!(store.load(workspace), "missing, and nothing asked for"),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("an event still misses something after {ROUNDS_MAX} loads");
}

impl Store {
    /// Loads what was asked for; says whether anything was.
    fn load<V: View>(&self, workspace: &mut Workspace<V>) -> bool {
        let needs = workspace.take_needs();
        let asked = !needs.is_empty();
        for need in needs {
            match need {
                Need::Doc(key) => {
                    let doc = self
                        .docs
                        .get(&*key)
                        .map(|json| serde_json::from_str(json).unwrap());
                    workspace.loaded_doc(key, doc);
                }
                Need::Row(table, key) => {
                    let row = self
                        .rows
                        .get(&(table, key.to_string()))
                        .map(|row| read::<V>(table, row));
                    workspace.loaded_row(table, key, row);
                }
                Need::Parked(owner) => {
                    let row = self.parked.get(&*owner).cloned();
                    workspace.loaded_parked(owner, row);
                }
            }
        }
        asked
    }

    fn commit<V: View>(&mut self, workspace: &mut Workspace<V>) {
        let changes = workspace.take_changes();
        for doc in changes.docs {
            let json = doc.value.map(|value| serde_json::to_string(&value).unwrap());
            put(&mut self.docs, doc.key.to_string(), json);
        }
        for row in changes.rows {
            let stored = row.value.map(|stored| {
                assert_eq!(
                    (stored.row.table(), stored.row.key().as_str()),
                    (row.table, &*row.key)
                );
                let stamp = StoredRow {
                    row: (),
                    position: stored.position,
                    revision: stored.revision,
                };
                (serde_json::to_string(&stored.row).unwrap(), stamp)
            });
            put(&mut self.rows, (row.table, row.key.to_string()), stored);
        }
        for parked in changes.parked {
            put(&mut self.parked, parked.key.to_string(), parked.value);
        }
        if let Some(meta) = changes.meta {
            self.meta = meta;
        }
    }

    fn into_folded<V: View>(self) -> Folded<V::Row> {
        let rows = self.rows.iter();
        Folded {
            rows: rows
                .map(|((table, key), row)| (((*table).to_owned(), key.clone()), read::<V>(table, row)))
                .collect(),
            parked: self.parked.into_values().collect(),
            meta: self.meta,
        }
    }
}

fn read<V: View>(table: &str, (json, stamp): &(String, StoredRow<()>)) -> StoredRow<V::Row> {
    StoredRow {
        row: V::Row::decode(table, json).unwrap(),
        position: stamp.position,
        revision: stamp.revision,
    }
}

fn put<K: Ord, T>(map: &mut BTreeMap<K, T>, key: K, value: Option<T>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}
