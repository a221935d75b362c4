//! Answers from selected rows: summed over windows and dimensions, with or without tax.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, DurationRound, NaiveDate, Utc};
use plimsoll_contracts::{Month, time};
use serde_json::{Map, Value};

use super::{RevenueRows, query::Dimension};
use crate::{
    Answer, AnswerContext, AnswerRow, StoredRow,
    query::{Stamp, columns},
};

/// One row per combination of the dimensions, in their order.
pub(super) fn grouped(
    rows: &[&StoredRow<RevenueRows>],
    dimensions: &BTreeSet<Dimension>,
    context: &AnswerContext<'_>,
) -> Answer {
    let mut groups: BTreeMap<Vec<Part<'_>>, (RevenueRows, Stamp)> = BTreeMap::new();
    for stored in rows {
        let key = dimensions.iter().filter_map(|d| d.part(&stored.row)).collect();
        let (sum, stamp) = groups
            .entry(key)
            .or_insert_with(|| (stored.row.nothing(), Stamp::default()));
        sum.add(&stored.row, 1);
        stamp.take_in(stored, context);
    }
    let rows = groups.into_iter().map(|(key, (sum, stamp))| {
        let (key, mut shown) = key_and_columns(dimensions, &key);
        shown.extend(measures(&sum));
        stamp.row(key, shown)
    });
    Answer { rows: rows.collect() }
}

/// The key of a group, and its parts as columns.
pub(super) fn key_and_columns(
    dimensions: &BTreeSet<Dimension>,
    key: &[Part<'_>],
) -> (String, Map<String, Value>) {
    let mut shown = Map::new();
    for (dimension, part) in dimensions.iter().zip(key) {
        shown.insert(dimension.column().to_owned(), part.json());
    }
    let key: Vec<String> = key.iter().map(Part::to_string).collect();
    (key.join("|"), shown)
}

/// Takes the tax out of every amount. What is left in the reporting currency would still hold it,
/// so those columns go.
pub(super) fn without_tax(row: &mut AnswerRow) {
    for name in ["captured", "refunded", "chargeback", "chargeback_reversed"] {
        let tax = row
            .columns
            .get(&format!("{name}_tax_minor"))
            .and_then(Value::as_i64);
        if let (Some(Value::Number(amount)), Some(tax)) = (row.columns.get_mut(&format!("{name}_minor")), tax)
        {
            *amount = (amount.as_i64().unwrap_or(0) - tax).into();
        }
    }
    if let Some(supply) = row.columns.get("net_supply_minor").cloned() {
        row.columns.insert("net_minor".to_owned(), supply);
    }
    row.columns.retain(|name, _| {
        !matches!(
            name.as_str(),
            "reporting_minor" | "fx_minor" | "reporting_missing"
        )
    });
}

fn measures(sum: &RevenueRows) -> Map<String, Value> {
    match sum {
        RevenueRows::Cell(row) | RevenueRows::Cohort(row) => columns(&row.measures),
        RevenueRows::Settlement(row) => columns(&row.measures),
        RevenueRows::Seconds(_) => Map::new(),
        RevenueRows::Minute(row) => columns(&row.measures),
        RevenueRows::Failure(row) => Map::from_iter([("count".to_owned(), row.count.into())]),
    }
}

/// One part of a group's key; dates and numbers sort as such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part<'a> {
    Hour(u8),
    Day(NaiveDate),
    Month(Month),
    Instant(DateTime<Utc>),
    Text(&'a str),
}

impl std::fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hour(hour) => hour.fmt(f),
            Self::Day(day) => day.fmt(f),
            Self::Month(month) => month.fmt(f),
            Self::Instant(at) => f.write_str(&time::format(*at)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Part<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Hour(hour) => (*hour).into(),
            other => other.to_string().into(),
        }
    }
}

impl Dimension {
    const fn column(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "business_date",
            Self::SettledOn => "settled_on",
            Self::Hour => "hour",
            Self::Minute | Self::FiveMinutes => "minute",
            Self::Channel => "channel",
            Self::Region => "region",
            Self::Method => "method",
            Self::Code => "code",
            Self::Currency => "currency",
        }
    }

    /// The value of this dimension in a row. A question asks no table for what it does not have.
    pub(super) fn part(self, row: &RevenueRows) -> Option<Part<'_>> {
        let day = row.business_date();
        match self {
            Self::Month => return Some(Part::Month(Month::of(day))),
            Self::Week => return Some(Part::Day(monday(day))),
            Self::Day | Self::SettledOn => return Some(Part::Day(day)),
            _ => {}
        }
        match row {
            RevenueRows::Cell(row) | RevenueRows::Cohort(row) => match self {
                Self::Hour => Some(Part::Hour(row.hour)),
                Self::Channel => Some(Part::Text(row.channel.as_str())),
                Self::Region => Some(Part::Text(row.region.as_str())),
                Self::Method => Some(Part::Text(row.method.as_str())),
                Self::Currency => Some(Part::Text(row.currency.as_str())),
                _ => None,
            },
            RevenueRows::Seconds(row) => match self {
                Self::Channel => Some(Part::Text(row.channel.as_str())),
                Self::Region => Some(Part::Text(row.region.as_str())),
                Self::Method => Some(Part::Text(row.method.as_str())),
                Self::Currency => Some(Part::Text(row.currency.as_str())),
                _ => None,
            },
            RevenueRows::Minute(row) => match self {
                Self::Minute => Some(Part::Instant(row.minute)),
                Self::FiveMinutes => {
                    let five = row.minute.duration_trunc(Duration::minutes(5));
                    five.ok().map(Part::Instant)
                }
                Self::Channel => Some(Part::Text(row.channel.as_str())),
                Self::Currency => Some(Part::Text(row.currency.as_str())),
                _ => None,
            },
            RevenueRows::Failure(row) => match self {
                Self::Hour => Some(Part::Hour(row.hour)),
                Self::Channel => Some(Part::Text(row.channel.as_str())),
                Self::Code => Some(Part::Text(row.code.as_str())),
                _ => None,
            },
            RevenueRows::Settlement(row) => match self {
                Self::Currency => Some(Part::Text(row.currency.as_str())),
                _ => None,
            },
        }
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Duration::days(i64::from(day.weekday().num_days_from_monday()))
}
