//! Upcasters: data of an older schema becomes data of the next one, step by step, wherever an
//! event is read. What is stored never changes.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Value, value::RawValue};

/// One step: from `from_schema` of an event type to `from_schema + 1`.
struct Step {
    event_type: &'static str,
    from_schema: u16,
    apply: fn(&mut Value),
}

const STEPS: &[Step] = &[Step {
    event_type: "OrderCancelled",
    from_schema: 1,
    apply: order_cancelled_gets_a_reason,
}];

/// Schema 1 may lack the reason.
fn order_cancelled_gets_a_reason(data: &mut Value) {
    if let Value::Object(fields) = data {
        let reason = fields.entry("reason").or_insert(Value::Null);
        if reason.is_null() {
            *reason = Value::from("other");
        }
    }
}

/// The newest schema of an event and its data in that shape. Data that no step touches is passed
/// through as it is; data that is no JSON object is left for the decoder to refuse.
#[must_use]
pub fn upcast(event_type: &str, schema: u16, data: &Arc<RawValue>) -> (u16, Arc<RawValue>) {
    let mut value: Option<Value> = None;
    let mut now = schema;
    while let Some(step) = STEPS
        .iter()
        .find(|s| s.event_type == event_type && s.from_schema == now)
    {
        let current = value
            .take()
            .map_or_else(|| serde_json::from_str(data.get()).ok(), Some);
        let Some(mut current) = current else { break };
        (step.apply)(&mut current);
        value = Some(current);
        now += 1;
    }
    match value.map(|v| RawValue::from_string(v.to_string())) {
        Some(Ok(raw)) => (now, raw.into()),
        _ => (schema, Arc::clone(data)),
    }
}

/// The newest schema of an event type after all upcasting of `schema`.
#[must_use]
pub fn newest(event_type: &str, schema: u16) -> u16 {
    let mut now = schema;
    while STEPS
        .iter()
        .any(|s| s.event_type == event_type && s.from_schema == now)
    {
        now += 1;
    }
    now
}

impl crate::Event {
    /// This event with its data in the newest schema.
    #[must_use]
    pub fn upcast(mut self) -> Self {
        let name: Cow<'_, str> = Cow::Borrowed(&self.event_type);
        if newest(&name, self.schema) != self.schema {
            let (schema, data) = upcast(&name, self.schema, &self.data);
            self.schema = schema;
            self.data = data;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Arc<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap().into()
    }

    #[test]
    fn a_cancellation_without_reason_reads_as_other() {
        let (schema, data) = upcast("OrderCancelled", 1, &raw(r#"{"order_id":"O1"}"#));
        assert_eq!(schema, 2);
        assert_eq!(
            serde_json::from_str::<Value>(data.get()).unwrap()["reason"],
            "other"
        );
    }

    #[test]
    fn a_reason_and_unknown_fields_survive() {
        let (_, data) = upcast(
            "OrderCancelled",
            1,
            &raw(r#"{"order_id":"O1","reason":"customer","x":1}"#),
        );
        let value: Value = serde_json::from_str(data.get()).unwrap();
        assert_eq!(
            (value["reason"].as_str(), value["x"].as_i64()),
            (Some("customer"), Some(1))
        );
    }

    #[test]
    fn newest_data_is_passed_through_untouched() {
        let data = raw(r#"{ "order_id" : "O1" }"#);
        let (schema, same) = upcast("OrderShipped", 1, &data);
        assert_eq!((schema, same.get()), (1, data.get()));
    }
}
