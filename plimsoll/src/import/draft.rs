//! Events on the way from a file: time, stream and data; order, versions and ids come last.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Actor, Id, ImportedEvent, Label, Payload, StreamId, TenantId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// An event without version and id.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) stream: StreamId,
    pub(super) payload: Payload,
}

impl Draft {
    pub(super) fn new(
        occurred_at: DateTime<Utc>,
        category: &str,
        id: &str,
        payload: impl Into<Payload>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            occurred_at,
            stream: StreamId::of(category, id)?,
            payload: payload.into(),
        })
    }
}

/// Puts drafts in time order (rows of the same instant keep their order), and gives versions
/// without holes per stream and ids that depend on nothing but data set, stream and version.
pub(super) fn finish(mut drafts: Vec<Draft>, data_set: &str) -> anyhow::Result<Vec<ImportedEvent>> {
    drafts.sort_by_key(|draft| draft.occurred_at);
    let mut versions: HashMap<StreamId, u32> = HashMap::new();
    let actor = Actor::system("import");
    drafts
        .into_iter()
        .map(|draft| {
            let version = versions.entry(draft.stream.clone()).or_insert(0);
            *version += 1;
            Ok(ImportedEvent {
                id: event_id(data_set, &draft.stream, *version),
                tenant: TenantId::main(),
                version: *version,
                event_type: draft.payload.event_type().into(),
                schema: draft.payload.schema(),
                occurred_at: draft.occurred_at,
                correlation_id: draft.stream.id().chars().take(64).collect(),
                causation_id: None,
                actor: actor.clone(),
                data: draft.payload.encode()?.into(),
                stream: draft.stream,
            })
        })
        .collect()
}

fn event_id(data_set: &str, stream: &StreamId, version: u32) -> Uuid {
    let digest = Sha256::digest(format!("plimsoll:{data_set}:{stream}:{version}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// An id of the domain from a text of the file.
pub(super) fn id(text: &str) -> anyhow::Result<Id> {
    Ok(text.parse()?)
}

/// A label of the domain from a text of the file.
pub(super) fn label(text: &str) -> anyhow::Result<Label> {
    Ok(text.parse()?)
}
