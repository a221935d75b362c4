//! Sales against the same elapsed time of an earlier day (R-R5), products that sold nothing, and
//! product cards with how long the stock lasts (S-R7).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use plimsoll_contracts::{
    Id, Label, Position,
    rows::{Attribution, ProductRow, SalesVolumeRow},
};
use serde_json::{Map, Value, json};

use super::{Dimension, SalesRow, answer::grouped};
use crate::{
    Answer, AnswerContext, AnswerRow, StoredRow,
    query::{
        State,
        elapsed::{Earlier, Elapsed, Period, change_bp},
    },
};

/// Closed days behind a card's figures (S-R7).
const CARD_DAYS: i64 = 28;
/// The measures that are compared: column, name of the base, name of the change.
const COMPARED: [(&str, &str, &str); 4] = [
    ("units_sold", "base_units_sold", "units_sold_change_bp"),
    ("net_units", "base_net_units", "net_units_change_bp"),
    ("gross_minor", "base_gross_minor", "gross_change_bp"),
    ("net_minor", "base_net_minor", "net_change_bp"),
];

/// The cards among the rows, by product.
pub(super) fn cards<'a>(rows: &[&'a StoredRow<SalesRow>]) -> BTreeMap<&'a Id, &'a ProductRow> {
    let cards = rows.iter().filter_map(|stored| match &stored.row {
        SalesRow::Product(card) => Some((&card.product_id, card)),
        SalesRow::Cell(_) | SalesRow::Moments(_) => None,
    });
    cards.collect()
}

/// The cells under the present category of their product (S-R2); one that is not registered keeps
/// the category as sold.
pub(super) fn restated(
    rows: &[&StoredRow<SalesRow>],
    cards: &BTreeMap<&Id, &ProductRow>,
) -> Vec<StoredRow<SalesRow>> {
    let present = |product_id: &Id, category: &mut Label| {
        if let Some(card) = cards.get(product_id) {
            category.clone_from(&card.category);
        }
    };
    let restate = |stored: &&StoredRow<SalesRow>| {
        let mut stored = StoredRow::clone(stored);
        match &mut stored.row {
            SalesRow::Cell(cell) => present(&cell.product_id, &mut cell.category),
            SalesRow::Moments(row) => present(&row.product_id, &mut row.category),
            SalesRow::Product(_) => {}
        }
        stored
    };
    rows.iter().map(restate).collect()
}

/// The groups of both days side by side. Orders are not counted here.
pub(super) fn compared(
    rows: &[&StoredRow<SalesRow>],
    dimensions: &BTreeSet<Dimension>,
    (current, base): (&Elapsed, &Elapsed),
    context: &AnswerContext<'_>,
) -> Answer {
    let of = |elapsed: &Elapsed| {
        let cells = cells_within(rows, elapsed);
        let cells: Vec<&StoredRow<SalesRow>> = cells.iter().collect();
        grouped(&cells, dimensions, context).rows
    };
    let mut groups: BTreeMap<String, (Option<AnswerRow>, Option<AnswerRow>)> = BTreeMap::new();
    for row in of(current) {
        let key = row.key.clone();
        groups.entry(key).or_default().0 = Some(row);
    }
    for row in of(base) {
        let key = row.key.clone();
        groups.entry(key).or_default().1 = Some(row);
    }
    let rows = groups
        .into_values()
        .filter_map(|(current, base)| side_by_side(current, base.as_ref()));
    Answer { rows: rows.collect() }
}

fn cells_within(rows: &[&StoredRow<SalesRow>], elapsed: &Elapsed) -> Vec<StoredRow<SalesRow>> {
    let cells = rows.iter().filter_map(|stored| {
        let SalesRow::Moments(row) = &stored.row else {
            return None;
        };
        let cell = row.within(|at| elapsed.contains(at))?;
        Some(StoredRow {
            row: SalesRow::Cell(cell),
            position: stored.position,
            revision: stored.revision,
        })
    });
    cells.collect()
}

fn side_by_side(current: Option<AnswerRow>, base: Option<&AnswerRow>) -> Option<AnswerRow> {
    let mut row = match (current, base) {
        (Some(current), _) => current,
        // Nothing yet: the same group with nothing in it.
        (None, Some(base)) => nothing_like(base.clone()),
        (None, None) => return None,
    };
    row.columns.remove("orders");
    for (column, base_column, change_column) in COMPARED {
        let of = |row: &AnswerRow| row.columns.get(column).and_then(Value::as_i64).unwrap_or(0);
        let base_value = base.map_or(0, of);
        let change = change_bp(of(&row), base_value);
        row.columns.insert(base_column.to_owned(), base_value.into());
        row.columns.insert(change_column.to_owned(), change.into());
    }
    if let Some(base) = base {
        row.position = row.position.max(base.position);
        row.revision = row.revision.max(base.revision);
    }
    Some(row)
}

fn nothing_like(mut row: AnswerRow) -> AnswerRow {
    for (name, value) in &mut row.columns {
        if value.is_i64() && name != "hour" {
            *value = 0.into();
        }
    }
    row.columns.insert("net_units_by_uom".to_owned(), json!({}));
    row.state = State::Provisional;
    row
}

