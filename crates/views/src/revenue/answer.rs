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
        let mut shown = Map::new();
        for (dimension, part) in dimensions.iter().zip(&key) {
            shown.insert(dimension.column().to_owned(), part.json());
        }
        shown.extend(measures(&sum));
        let key: Vec<String> = key.iter().map(Part::to_string).collect();
        AnswerRow {
            key: key.join("|"),
            position: stamp.position,
            revision: stamp.revision,
            state: stamp.state,
            columns: shown,
        }
    });
    Answer { rows: rows.collect() }
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
        RevenueRows::Cell(row) => columns(&row.measures),
        RevenueRows::Minute(row) => columns(&row.measures),
        RevenueRows::Failure(row) => Map::from_iter([("count".to_owned(), row.count.into())]),
    }
}

/// One part of a group's key; dates and numbers sort as such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
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
    fn part(self, row: &RevenueRows) -> Option<Part<'_>> {
        let day = row.business_date();
        match self {
            Self::Month => return Some(Part::Month(Month::of(day))),
            Self::Week => return Some(Part::Day(monday(day))),
            Self::Day => return Some(Part::Day(day)),
            _ => {}
        }
        match (self, row) {
            (Self::Hour, RevenueRows::Cell(row)) => Some(Part::Hour(row.hour)),
            (Self::Hour, RevenueRows::Failure(row)) => Some(Part::Hour(row.hour)),
            (Self::Minute, RevenueRows::Minute(row)) => Some(Part::Instant(row.minute)),
            (Self::FiveMinutes, RevenueRows::Minute(row)) => row
                .minute
                .duration_trunc(Duration::minutes(5))
                .ok()
                .map(Part::Instant),
            (Self::Channel, RevenueRows::Cell(row)) => Some(Part::Text(row.channel.as_str())),
            (Self::Channel, RevenueRows::Minute(row)) => Some(Part::Text(row.channel.as_str())),
            (Self::Channel, RevenueRows::Failure(row)) => Some(Part::Text(row.channel.as_str())),
            (Self::Region, RevenueRows::Cell(row)) => Some(Part::Text(row.region.as_str())),
            (Self::Method, RevenueRows::Cell(row)) => Some(Part::Text(row.method.as_str())),
            (Self::Code, RevenueRows::Failure(row)) => Some(Part::Text(row.code.as_str())),
            (Self::Currency, RevenueRows::Cell(row)) => Some(Part::Text(row.currency.as_str())),
            (Self::Currency, RevenueRows::Minute(row)) => Some(Part::Text(row.currency.as_str())),
            _ => None,
        }
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Duration::days(i64::from(day.weekday().num_days_from_monday()))
}
