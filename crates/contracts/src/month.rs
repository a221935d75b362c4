//! A month of the local business calendar, `YYYY-MM`.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A calendar month; sorts in time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    /// 1–12.
    month: u32,
}

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The month `count` months later (earlier when negative).
    #[must_use]
    pub fn plus(self, count: i32) -> Self {
        let index = self.year * 12 + i32::try_from(self.month).unwrap_or(1) - 1 + count;
        Self {
            year: index.div_euclid(12),
            month: u32::try_from(index.rem_euclid(12)).unwrap_or(0) + 1,
        }
    }

    /// Full months from `earlier` to this one.
    #[must_use]
    pub fn months_since(self, earlier: Self) -> i32 {
        let index = |m: Self| m.year * 12 + i32::try_from(m.month).unwrap_or(1);
        index(self) - index(earlier)
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a month such as 2026-03");
        if text.len() != 7 {
            return Err(wrong());
        }
        let first = format!("{text}-01").parse::<NaiveDate>().map_err(|_| wrong())?;
        Ok(Self::of(first))
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_count_across_years() {
        let month: Month = "2025-11".parse().unwrap();
        assert_eq!(month.plus(3).to_string(), "2026-02");
        assert_eq!(month.plus(-11).to_string(), "2024-12");
        assert_eq!(month.plus(14).months_since(month), 14);
    }
}
