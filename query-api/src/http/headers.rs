//! The headers that say where an answer stands; they come with 200 and with 304 alike.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use plimsoll_contracts::{Token, time};

use super::condition::Format;
use crate::cohort::{CohortKey, Latest};

const VIEW_POSITION: HeaderName = HeaderName::from_static("view-position");
const VIEW_AS_OF: HeaderName = HeaderName::from_static("view-as-of");
const VIEW_STATE: HeaderName = HeaderName::from_static("view-state");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The entity tag of an answer in a form: history, last change, version of the projection, question;
/// the rows too, where they change with time alone.
pub(super) fn entity_tag(latest: &Latest, key: &CohortKey, format: Format, form: &[(&str, &str)]) -> String {
    let form: Vec<(&str, &str)> = form
        .iter()
        .copied()
        .chain([("format", format.as_str())])
        .collect();
    let digest = latest
        .digest()
        .map_or_else(String::new, |digest| format!("-{digest}"));
    format!(
        "\"{}-{}-{}{digest}\"",
        Token::new(latest.epoch.clone(), latest.changed),
        latest.version,
        key.fingerprint(&form)
    )
}

/// Where the answer stands.
pub(super) fn standing(latest: &Latest, tag: &str, waited: Option<Duration>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name, text: &str| {
        headers.insert(
            name,
            HeaderValue::from_str(text).expect("tokens, tags, times and words are visible ASCII"),
        );
    };
    put(
        VIEW_POSITION,
        &Token::new(latest.epoch.clone(), latest.position).to_string(),
    );
    put(header::ETAG, tag);
    put(header::VARY, "Authorization, Accept, Accept-Encoding");
    put(header::CACHE_CONTROL, "private, no-cache");
    if let Some(as_of) = latest.as_of {
        put(VIEW_AS_OF, &time::format(as_of));
    }
    put(
        VIEW_STATE,
        latest
            .standing
            .as_ref()
            .map_or("live", |stale| stale.reason.as_str()),
    );
    if let Some(waited) = waited {
        put(PREFERENCE_APPLIED, &format!("wait={}", waited.as_secs()));
    }
    headers
}
