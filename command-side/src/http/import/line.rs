//! One line of an import: an envelope whose data has the shape of the catalogue.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Actor, ImportedEvent, Payload, StreamId, TenantConfig, TenantId, time, upcast::upcast,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Deserialize)]
struct Line {
    id: Uuid,
    tenant: Option<TenantId>,
    stream: StreamId,
    version: u32,
    #[serde(rename = "type")]
    event_type: Arc<str>,
    schema: u16,
    #[serde(with = "time")]
    occurred_at: DateTime<Utc>,
    correlation_id: String,
    causation_id: Option<String>,
    actor: Actor,
    data: Arc<RawValue>,
}

/// Reads a line for a tenant, or says what is wrong with it.
pub(super) fn read(bytes: &[u8], tenant: &TenantId) -> Result<ImportedEvent, String> {
    let line: Line = serde_json::from_slice(bytes).map_err(|error| format!("no event envelope: {error}"))?;
    if let Some(other) = line.tenant.filter(|given| given != tenant) {
        return Err(format!(
            "the event is of tenant `{other}`, the token of `{tenant}`"
        ));
    }
    if line.version == 0 {
        return Err("versions of a stream begin at 1".to_owned());
    }
    let (schema, data) = upcast(&line.event_type, line.schema, &line.data);
    let payload = Payload::decode(&line.event_type, schema, data.get()).map_err(|error| error.to_string())?;
    if let Payload::TenantConfigured(configured) = &payload {
        TenantConfig::default()
            .changed(&configured.changes)
            .map_err(|error| error.to_string())?;
    }
    Ok(ImportedEvent {
        id: line.id,
        tenant: tenant.clone(),
        stream: line.stream,
        version: line.version,
        event_type: line.event_type,
        schema: line.schema,
        occurred_at: line.occurred_at,
        correlation_id: line.correlation_id,
        causation_id: line.causation_id,
        actor: line.actor,
        data: line.data,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn envelope() -> Value {
        json!({"id": "01900000-0000-7000-8000-000000000001", "tenant": "main", "stream": "order-O1", "version": 1,
            "type": "OrderCancelled", "schema": 1, "occurred_at": "2026-03-01T14:30:00.000Z", "correlation_id": "c",
            "actor": {"kind": "user", "id": "U1"}, "data": {"order_id": "O1", "unknown": true}})
    }

    fn why(change: impl FnOnce(&mut Value)) -> String {
        let mut line = envelope();
        change(&mut line);
        read(line.to_string().as_bytes(), &TenantId::main()).unwrap_err()
    }

    #[test]
    fn an_older_schema_is_taken_and_kept_as_written() {
        let event = read(envelope().to_string().as_bytes(), &TenantId::main()).unwrap();
        assert_eq!(event.schema, 1);
        assert!(event.data.get().contains("unknown"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(why(|l| l["tenant"] = json!("other")).contains("tenant `other`"));
        assert!(why(|l| l["type"] = json!("OrderEaten")).contains("not in the catalogue"));
        assert!(why(|l| l["schema"] = json!(9)).contains("schema 9"));
        assert!(why(|l| l["data"] = json!({})).contains("missing field `order_id`"));
        assert!(why(|l| l["version"] = json!(0)).contains("begin at 1"));
        assert!(why(|l| l["stream"] = json!("Order")).contains("not a stream"));
        assert!(why(|l| l["occurred_at"] = json!("today")).contains("RFC 3339"));
        assert!(
            read(b"{", &TenantId::main())
                .unwrap_err()
                .contains("no event envelope")
        );
    }
}
