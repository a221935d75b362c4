//! A command on its way in: which one, for whom, under which key, and its digest.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::{
    Actor, Problem, TenantId,
    problem::{FieldError, nul_in, pointer_to},
};
use plimsoll_log::Idempotency;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Ask;
use crate::{
    contexts,
    domain::{Reason, Refusal},
};

/// How far a command's business time may be ahead of the server's clock: the watermark follows the
/// highest one, and with it days become final (G5).
const AHEAD_MAX: Duration = Duration::hours(24);

/// What the caller expects of the stream (RFC 9110, `If-Match`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: that it exists.
    Exists,
    /// That it is at this version.
    Version(u32),
}

impl IfMatch {
    /// Whether a stream at this version is what the caller expects.
    pub(crate) const fn holds(self, current: u32) -> bool {
        match self {
            Self::Exists => current > 0,
            Self::Version(version) => version == current,
        }
    }
}

/// One parsed command.
#[derive(Debug)]
pub(crate) struct Given {
    /// What is asked.
    pub(crate) ask: Box<dyn Ask>,
    /// Business time, where the caller says it.
    pub(crate) occurred_at: Option<DateTime<Utc>>,
    /// What the caller expects of the stream.
    pub(crate) if_match: Option<IfMatch>,
}

/// A request: one command, or several that stand or fall together.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) correlation_id: Arc<str>,
    pub(crate) idempotency: Idempotency,
    /// The server's clock when the request came.
    pub(crate) now: DateTime<Utc>,
    pub(crate) commands: Vec<Given>,
}

/// Reads a command's body.
pub(crate) fn parse_command(
    context: &str,
    command: &str,
    mut body: Value,
    if_match: Option<IfMatch>,
    now: DateTime<Utc>,
) -> Result<Given, Problem> {
    let entry = contexts::find(context, command).ok_or_else(|| no_such_command(context, command))?;
    let invalid = |error: FieldError| Problem::invalid_command(&[error]);
    let fields = body.as_object_mut().ok_or_else(|| {
        invalid(FieldError {
            pointer: String::new(),
            detail: "the body must be a JSON object".to_owned(),
        })
    })?;
    let occurred_at = match fields.remove("occurred_at") {
        None | Some(Value::Null) => None,
        Some(value) => Some(instant(&value, now).map_err(invalid)?),
    };
    if let Some(pointer) = nul_in(&body) {
        let detail = "holds the character U+0000, which no store keeps".to_owned();
        return Err(invalid(FieldError { pointer, detail }));
    }
    if let Some(pointer) = fraction_in(&body) {
        let detail = format!("{pointer} is a fraction of the currency's minor unit");
        return Err(Refusal::because(Reason::FractionalMinorUnit, detail).problem());
    }
    let ask = entry.parse(body).map_err(invalid)?;
    Ok(Given {
        ask,
        occurred_at,
        if_match,
    })
}

