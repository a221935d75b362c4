//! One line of an import: an envelope whose data has the shape of the catalogue.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Actor, ImportedEvent, Payload, StreamId, TenantConfig, TenantId, time, upcast::upcast,
};
use plimsoll_host::Claims;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::home;

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

/// Reads a line for the bearer's tenant, or says what is wrong with it.
pub(super) fn read(bytes: &[u8], claims: &Claims) -> Result<ImportedEvent, String> {
    let tenant = &claims.tenant;
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
    home::check(&line.stream, &payload, tenant)?;
    if let Payload::TenantConfigured(configured) = &payload {
        // As `PUT /v1/config`: whoever may feed events may not thereby say how they are counted.
        if !claims.allows("operate") {
            return Err("a TenantConfigured needs the scope `operate` besides `import`".to_owned());
        }
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

    fn claims(scope: &[&str]) -> Claims {
        Claims {
            scope: scope.iter().map(|scope| (*scope).to_owned()).collect(),
            ..Claims::everything("feed", TenantId::main(), Utc::now())
        }
    }

    fn read(bytes: &[u8]) -> Result<ImportedEvent, String> {
        super::read(bytes, &claims(&["import"]))
    }

    fn why(change: impl FnOnce(&mut Value)) -> String {
        let mut line = envelope();
        change(&mut line);
        read(line.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn a_configuration_needs_the_scope_operate_too() {
        let mut line = envelope();
        line["type"] = json!("TenantConfigured");
        line["data"] = json!({"changes": {"cut": "05:00"}});
        line["stream"] = json!("config-main");
        let line = line.to_string();
        assert!(read(line.as_bytes()).unwrap_err().contains("`operate`"));
        assert!(super::read(line.as_bytes(), &claims(&["import", "operate"])).is_ok());
    }

    #[test]
    fn an_older_schema_is_taken_and_kept_as_written() {
        let event = read(envelope().to_string().as_bytes()).unwrap();
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
        assert!(read(b"{").unwrap_err().contains("no event envelope"));
        assert!(why(|l| l["stream"] = json!("order-O2")).contains("belongs on `order-O1`"));
    }
}
