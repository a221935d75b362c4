//! Instants on the wire: RFC 3339 in UTC with `Z` and 3 or 6 fraction digits.

use chrono::{DateTime, SecondsFormat, SubsecRound, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serializer};

/// An instant as the wire writes it; six fraction digits only where three would lose something.
#[must_use]
pub fn format(at: DateTime<Utc>) -> String {
    let whole_millis = at.nanosecond().is_multiple_of(1_000_000);
    at.to_rfc3339_opts(
        if whole_millis {
            SecondsFormat::Millis
        } else {
            SecondsFormat::Micros
        },
        true,
    )
}

/// Reads an instant; any RFC 3339 offset is accepted, sub-microseconds are cut off.
///
/// # Errors
/// The text is not RFC 3339.
pub fn parse(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc).trunc_subsecs(6))
}

/// For `#[serde(with = "time")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*at))
}

/// For `#[serde(with = "time")]`.
///
/// # Errors
/// The text is not RFC 3339.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    parse(&text).map_err(|e| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 instant: {e}")))
}

/// The same for an optional instant: `#[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]`.
pub mod option {
    use super::{DateTime, Deserialize, Deserializer, Serializer, Utc};

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// # Errors
    /// The text is not RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| super::parse(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}