fn no_such_command(context: &str, command: &str) -> Problem {
    let known: Vec<&str> = contexts::REGISTRY
        .iter()
        .filter(|e| e.context == context)
        .map(|e| e.info.name)
        .collect();
    let hint = if known.is_empty() {
        "see /v1/openapi.json".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    Problem::not_found(format!("there is no command {context}/{command}; {hint}"))
}

fn instant(value: &Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, FieldError> {
    let wrong = |detail: String| FieldError {
        pointer: "/occurred_at".to_owned(),
        detail,
    };
    let text = value
        .as_str()
        .ok_or_else(|| wrong("must be an RFC 3339 instant as text".to_owned()))?;
    let at = plimsoll_contracts::time::parse(text)
        .map_err(|e| wrong(format!("`{text}` is not an RFC 3339 instant: {e}")))?;
    if at > now + AHEAD_MAX {
        return Err(wrong(format!(
            "`{text}` lies more than {} h ahead of the server's clock; days before it would become final",
            AHEAD_MAX.num_hours()
        )));
    }
    Ok(at)
}

/// G2: where an amount in minor units is not a whole number.
fn fraction_in(value: &Value) -> Option<String> {
    pointer_to(value, &|name, field| {
        name.ends_with("_minor") && field.as_f64().is_some_and(|number| number.fract() != 0.0)
    })
}

/// Digest of a request: two are the same when they ask the same, however their JSON is written.
pub(crate) fn request_hash(what: &str, body: &Value) -> [u8; 32] {
    let mut canonical = String::new();
    write_canonical(body, &mut canonical);
    let mut digest = Sha256::new();
    digest.update(what.as_bytes());
    digest.update([0]);
    digest.update(canonical.as_bytes());
    digest.finalize().into()
}

/// JSON with members sorted by name and without spaces.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (index, (name, field)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_canonical(field, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(context: &str, command: &str, body: Value) -> Problem {
        parse_command(context, command, body, None, Utc::now())
            .map(|_| ())
            .unwrap_err()
    }

    #[test]
    fn a_mistake_is_named_by_its_pointer() {
        let line = |qty: Value| {
            json!({"order_id": "O1", "channel": "web", "region": "KR", "currency": "KRW",
            "order_discount_minor": 0, "shipping_minor": 0, "lines": [{"line_no": 1, "product_id": "P", "category": "C",
            "uom": "ea", "kind": "goods", "qty": qty, "unit_price_micros": 1, "discount_minor": 0, "tax_minor": 0}]})
        };
        let cancel = |more: Value| {
            let mut body = json!({"order_id": "O1", "reason": "customer"});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        for (command, body, pointer) in [
            ("PlaceOrder", line(json!("three")), "/lines/0/qty"),
            ("PlaceOrder", json!([]), ""),
            ("CancelOrder", json!({"reason": "customer"}), "/order_id"),
            (
                "CancelOrder",
                json!({"order_id": "O 1", "reason": "customer"}),
                "/order_id",
            ),
            ("CancelOrder", cancel(json!({"reason": "whim"})), "/reason"),
            ("CancelOrder", cancel(json!({"re/ason": 1})), "/re~1ason"),
            ("CancelOrder", cancel(json!({"order_id": "O\u{0}1"})), "/order_id"),
            (
                "CancelOrder",
                cancel(json!({"occurred_at": "2999-01-01T00:00:00Z"})),
                "/occurred_at",
            ),
            (
                "CancelOrder",
                cancel(json!({"occurred_at": "9999-12-31T23:59:59Z"})),
                "/occurred_at",
            ),
            (
                "CancelOrder",
                cancel(json!({"occurred_at": "yesterday"})),
                "/occurred_at",
            ),
        ] {
            let found = problem("orders", command, body);
            assert_eq!((found.status, found.code()), (400, "invalid-command"));
            assert_eq!(found.extensions["errors"][0]["pointer"], pointer, "{found:?}");
        }
    }

    /// Seen failing with days of any year: the persistency of such a policy could not be read back.
    #[test]
    fn a_day_of_a_far_year_is_refused_where_it_stands() {
        let body = json!({"period": "9999-12"});
        let found = problem("commissions", "ClosePeriod", body);
        assert_eq!(found.extensions["errors"][0]["pointer"], "/period", "{found:?}");
    }

    #[test]
    fn g2_a_fraction_of_a_minor_unit_is_refused() {
        let found = problem(
            "orders",
            "PlaceOrder",
            json!({"lines": [{"discount_minor": 0.5}]}),
        );
        assert_eq!(found.extensions["reason"], "FractionalMinorUnit");
        assert!(found.detail.unwrap().starts_with("/lines/0/discount_minor"));
    }

    #[test]
    fn an_unknown_command_is_404_and_names_its_neighbours() {
        let found = problem("orders", "EatOrder", json!({}));
        assert_eq!(found.status, 404);
        assert!(found.detail.unwrap().contains("PlaceOrder"));
    }

    #[test]
    fn the_digest_is_of_what_is_asked_and_not_of_how_it_is_written() {
        let read = |text: &str| request_hash("orders/X", &serde_json::from_str(text).unwrap());
        assert_eq!(
            read(r#"{"a":1,"b":[{"d":2,"c":"x"}]}"#),
            read(r#"{ "b": [{"c":"x","d":2}], "a": 1 }"#)
        );
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":2}"#));
        assert_ne!(
            request_hash("orders/X", &json!({})),
            request_hash("orders/Y", &json!({}))
        );
    }
}
