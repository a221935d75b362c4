//! Folding: events in, one workspace per tenant, and what changed out.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Position, TenantConfig, TenantId};
use plimsoll_feed::{RowChange, TenantChange};
use plimsoll_store::{
    Commit, DocWrite, Found, Lookup, MetaWrite, Projection, Restatement, RowWrite, StoredRow,
};
use plimsoll_views::{
    Meta, Row, View, Workspace,
    fold::{Changes, Key, Need, PARKED_TABLE, ParkedRow},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{EngineError, care::Care};
use crate::metrics;

/// Events looked ahead for what they need.
const SCOUT_MAX_EVENTS: usize = 2_000;
/// Look-ups after which one event must have been folded.
const LOOKUPS_MAX: u32 = 1_000;

/// The folding state of one projection version.
#[derive(Debug)]
pub(super) struct Folder<V: View> {
    projection: Projection,
    tenants: BTreeMap<TenantId, Workspace<V>>,
    /// Parked events by tenant, those of unloaded tenants included.
    parked: BTreeMap<TenantId, u64>,
    /// Whether an event of the view was folded since the last [`Folder::take`].
    touched: bool,
    /// Which events the store has refused.
    care: Care,
}

/// What a batch changed: for the store, and for those who watch.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) commit: Commit,
    pub(super) tenants: Vec<TenantChange>,
}

impl<V: View> Folder<V> {
    /// Starts from what the store holds.
    pub(super) async fn open(projection: Projection, care: Care) -> Result<Self, EngineError> {
        let mut parked = BTreeMap::new();
        for (tenant, meta) in projection.metas().await? {
            parked.insert(tenant, decode::<Meta>(&meta)?.parked);
        }
        Ok(Self {
            projection,
            tenants: BTreeMap::new(),
            parked,
            touched: false,
            care,
        })
    }

    /// Folds events in order, loading what they need.
    pub(super) async fn fold(&mut self, events: &[Arc<Event>]) -> Result<(), EngineError> {
        self.open_tenants(events).await?;
        let (mut index, mut lookups) = (0, 0);
        self.touched |= events.iter().any(|event| concerns::<V>(event));
        while let Some(event) = events.get(index) {
            let Some(workspace) = self
                .tenants
                .get_mut(&event.tenant)
                .filter(|_| concerns::<V>(event))
            else {
                index += 1;
                continue;
            };
            let folded = match self.care.why_not(event.position) {
                Some(reason) => workspace
                    .park_unreadable(event, reason)
                    .map(|()| Some(reason.to_owned())),
                None => workspace.fold_or_park(event),
            };
            match folded {
                Ok(parked) => {
                    if let Some(reason) = parked {
                        tracing::warn!(view = V::NAME, position = %event.position, stream = %event.stream, reason, "event parked");
                    }
                    (index, lookups) = (index + 1, 0);
                }
                Err(_missing) if lookups < LOOKUPS_MAX => {
                    lookups += 1;
                    self.load(&events[index..]).await?;
                }
                Err(_missing) => {
                    return Err(EngineError::Stuck {
                        position: event.position,
                    });
                }
            }
        }
        Ok(())
    }

    /// Everything changed since the last call.
    pub(super) fn take(&mut self, expected: Position, position: Position, as_of: DateTime<Utc>) -> Changed {
        let mut changed = Changed {
            commit: Commit {
                expected,
                position,
                as_of,
                rows: Vec::new(),
                docs: Vec::new(),
                metas: Vec::new(),
                restatements: Vec::new(),
            },
            tenants: Vec::new(),
        };
        self.touched = false;
        for (tenant, workspace) in &mut self.tenants {
            let changes = workspace.take_changes();
            if let Some(meta) = &changes.meta {
                self.parked.insert(tenant.clone(), meta.parked);
            }
            if !changes.is_empty() {
                changed.add::<V>(tenant, changes);
            }
        }
        changed
    }

    /// Whether there may be something to take.
    pub(super) const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Events that wait, over all tenants.
    pub(super) fn parked(&self) -> u64 {
        self.parked.values().sum()
    }

    /// Keeps memory within bounds; to be called when everything is committed.
    pub(super) fn evict(&mut self, max_entries: usize, max_tenants: usize) {
        let mut evicted = false;
        for recent in [8, 1, 0] {
            if self.tenants.values().map(Workspace::len).sum::<usize>() <= max_entries {
                break;
            }
            evicted = true;
            for workspace in self.tenants.values_mut() {
                workspace.forget_unused(recent);
            }
        }
        if self.tenants.len() > max_tenants {
            evicted = true;
            self.tenants.clear();
        }
        if evicted {
            ::metrics::counter!(metrics::EVICTED, "view" => V::NAME).increment(1);
        }
    }

    async fn open_tenants(&mut self, events: &[Arc<Event>]) -> Result<(), EngineError> {
        for event in events.iter().filter(|event| concerns::<V>(event)) {
            if self.tenants.contains_key(&event.tenant) {
                continue;
            }
            let workspace = match self.projection.meta(&event.tenant).await? {
                Some(meta) => Workspace::over_store(decode(&meta)?),
                // Every folded event leaves a meta: without one the store has nothing of the tenant.
                None => Workspace::in_memory(TenantConfig::default()),
            };
            self.tenants.insert(event.tenant.clone(), workspace);
        }
        Ok(())
    }

