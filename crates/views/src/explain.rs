//! What of the log can have touched a row: enough of it to explain the row, and far less than all.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use plimsoll_contracts::TenantConfig;

/// What is to be explained: a row by its stored key, or all rows of some days of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// One stored row.
    Row {
        /// Its table.
        table: &'static str,
        /// Its key.
        key: &'a str,
    },
    /// The rows of a range of spans ([`crate::Row::span`]), both ends included.
    Span {
        /// Their table.
        table: &'static str,
        /// First span.
        from: &'a str,
        /// Last span.
        to: &'a str,
    },
}

/// The events that can have touched a row. It may name too much and must not leave anything out:
/// the row is folded from these events alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Whole streams in which something occurred in this stretch of time (half-open).
    pub within: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Whole streams by how their names begin.
    pub streams: Vec<String>,
    /// What time alone does to the row, a higher watermark does: the first event that occurred at
    /// each of these instants or later.
    pub moments: Vec<DateTime<Utc>>,
}

impl Trace {
    /// What can have touched the rows of some business days; none when they are no days, or too many.
    pub(crate) fn of_days(config: &TenantConfig, from: &str, to: &str) -> Option<Self> {
        let days = days(from, to)?;
        let (first, last) = (days.first()?, days.last()?);
        Some(Self {
            within: Some((config.day_start(*first), config.day_end(*last))),
            moments: days.iter().map(|day| config.final_after(*day)).collect(),
            ..Self::default()
        })
    }

    /// What is in either.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.within = match (self.within, other.within) {
            (Some((from, to)), Some((other_from, other_to))) => {
                Some((from.min(other_from), to.max(other_to)))
            }
            (one, other) => one.or(other),
        };
        for name in other.streams {
            if !self.streams.contains(&name) {
                self.streams.push(name);
            }
        }
        for moment in other.moments {
            if !self.moments.contains(&moment) {
                self.moments.push(moment);
            }
        }
        self
    }
}

/// Days that a trace may cover at most; more of them are explained from the whole log.
const DAYS_MAX: usize = 40;

/// The days of a range of spans; none when they are no days, or too many.
pub(crate) fn days(from: &str, to: &str) -> Option<Vec<NaiveDate>> {
    let (from, to): (NaiveDate, NaiveDate) = (from.parse().ok()?, to.parse().ok()?);
    let days: Vec<NaiveDate> = from
        .iter_days()
        .take_while(|day| *day <= to)
        .take(DAYS_MAX + 1)
        .collect();
    (!days.is_empty() && days.len() <= DAYS_MAX).then_some(days)
}

/// A stretch of a business day that holds every instant whose wall clock fits; a little more.
pub(crate) fn stretch(
    config: &TenantConfig,
    date: NaiveDate,
    fits: impl Fn(NaiveDateTime) -> bool,
) -> (DateTime<Utc>, DateTime<Utc>) {
    // Zones differ from UTC by quarters of an hour, and so do their jumps.
    let step = Duration::minutes(15);
    let (start, end) = (config.day_start(date), config.day_end(date));
    let mut found: Option<(DateTime<Utc>, DateTime<Utc>)> = None;
    let mut at = start;
    while at < end {
        if fits(config.wall_clock(at)) {
            let from = found.map_or(at, |(from, _)| from);
            found = Some((from, at + step));
        }
        at += step;
    }
    // A cut inside an hour leaves the end of the day less of it than a step.
    if fits(config.wall_clock(end - Duration::seconds(1))) {
        found = Some((found.map_or(end, |(from, _)| from), end));
    }
    found.map_or((start, end), |(from, to)| (from - step, to + step))
}

#[cfg(test)]
mod tests {
    use chrono::Timelike as _;

    use super::*;

    fn config(zone: &str, cut: &str) -> TenantConfig {
        let change = serde_json::from_value(serde_json::json!({"zone": zone, "cut": cut})).unwrap();
        TenantConfig::default().changed(&change).unwrap()
    }

    /// Every instant of a day is in the stretch of its hour, also where the hour comes twice.
    #[test]
    fn a_stretch_leaves_no_instant_of_its_hour_out() {
        for (zone, cut, date) in [
            ("Asia/Seoul", "00:00", "2026-03-01"),
            ("Asia/Seoul", "05:30", "2026-03-01"),
            ("America/New_York", "00:00", "2026-03-08"),
            ("America/New_York", "02:10", "2026-11-01"),
            ("Asia/Kathmandu", "04:00", "2026-03-01"),
        ] {
            let (config, date): (_, NaiveDate) = (config(zone, cut), date.parse().unwrap());
            let mut at = config.day_start(date);
            while at < config.day_end(date) {
                let hour = config.wall_clock(at).hour();
                let (from, to) = stretch(&config, date, |wall| wall.hour() == hour);
                assert!(from <= at && at < to, "{zone} {cut} {at}");
                at += Duration::minutes(1);
            }
        }
    }

    #[test]
    fn days_that_are_no_days_or_too_many_are_none() {
        assert_eq!(days("2026-03-01", "2026-03-03").unwrap().len(), 3);
        assert_eq!(days("0000-01-01", "2026-03-03"), None);
        assert_eq!(days("2026-03", "2026-04"), None);
    }
}
