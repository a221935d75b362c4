//! What was sold and taken back in a minute of a cell, by the second, as it happened: comparisons
//! that end in the middle of an hour are summed from these. Nobody is shown them.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, DurationRound, NaiveDate, Timelike, Utc};
use plimsoll_contracts::{
    Currency, Id, Label,
    events::ProductKind,
    rows::{Attribution, OrderIds, SalesVolumeRow},
    time,
};
use serde::{Deserialize, Serialize};

use super::{MOMENTS, SalesRow, SalesVolume, cells};
use crate::{
    FoldError, Workspace,
    fold::Need,
    history::Fact,
    orders::{Ledger, Line, Recorded, Sale, Taking},
};

/// A minute of a cell, table `moments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentsRow {
    /// Its first instant.
    #[serde(with = "time")]
    minute: DateTime<Utc>,
    pub(super) business_date: NaiveDate,
    pub(super) product_id: Id,
    pub(super) channel: Label,
    pub(super) region: Label,
    pub(super) category: Label,
    pub(super) currency: Currency,
    uom: Label,
    pub(super) kind: ProductKind,
    /// In the order of time: the second, then units sold, cancelled and returned, lines, gross,
    /// discount, cancelled and returned money.
    seconds: Vec<[i64; 9]>,
}

impl MomentsRow {
    /// The key columns, joined.
    pub(super) fn key(&self) -> String {
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{}",
            time::format(self.minute),
            self.product_id,
            self.channel,
            self.region,
            self.category,
            self.currency,
            self.uom,
            if self.kind == ProductKind::Goods {
                "goods"
            } else {
                "charge"
            }
        )
    }

    /// Its seconds.
    pub(super) fn instants(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.seconds
            .iter()
            .map(|[second, ..]| self.minute + Duration::seconds(*second))
    }

    /// What of it lies in a span of time, as a cell; none = nothing.
    pub(super) fn within(&self, contains: impl Fn(DateTime<Utc>) -> bool) -> Option<SalesVolumeRow> {
        let mut cell: Option<SalesVolumeRow> = None;
        for (at, numbers) in self.instants().zip(&self.seconds) {
            if contains(at) {
                cells::add(cell.get_or_insert_with(|| self.cell()), &self.sold(numbers), 1);
            }
        }
        cell
    }

    fn cell(&self) -> SalesVolumeRow {
        self.sold(&[0; 9])
    }

    fn sold(&self, numbers: &[i64; 9]) -> SalesVolumeRow {
        let [
            _,
            units_sold,
            units_cancelled,
            units_returned,
            lines,
            gross_minor,
            discount_minor,
            cancelled_minor,
            returned_minor,
        ] = *numbers;
        SalesVolumeRow {
            attribution: Attribution::Activity,
            product_id: self.product_id.clone(),
            business_date: self.business_date,
            hour: 0,
            channel: self.channel.clone(),
            region: self.region.clone(),
            category: self.category.clone(),
            currency: self.currency,
            uom: self.uom.clone(),
            kind: self.kind,
            units_sold,
            units_cancelled,
            units_returned,
            net_units: 0,
            lines,
            orders: 0,
            gross_minor,
            discount_minor,
            cancelled_minor,
            returned_minor,
            net_minor: 0,
            order_ids: OrderIds::default(),
        }
    }

    /// Adds `sign` times other seconds of the same minute.
    fn add(&mut self, seconds: &[[i64; 9]], sign: i64) {
        for numbers in seconds {
            let place = self.seconds.binary_search_by_key(&numbers[0], |known| known[0]);
            let place = place.unwrap_or_else(|place| {
                let mut nothing = [0; 9];
                nothing[0] = numbers[0];
                self.seconds.insert(place, nothing);
                place
            });
            for (sum, part) in self.seconds[place].iter_mut().zip(numbers).skip(1) {
                *sum = sum.saturating_add(sign.saturating_mul(*part));
            }
        }
        self.seconds
            .retain(|numbers| numbers.iter().skip(1).any(|number| *number != 0));
    }
}

/// What orders bring to the minutes, or the way from what one brought to what it brings now.
#[derive(Debug, Default)]
pub(super) struct Moments(BTreeMap<String, MomentsRow>);

impl Moments {
    /// Adds `sign` times what an order brings, each thing at its own time.
    pub(super) fn add(&mut self, ledger: &Ledger<'_>, sign: i64) {
        let Some(sale) = ledger.sale else { return };
        for line in &sale.order.lines {
            let numbers = [0, line.qty, 0, 0, 1, line.gross_minor, line.discount_minor, 0, 0];
            self.put(&sale, sale.fact, line, numbers, sign);
        }
        for movement in &ledger.movements {
            let (qty, value) = (movement.qty, movement.value_minor);
            let numbers = match movement.taking {
                Taking::Cancel => [0, 0, qty, 0, 0, 0, 0, value, 0],
                Taking::Return => [0, 0, 0, qty, 0, 0, 0, 0, value],
            };
            self.put(&sale, movement.fact, movement.line, numbers, sign);
        }
    }

    fn put(&mut self, sale: &Sale<'_>, fact: &Fact<Recorded>, line: &Line, mut numbers: [i64; 9], sign: i64) {
        let at = fact.occurred_at;
        let nothing = MomentsRow {
            minute: at.duration_trunc(Duration::minutes(1)).unwrap_or(at),
            business_date: fact.bucket.date,
            product_id: line.product_id.clone(),
            channel: sale.order.channel.clone(),
            region: sale.order.region.clone(),
            category: line.category.clone(),
            currency: sale.order.currency,
            uom: line.uom.clone(),
            kind: line.kind,
            seconds: Vec::new(),
        };
        numbers[0] = i64::from(at.second());
        let row = self.0.entry(nothing.key()).or_insert(nothing);
        row.add(&[numbers], sign);
    }

    /// The rows that it touches.
    pub(super) fn needs(&self) -> impl Iterator<Item = Need> {
        let touched = self.0.iter().filter(|(_, row)| !row.seconds.is_empty());
        touched.map(|(key, _)| Need::Row(MOMENTS, key.as_str().into()))
    }

    /// Brings the rows up to date; a minute in which nothing is left goes away.
    pub(super) fn apply(self, workspace: &mut Workspace<SalesVolume>) -> Result<(), FoldError> {
        for (key, difference) in self.0 {
            if difference.seconds.is_empty() {
                continue;
            }
            let mut row = match workspace.row(MOMENTS, &key)? {
                Some(SalesRow::Moments(row)) => row.clone(),
                _ => MomentsRow {
                    seconds: Vec::new(),
                    ..difference.clone()
                },
            };
            row.add(&difference.seconds, 1);
            if row.seconds.is_empty() {
                workspace.remove_row(MOMENTS, &key)?;
            } else {
                workspace.put_row(SalesRow::Moments(row))?;
            }
        }
        Ok(())
    }
}