    /// Loads what the first event misses, and what the rest of the batch will.
    async fn load(&mut self, events: &[Arc<Event>]) -> Result<(), EngineError> {
        for event in events
            .iter()
            .take(SCOUT_MAX_EVENTS)
            .filter(|event| concerns::<V>(event))
        {
            if let Some(workspace) = self.tenants.get_mut(&event.tenant) {
                workspace.scout(event);
            }
        }
        let (mut lookup, mut needs) = (Lookup::default(), Vec::new());
        for (tenant, workspace) in &mut self.tenants {
            for need in workspace.take_needs() {
                match &need {
                    Need::Doc(key) => lookup.docs.push((tenant.clone(), key.to_string())),
                    Need::Row(table, key) => lookup.rows.push((tenant.clone(), table, key.to_string())),
                    Need::Parked(owner) => {
                        lookup
                            .rows
                            .push((tenant.clone(), PARKED_TABLE, owner.to_string()))
                    }
                }
                needs.push((tenant.clone(), need));
            }
        }
        ::metrics::counter!(metrics::LOOKUPS, "view" => V::NAME).increment(1);
        let found = self.projection.lookup(lookup).await?;
        self.loaded(found, needs)
    }

    fn loaded(&mut self, found: Found, needs: Vec<(TenantId, Need)>) -> Result<(), EngineError> {
        for (tenant, key, doc) in found.docs {
            if let Some(workspace) = self.tenants.get_mut(&tenant) {
                workspace.loaded_doc(key.into(), Some(decode(&doc)?));
            }
        }
        for (tenant, table, stored) in found.rows {
            let Some(workspace) = self.tenants.get_mut(&tenant) else {
                continue;
            };
            if table == PARKED_TABLE {
                workspace.loaded_parked(stored.key.into(), Some(decode::<ParkedRow>(stored.body.get())?));
            } else {
                let row = V::Row::decode(table, stored.body.get())
                    .map_err(|e| EngineError::State(e.to_string()))?;
                workspace.loaded_row(table, stored.key.as_str().into(), Some(kept(row, &stored)));
            }
        }
        // What was not found does not exist; what was found is there already and stays.
        for (tenant, need) in needs {
            let Some(workspace) = self.tenants.get_mut(&tenant) else {
                continue;
            };
            match need {
                Need::Doc(key) => workspace.loaded_doc(key, None),
                Need::Row(table, key) => workspace.loaded_row(table, key, None),
                Need::Parked(owner) => workspace.loaded_parked(owner, None),
            }
        }
        Ok(())
    }
}

impl Changed {
    fn add<V: View>(&mut self, tenant: &TenantId, changes: Changes<V::Doc, V::Row>) {
        let commit = &mut self.commit;
        let position = commit.position;
        let mut rows = Vec::with_capacity(changes.rows.len() + changes.parked.len());
        for change in changes.rows {
            let (position, revision) = change
                .value
                .as_ref()
                .map_or((position, 0), |s| (s.position, s.revision));
            let span = change.value.as_ref().and_then(|stored| stored.row.span());
            let body = change.value.as_ref().map(|stored| json(&stored.row));
            commit.rows.push(row_write(
                tenant,
                change.table,
                &change.key,
                span,
                position,
                revision,
                body.as_deref(),
            ));
            rows.push(row_change(change.table, &change.key, position, revision, body));
        }
        for change in changes.parked {
            let newest = change.value.as_ref().and_then(|row| row.entries.last());
            let position = newest.map_or(position, |entry| entry.position);
            let body = change.value.as_ref().map(json);
            commit.rows.push(row_write(
                tenant,
                PARKED_TABLE,
                &change.key,
                None,
                position,
                0,
                body.as_deref(),
            ));
            rows.push(row_change(PARKED_TABLE, &change.key, position, 0, body));
        }
        commit
            .docs
            .extend(changes.docs.into_iter().map(|change| DocWrite {
                tenant: tenant.clone(),
                key: change.key.to_string(),
                body: change.value.as_ref().map(|doc| json(doc).get().to_owned()),
            }));
        commit
            .restatements
            .extend(changes.restated.into_iter().map(|restated| Restatement {
                tenant: tenant.clone(),
                table: restated.table,
                key: restated.key.to_string(),
                position: restated.position,
                revision: restated.revision,
                cause: restated.cause,
                before: json(&restated.before).get().to_owned(),
                after: restated.after.as_ref().map(|row| json(row).get().to_owned()),
            }));
        let meta = changes.meta.as_ref().map(json);
        commit.metas.extend(meta.as_ref().map(|meta| MetaWrite {
            tenant: tenant.clone(),
            body: meta.get().to_owned(),
        }));
        self.tenants.push(TenantChange {
            tenant: tenant.clone(),
            meta,
            rows,
        });
    }
}

/// Whether a view has anything to do with an event.
fn concerns<V: View>(event: &Event) -> bool {
    &*event.event_type == "TenantConfigured" || V::reads(&event.event_type)
}

const fn kept<R>(row: R, stored: &StoredRow) -> plimsoll_views::StoredRow<R> {
    plimsoll_views::StoredRow {
        row,
        position: stored.position,
        revision: stored.revision,
    }
}

fn row_write(
    tenant: &TenantId,
    table: &'static str,
    key: &Key,
    span: Option<String>,
    position: Position,
    revision: u32,
    body: Option<&RawValue>,
) -> RowWrite {
    RowWrite {
        tenant: tenant.clone(),
        table,
        key: key.to_string(),
        span,
        position,
        revision,
        body: body.map(|body| body.get().to_owned()),
    }
}

fn row_change(
    table: &str,
    key: &Key,
    position: Position,
    revision: u32,
    body: Option<Box<RawValue>>,
) -> RowChange {
    RowChange {
        table: table.to_owned(),
        key: key.to_string(),
        position,
        revision,
        body,
    }
}

fn json(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("rows, documents and metas are JSON by their types")
}

fn decode<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, EngineError> {
    serde_json::from_str(json).map_err(|e| EngineError::State(e.to_string()))
}
