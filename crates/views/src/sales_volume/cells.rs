//! What one order contributes to the cells, and how a change of it reaches the rows.

use std::collections::BTreeMap;

use plimsoll_contracts::{
    Id,
    rows::{Attribution, OrderIds, SalesVolumeRow},
};

use super::{ROWS, SalesRow, SalesVolume, row::cell_key};
use crate::{
    FoldError, Workspace,
    fold::Need,
    history::Bucket,
    orders::{Ledger, Line, Placed, Taking},
};

/// The contributions of one order by row key; each has the shape of the row that it goes into.
#[derive(Debug, Default)]
pub(super) struct Cells(BTreeMap<String, SalesVolumeRow>);

/// The way from what an order contributed to what it contributes now.
#[derive(Debug)]
pub(super) struct Change(BTreeMap<String, Step>);

#[derive(Debug, Default)]
struct Step {
    was: Option<SalesVolumeRow>,
    is: Option<SalesVolumeRow>,
}

impl Cells {
    /// A sale counts when the order is placed; a cancel or return at its own time under
    /// `activity`, in the cell of its sale under `cohort` (S-R1, S-R3).
    pub(super) fn of(order_id: &Id, ledger: &Ledger<'_>) -> Self {
        let mut cells = Self::default();
        let Some(sale) = ledger.sale else { return cells };
        for line in &sale.order.lines {
            for attribution in [Attribution::Activity, Attribution::Cohort] {
                let cell = cells.cell(attribution, sale.bucket(), sale.order, line);
                cell.units_sold = cell.units_sold.saturating_add(line.qty);
                cell.lines += 1;
                cell.gross_minor = cell.gross_minor.saturating_add(line.gross_minor);
                cell.discount_minor = cell.discount_minor.saturating_add(line.discount_minor);
                cell.order_ids = OrderIds::one(order_id.clone());
            }
        }
        for movement in &ledger.movements {
            for (attribution, bucket) in [
                (Attribution::Activity, movement.fact.bucket),
                (Attribution::Cohort, sale.bucket()),
            ] {
                let cell = cells.cell(attribution, bucket, sale.order, movement.line);
                let (units, minor) = match movement.taking {
                    Taking::Cancel => (&mut cell.units_cancelled, &mut cell.cancelled_minor),
                    Taking::Return => (&mut cell.units_returned, &mut cell.returned_minor),
                };
                *units = units.saturating_add(movement.qty);
                *minor = minor.saturating_add(movement.value_minor);
            }
        }
        cells
    }

    fn cell(
        &mut self,
        attribution: Attribution,
        bucket: Bucket,
        order: &Placed,
        line: &Line,
    ) -> &mut SalesVolumeRow {
        let empty = SalesVolumeRow {
            attribution,
            product_id: line.product_id.clone(),
            business_date: bucket.date,
            hour: bucket.hour,
            channel: order.channel.clone(),
            region: order.region.clone(),
            category: line.category.clone(),
            currency: order.currency,
            uom: line.uom.clone(),
            kind: line.kind,
            units_sold: 0,
            units_cancelled: 0,
            units_returned: 0,
            net_units: 0,
            lines: 0,
            orders: 0,
            gross_minor: 0,
            discount_minor: 0,
            cancelled_minor: 0,
            returned_minor: 0,
            net_minor: 0,
            order_ids: OrderIds::default(),
        };
        self.0.entry(cell_key(&empty)).or_insert(empty)
    }

    /// What has to change where the order contributed `before` until now.
    pub(super) fn since(self, before: Self) -> Change {
        let mut steps: BTreeMap<String, Step> = BTreeMap::new();
        for (key, row) in before.0 {
            steps.entry(key).or_default().was = Some(row);
        }
        for (key, row) in self.0 {
            steps.entry(key).or_default().is = Some(row);
        }
        steps.retain(|_, step| step.was != step.is);
        Change(steps)
    }
}

impl Change {
    /// The rows that it touches.
    pub(super) fn needs(&self) -> impl Iterator<Item = Need> {
        self.0.keys().map(|key| Need::Row(ROWS, key.as_str().into()))
    }

    /// Brings the rows up to date; a cell in which nothing is left goes away.
    pub(super) fn apply(self, workspace: &mut Workspace<SalesVolume>) -> Result<(), FoldError> {
        for (key, step) in self.0 {
            let mut row = match (workspace.row(ROWS, &key)?, &step.is) {
                (Some(SalesRow::Cell(row)), _) => row.clone(),
                (_, Some(is)) => nothing_like(is),
                // What was contributed stands in a row; a row that is gone had nothing left.
                (_, None) => continue,
            };
            if let Some(was) = &step.was {
                add(&mut row, was, -1);
                for id in &was.order_ids {
                    row.order_ids.remove(id);
                }
            }
            if let Some(is) = &step.is {
                add(&mut row, is, 1);
                for id in &is.order_ids {
                    row.order_ids.insert(id);
                }
                // Lines of one product should agree on these; where they do not, the lower word stands.
                if (&is.uom, is.kind) < (&row.uom, row.kind) {
                    (row.uom, row.kind) = (is.uom.clone(), is.kind);
                }
            }
            row.orders = i64::try_from(row.order_ids.len()).unwrap_or(i64::MAX);
            if is_nothing(&row) {
                workspace.remove_row(ROWS, &key)?;
            } else {
                workspace.put_row(SalesRow::Cell(row))?;
            }
        }
        Ok(())
    }
}

/// An empty row of the same cell.
pub(super) fn nothing_like(row: &SalesVolumeRow) -> SalesVolumeRow {
    let mut nothing = row.clone();
    add(&mut nothing, row, -1);
    nothing.order_ids = OrderIds::default();
    nothing
}

/// Adds `sign` times the measures of a row to another, except the counting of orders, and derives
/// both nets. Saturates: amounts near the limit of 64 bits come from nowhere but a broken feed.
pub(super) fn add(row: &mut SalesVolumeRow, other: &SalesVolumeRow, sign: i64) {
    let sum = |one: i64, two: i64| one.saturating_add(sign.saturating_mul(two));
    row.units_sold = sum(row.units_sold, other.units_sold);
    row.units_cancelled = sum(row.units_cancelled, other.units_cancelled);
    row.units_returned = sum(row.units_returned, other.units_returned);
    row.lines = sum(row.lines, other.lines);
    row.gross_minor = sum(row.gross_minor, other.gross_minor);
    row.discount_minor = sum(row.discount_minor, other.discount_minor);
    row.cancelled_minor = sum(row.cancelled_minor, other.cancelled_minor);
    row.returned_minor = sum(row.returned_minor, other.returned_minor);
    let less = |from: i64, taken: &[i64]| taken.iter().fold(from, |left, part| left.saturating_sub(*part));
    row.net_units = less(row.units_sold, &[row.units_cancelled, row.units_returned]);
    row.net_minor = less(
        row.gross_minor,
        &[row.discount_minor, row.cancelled_minor, row.returned_minor],
    );
}

fn is_nothing(row: &SalesVolumeRow) -> bool {
    row.order_ids.is_empty()
        && [
            row.units_sold,
            row.units_cancelled,
            row.units_returned,
            row.lines,
            row.gross_minor,
            row.discount_minor,
            row.cancelled_minor,
            row.returned_minor,
        ]
        .iter()
        .all(|measure| *measure == 0)
}
