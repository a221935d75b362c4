//! Which pages may open a socket (RFC 6455, 10.2): those on the allow-list, and pages of this very
//! server where it is reached by a loopback name, which no foreign page can have.

use axum::http::{HeaderMap, Uri, header, uri::Authority};
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
    if is_listed(allowed, origin) || is_own_page(headers, origin) {
        return Ok(());
    }
    Err(foreign(origin))
}

/// Checks a request that needs no token: it must name this server by a loopback name, which a name
/// rebound to this machine is not, and come from no foreign page. Programs send no `Origin`.
///
/// # Errors
/// 403.
pub(crate) fn check_unauthenticated(
    headers: &HeaderMap,
    uri: &Uri,
    allowed: &[String],
) -> Result<(), Problem> {
    let header = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has the name in the request's target.
    let host = uri
        .authority()
        .map(Authority::as_str)
        .or(header)
        .unwrap_or_default();
    let authority: Option<Authority> = host.parse().ok();
    if !authority.is_some_and(|authority| is_loopback(authority.host())) {
        return Err(Problem::forbidden(format!(
            "this is asked for at a loopback name only (localhost, 127.0.0.1, [::1]), not at `{host}`"
        )));
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    if is_listed(allowed, origin) || is_page_of(host, origin) {
        return Ok(());
    }
    Err(foreign(origin))
}

fn is_listed(allowed: &[String], origin: &str) -> bool {
    allowed.iter().any(|known| known.eq_ignore_ascii_case(origin))
}

fn foreign(origin: &str) -> Problem {
    Problem::forbidden(format!(
        "pages of `{origin}` may not connect; the operator can put it on the list of origins"
    ))
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn is_own_page(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| is_page_of(host, origin))
}

fn is_page_of(host: &str, origin: &str) -> bool {
    let Some(origin) = origin.parse::<Uri>().ok() else {
        return false;
    };
    origin.authority().is_some_and(|authority| {
        is_loopback(authority.host()) && authority.as_str().eq_ignore_ascii_case(host)
    })
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

    /// Seen with the check left out: a page at a name rebound to 127.0.0.1 got a token with every scope.
    #[test]
    fn without_a_token_the_server_is_named_by_loopback_and_the_page_is_its_own() {
        let allows = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            let listed = ["http://localhost:5173".to_owned()];
            check_unauthenticated(&headers, &Uri::from_static("/v1/dev/token"), &listed).is_ok()
        };
        assert!(allows("127.0.0.1:7070", None));
        assert!(allows("[::1]:7070", None));
        assert!(allows("localhost:7070", Some("http://localhost:7070")));
        assert!(allows("localhost:7070", Some("http://localhost:5173")), "listed");
        assert!(!allows("evil.example:7070", None), "a rebound name");
        assert!(!allows("evil.example:7070", Some("http://evil.example:7070")));
        assert!(!allows("127.0.0.1.evil.example", None));
        assert!(!allows("127.0.0.1:7070", Some("https://evil.example")));
        assert!(!allows("127.0.0.1:7070", Some("null")));
        assert!(!allows("192.168.0.7:7070", Some("http://192.168.0.7:7070")));
        assert!(!allows("", None));
    }

    #[test]
    fn no_origin_needs_a_token_in_the_request() {
        assert!(allows(None, "x", true));
        assert!(!allows(None, "x", false));
    }
}
