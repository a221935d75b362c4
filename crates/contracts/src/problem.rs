//! Problem documents (RFC 9457): the one shape of every error that a client sees.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A problem document. `type` is `urn:plimsoll:problem:<code>`; extensions stand beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which kind of problem, as a URN.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words; the same for every occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened here, why, and what to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds after which it makes sense to try again; also sent as `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// Members of this kind of problem: `reason`, `current`, `errors` …
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// One mistake in a request body, found by JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer into the body; empty for the body as a whole.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// A member's name inside a JSON pointer (RFC 6901).
#[must_use]
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The pointer of the first value, from the outside in, of which something holds; it is asked with
/// the member's name, empty for what is no member.
pub fn pointer_to(value: &Value, holds: &impl Fn(&str, &Value) -> bool) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let found = if holds(name, field) {
                Some(String::new())
            } else {
                pointer_to(field, holds)
            };
            found.map(|rest| format!("/{}{rest}", escape(name)))
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| {
            let found = if holds("", item) {
                Some(String::new())
            } else {
                pointer_to(item, holds)
            };
            found.map(|rest| format!("/{i}{rest}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The pointer of the first text that holds U+0000: Postgres keeps it neither in text nor in
/// `jsonb`, so an event that holds it could be taken and never projected.
#[must_use]
pub fn nul_in(value: &Value) -> Option<String> {
    let holds = |name: &str, value: &Value| {
        name.contains('\0') || value.as_str().is_some_and(|text| text.contains('\0'))
    };
    pointer_to(value, &holds).map(|pointer| pointer.replace('\0', "\u{fffd}"))
}

impl Problem {
    /// A problem of a kind, e.g. `Problem::new(409, "version-conflict", "The stream has moved on")`.
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str) -> Self {
        Self {
            kind: format!("urn:plimsoll:problem:{code}"),
            title: title.to_owned(),
            status,
            detail: None,
            retry_after_s: None,
            extensions: Map::new(),
        }
    }

    /// The last part of `type`, e.g. `version-conflict`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    /// With what happened, why, and what to do next.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(member.to_owned(), value.into());
        self
    }

    /// With a time after which to try again, seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// 400 `invalid-command`: the body does not have the command's shape.
    #[must_use]
    pub fn invalid_command(errors: &[FieldError]) -> Self {
        Self::new(
            400,
            "invalid-command",
            "The command does not have the right shape",
        )
        .with("errors", serde_json::to_value(errors).unwrap_or(Value::Null))
    }

    /// 400 `invalid-parameter`: a query parameter does not exist or does not parse.
    #[must_use]
    pub fn invalid_parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::new(
            400,
            "invalid-parameter",
            "A parameter does not exist or does not parse",
        )
        .with("parameter", name)
        .detail(detail)
    }

    /// 422 `refused`: the domain says no, by the name of its rule.
    #[must_use]
    pub fn refused(reason: &str, detail: impl Into<String>) -> Self {
        Self::new(422, "refused", "The command was refused")
            .with("reason", reason)
            .detail(detail)
    }

    /// 401 `unauthenticated`.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(401, "unauthenticated", "A valid bearer token is needed").detail(detail)
    }

    /// 403 `forbidden`.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", "The token does not allow this").detail(detail)
    }

    /// 404 `not-found`.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", "There is no such thing here").detail(detail)
    }

    /// 503 `unavailable`, to be tried again.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(503, "unavailable", "The service cannot answer now")
            .detail(detail)
            .retry_after(1)
    }
}

/// A query parameter that does not exist or does not parse; becomes 400 `invalid-parameter`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}`: {detail}")]
pub struct InvalidParameter {
    /// Which parameter.
    pub name: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl InvalidParameter {
    /// A refusal of one parameter.
    #[must_use]
    pub fn new(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            detail: detail.into(),
        }
    }
}

impl From<InvalidParameter> for Problem {
    fn from(invalid: InvalidParameter) -> Self {
        Self::invalid_parameter(&invalid.name, invalid.detail)
    }
}
