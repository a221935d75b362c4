//! The headers of a command: key, expected version, correlation.

use std::sync::Arc;

use axum::http::HeaderMap;
use plimsoll_contracts::{Problem, ids::is_id};
use uuid::Uuid;

use crate::handler::IfMatch;

const KEY: &str = "idempotency-key";
/// Longest key, in characters.
const KEY_MAX: usize = 64;

/// `Idempotency-Key`, when it is there.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    match headers.get(KEY) {
        None => Ok(None),
        Some(value) => check_key(value.to_str().unwrap_or_default()).map(Some),
    }
}

/// A key of 1 to 64 visible characters.
pub(super) fn check_key(key: &str) -> Result<String, Problem> {
    if (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(Problem::new(
        400,
        "invalid-idempotency-key",
        "The idempotency key cannot be used",
    )
    .detail(format!("a key has 1 to {KEY_MAX} visible characters")))
}

/// 400: every command needs a key.
pub(super) fn missing_key() -> Problem {
    Problem::new(
        400,
        "missing-idempotency-key",
        "A command needs an Idempotency-Key",
    )
    .detail("send a fresh Idempotency-Key with every command, and the same one when you repeat it")
}

/// `If-Match`: `*` or a quoted stream version.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, Problem> {
    headers
        .get("if-match")
        .map(|value| read_if_match(value.to_str().unwrap_or_default()))
        .transpose()
}

/// The same from a batch's item.
pub(super) fn read_if_match(text: &str) -> Result<IfMatch, Problem> {
    if text.trim() == "*" {
        return Ok(IfMatch::Exists);
    }
    let version = text
        .trim()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    version
        .and_then(|digits| digits.parse().ok())
        .map(IfMatch::Version)
        .ok_or_else(|| {
            Problem::invalid_parameter(
                "If-Match",
                format!("`{text}` is not a quoted stream version such as \"3\""),
            )
        })
}

/// `Correlation-Id`, or a new one.
pub(super) fn correlation_id(headers: &HeaderMap) -> Result<Arc<str>, Problem> {
    match headers
        .get("correlation-id")
        .map(|value| value.to_str().unwrap_or_default())
    {
        None => Ok(Uuid::now_v7().to_string().into()),
        Some(id) if is_id(id) => Ok(id.into()),
        Some(id) => {
            let detail = format!("`{id}` is not an id: 1 to 64 of the characters A-Z a-z 0-9 . _ ~ : @ -");
            Err(Problem::invalid_parameter("Correlation-Id", detail))
        }
    }
}

/// The trace id of `traceparent` (W3C), for the log lines of this request.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("traceparent")?
        .to_str()
        .ok()?
        .split('-')
        .nth(1)
        .filter(|id| id.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_64_visible_characters() {
        assert!(check_key(&"k".repeat(64)).is_ok());
        for bad in [String::new(), "k".repeat(65), "a b".to_owned(), "ü".to_owned()] {
            assert_eq!(check_key(&bad).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn if_match_is_a_quoted_version_or_a_star() {
        assert_eq!(read_if_match("\"3\"").unwrap(), IfMatch::Version(3));
        assert_eq!(read_if_match("*").unwrap(), IfMatch::Exists);
        for bad in ["3", "W/\"3\"", "\"x\"", "\"-1\"", ""] {
            assert_eq!(read_if_match(bad).unwrap_err().status, 400, "{bad}");
        }
    }
}
