//! What was posted in a minute of a cell, by the second: windows and comparisons that end in the
//! middle of an hour are summed from these. Nobody is shown them.

use chrono::{DateTime, Duration, NaiveDate, Timelike, Utc};
use plimsoll_contracts::{
    Currency, Label,
    rows::{RevenueMeasures, RevenueMethod},
    time,
};
use serde::{Deserialize, Serialize};

use super::row::{add, fields};

/// A minute of a cell, table `seconds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondsRow {
    /// Its first instant.
    #[serde(with = "time")]
    pub(super) minute: DateTime<Utc>,
    pub(super) business_date: NaiveDate,
    pub(super) channel: Label,
    pub(super) region: Label,
    pub(super) method: RevenueMethod,
    pub(super) currency: Currency,
    /// In the order of time.
    pub(super) seconds: Vec<Second>,
}

/// A second in which something was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 17]", into = "[i64; 17]")]
pub struct Second {
    /// 0 to 59.
    second: i64,
    measures: RevenueMeasures,
}

impl From<[i64; 17]> for Second {
    fn from(numbers: [i64; 17]) -> Self {
        let [second, rest @ ..] = numbers;
        let mut measures = RevenueMeasures::default();
        for (field, number) in fields(&mut measures).into_iter().zip(rest) {
            *field = number;
        }
        Self { second, measures }
    }
}

impl From<Second> for [i64; 17] {
    fn from(mut second: Second) -> Self {
        let mut numbers = [second.second; 17];
        for (number, field) in numbers.iter_mut().skip(1).zip(fields(&mut second.measures)) {
            *number = *field;
        }
        numbers
    }
}

impl Second {
    /// What was posted at an instant.
    pub(super) fn at(at: DateTime<Utc>, measures: RevenueMeasures) -> Self {
        Self {
            second: i64::from(at.second()),
            measures,
        }
    }
}

impl SecondsRow {
    /// Every second with its first instant.
    pub(super) fn instants(&self) -> impl Iterator<Item = (DateTime<Utc>, &RevenueMeasures)> {
        self.seconds
            .iter()
            .map(|second| (self.minute + Duration::seconds(second.second), &second.measures))
    }

    /// Adds `sign` times another row of the same minute and cell.
    pub(super) fn add(&mut self, other: &[Second], sign: i64) {
        for second in other {
            let place = self
                .seconds
                .binary_search_by_key(&second.second, |known| known.second);
            let place = place.unwrap_or_else(|place| {
                let nothing = Second {
                    second: second.second,
                    measures: RevenueMeasures::default(),
                };
                self.seconds.insert(place, nothing);
                place
            });
            add(&mut self.seconds[place].measures, &second.measures, sign);
        }
        self.seconds
            .retain(|second| second.measures != RevenueMeasures::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_a_short_list_of_numbers_and_nothing_is_left_of_what_is_taken_away() {
        let measures = RevenueMeasures {
            captured_minor: 11_000,
            net_minor: 11_000,
            reporting_missing: 1,
            ..RevenueMeasures::default()
        };
        let at: DateTime<Utc> = "2026-03-10T00:10:07Z".parse().unwrap();
        let second = Second::at(at, measures);
        let json = serde_json::to_string(&second).unwrap();
        assert_eq!(json, "[7,11000,0,0,0,0,0,0,0,0,0,0,11000,0,0,0,1]");
        assert_eq!(serde_json::from_str::<Second>(&json).unwrap(), second);
        let mut row = SecondsRow {
            minute: "2026-03-10T00:10:00Z".parse().unwrap(),
            business_date: NaiveDate::default(),
            channel: "web".parse().unwrap(),
            region: "KR".parse().unwrap(),
            method: RevenueMethod::Card,
            currency: "KRW".parse().unwrap(),
            seconds: Vec::new(),
        };
        row.add(&[second], 1);
        assert_eq!(row.instants().next(), Some((at, &measures)));
        row.add(&[second], -1);
        assert_eq!(row.seconds, []);
    }
}
