//! `Prefer: wait` (RFC 7240), entity tags (RFC 9110) and the format that a client accepts.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use plimsoll_contracts::Problem;

/// How long the client would have the server wait, bounded; none = not at all.
pub(crate) fn wait(headers: &HeaderMap, max: Duration) -> Option<Duration> {
    let asked = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    let seconds: u64 = asked.1.trim().trim_matches('"').parse().ok()?;
    Some(Duration::from_secs(seconds).min(max))
}

/// Whether `If-None-Match` names this entity tag.
pub(crate) fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// In what an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

impl Format {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// The format that a client likes best; JSON where it does not care.
    ///
    /// # Errors
    /// 406 when it accepts neither.
    pub(crate) fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        let json = quality(headers, "application", "json");
        let csv = quality(headers, "text", "csv");
        if json == 0 && csv == 0 {
            return Err(
                Problem::new(406, "not-acceptable", "The answer cannot be had in such a format")
                    .detail("views are answered as application/json or text/csv"),
            );
        }
        Ok(if csv > json { Self::Csv } else { Self::Json })
    }
}

/// How much a client likes a media type, in thousandths; what is named exactly counts most.
pub(crate) fn quality(headers: &HeaderMap, kind: &str, subtype: &str) -> u32 {
    let ranges: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    if ranges.is_empty() {
        return 1_000;
    }
    let fits = |range: &str| -> Option<(u8, u32)> {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next()?.to_ascii_lowercase();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0_f32), |q| q.parse().ok())?;
        let precision = match named.split_once('/')? {
            (k, s) if k == kind && s == subtype => 2,
            (k, "*") if k == kind => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        Some((precision, (weight.clamp(0.0, 1.0) * 1_000.0) as u32))
    };
    ranges
        .into_iter()
        .filter_map(fits)
        .max()
        .map_or(0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn wait_is_found_among_other_preferences_and_bounded() {
        let max = Duration::from_secs(60);
        let waits = |value| wait(&headers(&[("prefer", value)]), max).map(|wait| wait.as_secs());
        assert_eq!(waits("return=minimal, wait=20"), Some(20));
        assert_eq!(waits("Wait=9999"), Some(60));
        assert_eq!(waits("wait=soon"), None);
        assert_eq!(waits("respond-async"), None);
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_compared_weakly() {
        let matches = |value| none_match(&headers(&[("if-none-match", value)]), "\"a.1\"");
        assert!(matches("\"x\", \"a.1\""));
        assert!(matches("W/\"a.1\""));
        assert!(matches("*"));
        assert!(!matches("\"a.10\""));
    }

    #[test]
    fn json_is_the_answer_unless_csv_is_liked_better() {
        let format = |accept| Format::accepted(&headers(&[("accept", accept)])).ok();
        assert_eq!(Format::accepted(&HeaderMap::new()).ok(), Some(Format::Json));
        assert_eq!(format("text/csv"), Some(Format::Csv));
        assert_eq!(format("*/*"), Some(Format::Json));
        assert_eq!(format("text/csv;q=0.5, application/json"), Some(Format::Json));
        assert_eq!(format("application/json;q=0, */*"), Some(Format::Csv));
        assert_eq!(format("image/png"), None);
    }
}
