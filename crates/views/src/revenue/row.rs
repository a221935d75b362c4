//! The rows of the view's tables, and their arithmetic.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    TenantConfig,
    rows::{RevenueFailureRow, RevenueMeasures, RevenueMinuteRow, RevenueRow},
    time,
};
use serde::Serialize;

use super::{FAILURES, MINUTES, ROWS};
use crate::Row;

/// A row of one of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RevenueRows {
    /// Table `rows`.
    Cell(RevenueRow),
    /// Table `minutes`.
    Minute(RevenueMinuteRow),
    /// Table `failures`.
    Failure(RevenueFailureRow),
}

impl RevenueRows {
    /// Adds `sign` times another row of the same key.
    pub(super) fn add(&mut self, other: &Self, sign: i64) {
        match (self, other) {
            (Self::Cell(row), Self::Cell(other)) => add(&mut row.measures, &other.measures, sign),
            (Self::Minute(row), Self::Minute(other)) => add(&mut row.measures, &other.measures, sign),
            (Self::Failure(row), Self::Failure(other)) => row.count += sign * other.count,
            _ => {}
        }
    }

    /// Whether every measure is 0.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Cell(row) => row.measures == RevenueMeasures::default(),
            Self::Minute(row) => row.measures == RevenueMeasures::default(),
            Self::Failure(row) => row.count == 0,
        }
    }

    /// An empty row of the same key.
    pub(super) fn nothing(&self) -> Self {
        let mut nothing = self.clone();
        nothing.add(self, -1);
        nothing
    }

    /// Business date.
    pub(super) const fn business_date(&self) -> NaiveDate {
        match self {
            Self::Cell(row) => row.business_date,
            Self::Minute(row) => row.business_date,
            Self::Failure(row) => row.business_date,
        }
    }
}

/// Adds `sign` times the other measures. Saturates: amounts near the limit of 64 bits come from
/// nowhere but a broken feed.
pub(super) fn add(measures: &mut RevenueMeasures, other: &RevenueMeasures, sign: i64) {
    let mut other = *other;
    for (sum, part) in fields(measures).into_iter().zip(fields(&mut other)) {
        *sum = sum.saturating_add(sign.saturating_mul(*part));
    }
}

const fn fields(measures: &mut RevenueMeasures) -> [&mut i64; 16] {
    let RevenueMeasures {
        captured_minor,
        captured_tax_minor,
        captures,
        refunded_minor,
        refunded_tax_minor,
        refunds,
        chargeback_minor,
        chargeback_tax_minor,
        chargebacks,
        chargeback_reversed_minor,
        chargeback_reversed_tax_minor,
        net_minor,
        net_supply_minor,
        reporting_minor,
        fx_minor,
        reporting_missing,
    } = measures;
    [
        captured_minor,
        captured_tax_minor,
        captures,
        refunded_minor,
        refunded_tax_minor,
        refunds,
        chargeback_minor,
        chargeback_tax_minor,
        chargebacks,
        chargeback_reversed_minor,
        chargeback_reversed_tax_minor,
        net_minor,
        net_supply_minor,
        reporting_minor,
        fx_minor,
        reporting_missing,
    ]
}

impl Row for RevenueRows {
    fn table(&self) -> &'static str {
        match self {
            Self::Cell(_) => ROWS,
            Self::Minute(_) => MINUTES,
            Self::Failure(_) => FAILURES,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Cell(row) => format!(
                "{}|{}|{}|{}|{}|{}",
                row.business_date,
                row.hour,
                row.channel,
                row.region,
                row.method.as_str(),
                row.currency
            ),
            Self::Minute(row) => {
                format!("{}|{}|{}", time::format(row.minute), row.channel, row.currency)
            }
            Self::Failure(row) => {
                format!("{}|{}|{}|{}", row.business_date, row.hour, row.channel, row.code)
            }
        }
    }

    fn span(&self) -> Option<String> {
        Some(self.business_date().to_string())
    }

    /// A minute is never final: it goes away before.
    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>> {
        Some(match self {
            Self::Minute(_) => DateTime::<Utc>::MAX_UTC,
            Self::Cell(_) | Self::Failure(_) => config.final_after(self.business_date()),
        })
    }

    fn decode(table: &str, json: &str) -> serde_json::Result<Self> {
        match table {
            ROWS => serde_json::from_str(json).map(Self::Cell),
            MINUTES => serde_json::from_str(json).map(Self::Minute),
            FAILURES => serde_json::from_str(json).map(Self::Failure),
            other => Err(serde::de::Error::custom(format!(
                "revenue has no table `{other}`"
            ))),
        }
    }
}
