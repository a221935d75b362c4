//! Which pages may open a socket (RFC 6455, 10.2): those on the allow-list, and pages of this very
//! server where it is reached by a loopback name, which no foreign page can have.

use axum::http::{HeaderMap, Uri, header};
use plimsoll_contracts::Problem;

/// Checks `Origin`. It may be missing only where the request itself has a token: browsers always
/// send one, and cannot set `Authorization`.
///
/// # Errors
/// 403.
pub(super) fn check(headers: &HeaderMap, allowed: &[String], has_token: bool) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return if has_token {
            Ok(())
        } else {
            Err(Problem::forbidden(
                "the request has neither an Origin nor a bearer token; programs send `Authorization: Bearer`",
            ))
        };
    };
    let origin = origin.to_str().unwrap_or_default();
    if allowed.iter().any(|known| known.eq_ignore_ascii_case(origin)) || is_own_page(headers, origin) {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "pages of `{origin}` may not connect; the operator can put it on the list of origins"
    )))
}

fn is_own_page(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(origin) = origin.parse::<Uri>().ok() else {
        return false;
    };
    let (Some(authority), Some(host)) = (origin.authority(), host) else {
        return false;
    };
    let is_loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    is_loopback && authority.as_str().eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origin: Option<&str>, host: &str, has_token: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        check(&headers, &["https://plimsoll.example".to_owned()], has_token).is_ok()
    }

    #[test]
    fn only_listed_pages_and_own_pages_on_loopback_connect() {
        assert!(allows(Some("https://plimsoll.example"), "x", false));
        assert!(allows(Some("http://127.0.0.1:7070"), "127.0.0.1:7070", false));
        assert!(allows(Some("http://localhost:7070"), "localhost:7070", false));
        assert!(!allows(Some("http://127.0.0.1:8080"), "127.0.0.1:7070", true));
        assert!(
            !allows(Some("https://evil.example"), "evil.example", true),
            "a rebound name"
        );
        assert!(!allows(Some("null"), "127.0.0.1:7070", true));
    }

    #[test]
    fn no_origin_needs_a_token_in_the_request() {
        assert!(allows(None, "x", true));
        assert!(!allows(None, "x", false));
    }
}
