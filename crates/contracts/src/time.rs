//! Instants on the wire: RFC 3339 in UTC with `Z` and 3 or 6 fraction digits; and days and months
//! of events. All of them lie in the years 1900 to 2999: a sentinel such as 9999-12-31 would
//! leave the range of what is computed from it (days of other zones, ends of schedules).

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, Timelike, Utc};
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

/// Years that an event may speak of.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// Why a text is not an instant, a day or a month of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It has another form.
    #[error("{0}")]
    Form(String),
    /// It lies outside of 1900 to 2999.
    #[error("the year {0} is not in 1900 to 2999")]
    Year(i32),
}

/// The same day or instant, if events may speak of its year.
///
/// # Errors
/// [`TimeError::Year`].
pub fn in_range<T: Datelike>(value: T) -> Result<T, TimeError> {
    if YEARS.contains(&value.year()) {
        Ok(value)
    } else {
        Err(TimeError::Year(value.year()))
    }
}

/// Reads an instant; any RFC 3339 offset is accepted, sub-microseconds are cut off.
///
/// # Errors
/// The text is not RFC 3339, or of a year out of range.
pub fn parse(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|e| TimeError::Form(e.to_string()))?;
    in_range(at.with_timezone(&Utc).trunc_subsecs(6))
}

/// A day of an event, for `#[serde(with = "time::date")]`.
pub mod date {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use super::{NaiveDate, in_range};

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(date: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        date.serialize(serializer)
    }

    /// # Errors
    /// The text is not `YYYY-MM-DD`, or of a year out of range.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        in_range(NaiveDate::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    /// The same for an optional day.
    pub mod option {
        use super::{Deserializer, NaiveDate, Serializer, in_range};
        use serde::{Deserialize as _, Serialize as _, de::Error as _};

        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(date: &Option<NaiveDate>, serializer: S) -> Result<S::Ok, S::Error> {
            date.serialize(serializer)
        }

        /// # Errors
        /// The text is not `YYYY-MM-DD`, or of a year out of range.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<NaiveDate>, D::Error> {
            Option::<NaiveDate>::deserialize(deserializer)?
                .map(|date| in_range(date).map_err(D::Error::custom))
                .transpose()
        }
    }
}

/// A month of an event, for `#[serde(with = "time::month")]`.
pub mod month {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use super::in_range;
    use crate::month::Month;

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(month: &Month, serializer: S) -> Result<S::Ok, S::Error> {
        month.serialize(serializer)
    }

    /// # Errors
    /// The text is not `YYYY-MM`, or of a year out of range.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        let month = Month::deserialize(deserializer)?;
        in_range(month.first_day()).map_err(D::Error::custom)?;
        Ok(month)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen failing without the range: a view's store then refuses what the fold makes of it.
    #[test]
    fn sentinels_are_refused() {
        assert_eq!(parse("9999-12-31T23:59:59Z"), Err(TimeError::Year(9999)));
        assert_eq!(parse("0000-01-01T00:00:00Z"), Err(TimeError::Year(0)));
        assert!(parse("2026-03-01T09:00:00+09:00").is_ok());
        assert!(matches!(parse("today"), Err(TimeError::Form(_))));
    }
}
