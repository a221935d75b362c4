//! Answers from selected cells: as they stand, grouped, or ranked.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_contracts::{Id, Label, events::ProductKind, rows::SalesVolumeRow};
use serde_json::{Map, Value, json};

use super::{Dimension, Measure, SalesRow, cells};
use crate::{Answer, AnswerContext, AnswerRow, StoredRow, query::Stamp};

/// One answer row for each stored row; the list of orders behind it stays inside.
pub(super) fn as_they_stand(rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
    let rows = rows.iter().map(|stored| {
        let mut row = context.as_it_stands(stored);
        row.columns.remove("order_ids");
        row
    });
    Answer { rows: rows.collect() }
}

/// One row per combination and currency. Orders are counted distinct over the asked grouping,
/// whatever the currency; `uom` and `kind` are null where the cells differ, and units of goods
/// are also told apart by unit of measure (S-R6).
pub(super) fn grouped(
    rows: &[&StoredRow<SalesRow>],
    dimensions: &BTreeSet<Dimension>,
    context: &AnswerContext<'_>,
) -> Answer {
    let mut groups: BTreeMap<Vec<Part<'_>>, Group<'_>> = BTreeMap::new();
    let mut orders: BTreeMap<Vec<Part<'_>>, BTreeSet<&Id>> = BTreeMap::new();
    for (stored, cell) in cells_of(rows) {
        let mut key: Vec<Part<'_>> = dimensions.iter().map(|d| d.part(cell)).collect();
        orders.entry(key.clone()).or_default().extend(&cell.order_ids);
        key.push(Part::Text(cell.currency.as_str()));
        groups
            .entry(key)
            .or_insert_with(|| Group::like(cell))
            .take_in(stored, cell, context);
    }
    let rows = groups.into_iter().map(|(key, mut group)| {
        let distinct = orders.get(&key[..key.len() - 1]).map_or(0, BTreeSet::len);
        group.sum.orders = i64::try_from(distinct).unwrap_or(i64::MAX);
        let names = dimensions.iter().map(|d| d.column()).chain(["currency"]);
        let mut columns = Map::new();
        for (name, part) in names.zip(&key) {
            columns.insert(name.to_owned(), part.json());
        }
        group.into_row(joined(&key), columns)
    });
    Answer { rows: rows.collect() }
}

/// The first products of each currency: measure descending, then product ascending (S-R5).
pub(super) fn top(
    rows: &[&StoredRow<SalesRow>],
    count: u32,
    measure: Measure,
    context: &AnswerContext<'_>,
) -> Answer {
    let by_product = grouped(rows, &BTreeSet::from([Dimension::Product]), context);
    let value = |row: &AnswerRow| row.columns.get(measure.column()).and_then(Value::as_i64);
    let text = |row: &AnswerRow, name: &str| match row.columns.get(name) {
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let mut currencies: BTreeMap<String, Vec<AnswerRow>> = BTreeMap::new();
    for row in by_product.rows {
        currencies.entry(text(&row, "currency")).or_default().push(row);
    }
    let mut ranked = Vec::new();
    for mut rows in currencies.into_values() {
        rows.sort_by_cached_key(|row| (std::cmp::Reverse(value(row)), text(row, "product_id")));
        for (rank, mut row) in (1..=count).zip(rows) {
            row.columns.insert("rank".to_owned(), rank.into());
            ranked.push(row);
        }
    }
    Answer { rows: ranked }
}

fn cells_of<'a>(
    rows: &'a [&'a StoredRow<SalesRow>],
) -> impl Iterator<Item = (&'a StoredRow<SalesRow>, &'a SalesVolumeRow)> {
    rows.iter().filter_map(|stored| match &stored.row {
        SalesRow::Cell(cell) => Some((*stored, cell)),
        SalesRow::Product(_) | SalesRow::Moments(_) => None,
    })
}

/// One part of a group's key; numbers sort as numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(u8),
    Date(chrono::NaiveDate),
    Text(&'a str),
}

impl Part<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Date(date) => date.to_string().into(),
            Self::Text(text) => (*text).into(),
        }
    }
}

fn joined(key: &[Part<'_>]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|part| match part {
            Part::Number(number) => number.to_string(),
            Part::Date(date) => date.to_string(),
            Part::Text(text) => (*text).to_owned(),
        })
        .collect();
    parts.join("|")
}

impl Dimension {
    const fn column(self) -> &'static str {
        match self {
            Self::Product => "product_id",
            Self::Day => "business_date",
            Self::Hour => "hour",
            Self::Channel => "channel",
            Self::Region => "region",
            Self::Category => "category",
        }
    }

    fn part(self, cell: &SalesVolumeRow) -> Part<'_> {
        match self {
            Self::Product => Part::Text(cell.product_id.as_str()),
            Self::Day => Part::Date(cell.business_date),
            Self::Hour => Part::Number(cell.hour),
            Self::Channel => Part::Text(cell.channel.as_str()),
            Self::Region => Part::Text(cell.region.as_str()),
            Self::Category => Part::Text(cell.category.as_str()),
        }
    }
}

impl Measure {
    const fn column(self) -> &'static str {
        match self {
            Self::NetUnits => "net_units",
            Self::NetSales => "net_minor",
            Self::Gross => "gross_minor",
        }
    }
}

/// The cells of one group, summed.
struct Group<'a> {
    sum: SalesVolumeRow,
    uoms: BTreeSet<&'a Label>,
    kinds: BTreeSet<ProductKind>,
    /// Net units of goods by unit of measure.
    net_units: BTreeMap<&'a Label, i64>,
    stamp: Stamp,
}

impl<'a> Group<'a> {
    fn like(cell: &SalesVolumeRow) -> Self {
        Self {
            sum: cells::nothing_like(cell),
            uoms: BTreeSet::new(),
            kinds: BTreeSet::new(),
            net_units: BTreeMap::new(),
            stamp: Stamp::default(),
        }
    }

    fn take_in(
        &mut self,
        stored: &StoredRow<SalesRow>,
        cell: &'a SalesVolumeRow,
        context: &AnswerContext<'_>,
    ) {
        cells::add(&mut self.sum, cell, 1);
        self.uoms.insert(&cell.uom);
        self.kinds.insert(cell.kind);
        if cell.kind == ProductKind::Goods {
            let units = self.net_units.entry(&cell.uom).or_default();
            *units = units.saturating_add(cell.net_units);
        }
        self.stamp.take_in(stored, context);
    }

    fn into_row(self, key: String, mut columns: Map<String, Value>) -> AnswerRow {
        let sum = &self.sum;
        let uom = (self.uoms.len() == 1).then_some(&sum.uom);
        let kind = (self.kinds.len() == 1).then_some(sum.kind);
        let measures = json!({
            "uom": uom,
            "kind": kind,
            "units_sold": sum.units_sold,
            "units_cancelled": sum.units_cancelled,
            "units_returned": sum.units_returned,
            "net_units": sum.net_units,
            "net_units_by_uom": self.net_units,
            "lines": sum.lines,
            "orders": sum.orders,
            "gross_minor": sum.gross_minor,
            "discount_minor": sum.discount_minor,
            "cancelled_minor": sum.cancelled_minor,
            "returned_minor": sum.returned_minor,
            "net_minor": sum.net_minor,
        });
        if let Value::Object(measures) = measures {
            columns.extend(measures);
        }
        AnswerRow {
            key,
            position: self.stamp.position,
            revision: self.stamp.revision,
            state: self.stamp.state,
            columns,
        }
    }
}
