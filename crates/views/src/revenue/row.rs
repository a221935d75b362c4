//! The rows of the view's tables, and their arithmetic.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    TenantConfig,
    rows::{
        RevenueFailureRow, RevenueMeasures, RevenueMinuteRow, RevenueRow, RevenueSettlementRow,
        SettlementMeasures,
    },
    time,
};
use serde::Serialize;

use super::{COHORT, FAILURES, MINUTES, ROWS, SECONDS, SETTLEMENT, seconds::SecondsRow};
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
    /// Table `cohort`: the cells, with what was taken back in the hour of its capture (R-R2).
    Cohort(RevenueRow),
    /// Table `seconds`.
    Seconds(SecondsRow),
    /// Table `settlement`.
    Settlement(RevenueSettlementRow),
}

impl RevenueRows {
    /// Adds `sign` times another row of the same key.
    pub(super) fn add(&mut self, other: &Self, sign: i64) {
        match (self, other) {
            (Self::Cell(row), Self::Cell(other)) | (Self::Cohort(row), Self::Cohort(other)) => {
                add(&mut row.measures, &other.measures, sign)
            }
            (Self::Minute(row), Self::Minute(other)) => add(&mut row.measures, &other.measures, sign),
            (Self::Failure(row), Self::Failure(other)) => row.count += sign * other.count,
            (Self::Seconds(row), Self::Seconds(other)) => row.add(&other.seconds, sign),
            (Self::Settlement(row), Self::Settlement(other)) => {
                add_settlement(&mut row.measures, &other.measures, sign);
            }
            _ => {}
        }
    }

    /// Whether every measure is 0.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Cell(row) | Self::Cohort(row) => row.measures == RevenueMeasures::default(),
            Self::Minute(row) => row.measures == RevenueMeasures::default(),
            Self::Failure(row) => row.count == 0,
            Self::Seconds(row) => row.seconds.is_empty(),
            Self::Settlement(row) => row.measures == SettlementMeasures::default(),
        }
    }

    /// An empty row of the same key.
    pub(super) fn nothing(&self) -> Self {
        let mut nothing = self.clone();
        nothing.add(self, -1);
        nothing
    }

    /// Business date; of a settlement, its day.
    pub(super) const fn business_date(&self) -> NaiveDate {
        match self {
            Self::Cell(row) | Self::Cohort(row) => row.business_date,
            Self::Minute(row) => row.business_date,
            Self::Failure(row) => row.business_date,
            Self::Seconds(row) => row.business_date,
            Self::Settlement(row) => row.settled_on,
        }
    }
}

/// Adds `sign` times the other measures. Saturates: amounts near the limit of 64 bits come from
/// nowhere but a broken feed.
pub(super) fn add(measures: &mut RevenueMeasures, other: &RevenueMeasures, sign: i64) {
    add_each(fields(measures), fields(&mut { *other }), sign);
}

fn add_settlement(measures: &mut SettlementMeasures, other: &SettlementMeasures, sign: i64) {
    add_each(
        settlement_fields(measures),
        settlement_fields(&mut { *other }),
        sign,
    );
}

fn add_each<const N: usize>(sums: [&mut i64; N], parts: [&mut i64; N], sign: i64) {
    for (sum, part) in sums.into_iter().zip(parts) {
        *sum = sum.saturating_add(sign.saturating_mul(*part));
    }
}

const fn settlement_fields(measures: &mut SettlementMeasures) -> [&mut i64; 10] {
    let SettlementMeasures {
        lines,
        matched,
        missing_here,
        missing_there,
        amount_differs,
        settled_minor,
        fee_minor,
        missing_here_minor,
        missing_there_minor,
        difference_minor,
    } = measures;
    [
        lines,
        matched,
        missing_here,
        missing_there,
        amount_differs,
        settled_minor,
        fee_minor,
        missing_here_minor,
        missing_there_minor,
        difference_minor,
    ]
}

/// Every measure, in the order of the columns.
pub(super) const fn fields(measures: &mut RevenueMeasures) -> [&mut i64; 16] {
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
            Self::Cohort(_) => COHORT,
            Self::Seconds(_) => SECONDS,
            Self::Settlement(_) => SETTLEMENT,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Cell(row) | Self::Cohort(row) => format!(
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
            Self::Seconds(row) => format!(
                "{}|{}|{}|{}|{}",
                time::format(row.minute),
                row.channel,
                row.region,
                row.method.as_str(),
                row.currency
            ),
            Self::Settlement(row) => format!("{}|{}|{}", row.settled_on, row.batch_id, row.currency),
        }
    }

    fn span(&self) -> Option<String> {
        Some(self.business_date().to_string())
    }

    /// A minute is never final: it goes away before.
    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>> {
        Some(match self {
            Self::Minute(_) => DateTime::<Utc>::MAX_UTC,
            Self::Cell(_) | Self::Failure(_) | Self::Cohort(_) | Self::Seconds(_) | Self::Settlement(_) => {
                config.final_after(self.business_date())
            }
        })
    }

    fn decode(table: &str, json: &str) -> serde_json::Result<Self> {
        match table {
            ROWS => serde_json::from_str(json).map(Self::Cell),
            MINUTES => serde_json::from_str(json).map(Self::Minute),
            FAILURES => serde_json::from_str(json).map(Self::Failure),
            COHORT => serde_json::from_str(json).map(Self::Cohort),
            SECONDS => serde_json::from_str(json).map(Self::Seconds),
            SETTLEMENT => serde_json::from_str(json).map(Self::Settlement),
            other => Err(serde::de::Error::custom(format!(
                "revenue has no table `{other}`"
            ))),
        }
    }
}