/// When a comparison may change without an event: a second of the earlier day is reached, one of
/// today has begun, or the day is over.
pub(super) fn changes_at(
    rows: &[&StoredRow<SalesRow>],
    (day, earlier): (Option<NaiveDate>, Earlier),
    context: &AnswerContext<'_>,
) -> Option<DateTime<Utc>> {
    let (config, now) = (context.config, context.now);
    let current = Elapsed::of(config, Period::Day, day, now);
    if current.end != now {
        return Some(config.day_start(current.day)).filter(|start| *start > now);
    }
    let base = current.earlier(config, earlier);
    let instants = rows.iter().filter_map(|stored| match &stored.row {
        SalesRow::Moments(row) => Some(row.instants()),
        _ => None,
    });
    let soon = TimeDelta::milliseconds(1);
    let reached = instants.flatten().flat_map(|at| {
        let clock = config.wall_clock(at) + (current.day - base.day);
        let like_now = (at >= base.end).then(|| config.instant_of(clock) + soon);
        like_now.into_iter().chain([at + soon])
    });
    reached
        .chain([config.day_end(current.day)])
        .filter(|at| *at > now)
        .min()
}

/// Rows for goods that are in the catalogue and in none of the answer's rows; `column` names what
/// the rows are grouped by beside the currency.
pub(super) fn add_zero_sellers(answer: &mut Answer, cards: &[(&ProductRow, Position)], base: bool) {
    let known: BTreeSet<String> = answer.rows.iter().map(|row| row.key.clone()).collect();
    for (card, position) in cards {
        let key = format!("{}|{}", card.product_id, card.currency);
        if known.contains(&key) {
            continue;
        }
        let mut columns = Map::from_iter([
            ("product_id".to_owned(), json!(card.product_id)),
            ("currency".to_owned(), json!(card.currency)),
            ("uom".to_owned(), json!(card.uom)),
            ("kind".to_owned(), json!(card.kind)),
            ("net_units_by_uom".to_owned(), json!({})),
        ]);
        let numbers = [
            "units_sold",
            "units_cancelled",
            "units_returned",
            "net_units",
            "lines",
            "gross_minor",
            "discount_minor",
            "cancelled_minor",
            "returned_minor",
            "net_minor",
        ];
        columns.extend(numbers.map(|name| (name.to_owned(), 0.into())));
        if base {
            columns.extend(COMPARED.map(|(_, base, _)| (base.to_owned(), 0.into())));
            columns.extend(COMPARED.map(|(_, _, change)| (change.to_owned(), Value::Null)));
        } else {
            columns.insert("orders".to_owned(), 0.into());
        }
        answer.rows.push(AnswerRow {
            key,
            position: *position,
            revision: 0,
            state: State::Provisional,
            columns,
        });
    }
    answer.rows.sort_by(|a, b| a.key.cmp(&b.key));
}

/// The first of the closed days of a card.
pub(super) fn card_days(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    (today - TimeDelta::days(CARD_DAYS), today - TimeDelta::days(1))
}

/// Cards with what the last closed days say: how long the stock lasts, how much of it sells
/// through, how much comes back (S-R7). Ratios are pairs, null over nothing (G7).
pub(super) fn with_stock_cover(rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
    let (first, last) = card_days(context.config.business_date(context.now));
    let mut sold: BTreeMap<&Id, Sold> = BTreeMap::new();
    for stored in rows {
        if let SalesRow::Cell(cell) = &stored.row
            && (first..=last).contains(&cell.business_date)
        {
            sold.entry(&cell.product_id).or_default().take_in(cell);
        }
    }
    let nothing = Sold::default();
    let rows = rows.iter().filter_map(|stored| {
        let SalesRow::Product(card) = &stored.row else {
            return None;
        };
        let mut row = context.as_it_stands(stored);
        row.columns
            .extend(sold.get(&card.product_id).unwrap_or(&nothing).columns(card));
        Some(row)
    });
    Answer { rows: rows.collect() }
}

/// Units of the closed days.
#[derive(Debug, Default)]
struct Sold {
    net_units: i64,
    sold: i64,
    /// Of what was sold in these days.
    cohort_sold: i64,
    cohort_returned: i64,
}

impl Sold {
    fn take_in(&mut self, cell: &SalesVolumeRow) {
        match cell.attribution {
            Attribution::Activity => {
                self.net_units = self.net_units.saturating_add(cell.net_units);
                self.sold = self.sold.saturating_add(cell.units_sold);
            }
            Attribution::Cohort => {
                self.cohort_sold = self.cohort_sold.saturating_add(cell.units_sold);
                self.cohort_returned = self.cohort_returned.saturating_add(cell.units_returned);
            }
        }
    }

    fn columns(&self, card: &ProductRow) -> Map<String, Value> {
        let ratio = |over: i64, under: i64| (under > 0).then(|| json!([over, under]));
        let free = card.on_hand.map(|on_hand| on_hand - card.reserved.unwrap_or(0));
        let cover = free.and_then(|free| {
            let days = free.saturating_mul(CARD_DAYS);
            (self.net_units > 0).then_some((days, self.net_units))
        });
        let sell_through = card
            .on_hand
            .and_then(|on_hand| ratio(self.sold, self.sold.saturating_add(on_hand)));
        Map::from_iter([
            ("available".to_owned(), json!(free)),
            ("sold_28_days".to_owned(), json!(self.sold)),
            ("net_units_28_days".to_owned(), json!(self.net_units)),
            (
                "cover_days".to_owned(),
                json!(cover.map(|(over, under)| over / under)),
            ),
            (
                "cover".to_owned(),
                json!(cover.map(|(over, under)| [over, under])),
            ),
            ("sell_through".to_owned(), json!(sell_through)),
            (
                "return_rate".to_owned(),
                json!(ratio(self.cohort_returned, self.cohort_sold)),
            ),
        ])
    }
}
