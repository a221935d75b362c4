//! Why a cell or a product card is what it is: which events can have touched it, and what an event
//! means to it in the words of S-R1 … S-R4.

use chrono::{NaiveDate, Timelike as _};
use plimsoll_contracts::{
    Event, Id, Payload, TenantConfig,
    rows::{Attribution, OrderIds, SalesVolumeRow},
    time,
};
use serde_json::{Map, Value, json};

use super::{PRODUCTS, ROWS, SalesDoc, SalesRow, SalesVolume};
use crate::{
    Place, Trace, Workspace,
    explain::stretch,
    orders::{Ledger, Line, Movement, Sale, Taking},
};

/// A cell holds orders that were placed, cancelled or sent back in its hour; whatever else happens
/// to these belongs to them.
pub(super) fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
    match place {
        Place::Row { table: ROWS, key } => {
            let mut parts = key.split('|').skip(1);
            let product = parts.next()?;
            let date: NaiveDate = parts.next()?.parse().ok()?;
            let hour: u32 = parts.next()?.parse().ok()?;
            Some(Trace {
                within: Some(stretch(config, date, |wall| wall.hour() == hour)),
                // For the price's version; cells themselves take nothing from the catalogue.
                streams: vec![format!("product-{product}")],
                moments: vec![config.final_after(date)],
            })
        }
        Place::Row { table: PRODUCTS, key } => Some(Trace {
            streams: vec![format!("product-{key}"), format!("stock-{key}@")],
            ..Trace::default()
        }),
        Place::Span {
            table: ROWS,
            from,
            to,
        } => Trace::of_days(config, from, to),
        _ => None,
    }
}

/// The row without the list of its orders, which no answer shows.
pub(super) fn lean(row: &SalesRow) -> SalesRow {
    let SalesRow::Cell(row) = row else {
        return row.clone();
    };
    SalesRow::Cell(SalesVolumeRow {
        attribution: row.attribution,
        product_id: row.product_id.clone(),
        business_date: row.business_date,
        hour: row.hour,
        channel: row.channel.clone(),
        region: row.region.clone(),
        category: row.category.clone(),
        currency: row.currency,
        uom: row.uom.clone(),
        kind: row.kind,
        units_sold: row.units_sold,
        units_cancelled: row.units_cancelled,
        units_returned: row.units_returned,
        net_units: row.net_units,
        lines: row.lines,
        orders: row.orders,
        gross_minor: row.gross_minor,
        discount_minor: row.discount_minor,
        cancelled_minor: row.cancelled_minor,
        returned_minor: row.returned_minor,
        net_minor: row.net_minor,
        order_ids: OrderIds::default(),
    })
}

/// What an event means to a cell: its order's lines that are in it, with price, discounts and all
/// that was taken of them.
pub(super) fn facts(row: &SalesRow, event: &Event, workspace: &Workspace<SalesVolume>) -> Option<Value> {
    let SalesRow::Cell(cell) = row else { return None };
    let payload = event.payload().ok()?;
    let (order_id, _) = super::Recorded::of(payload)?;
    let Some(SalesDoc::Order(history)) = workspace.held_doc(&format!("order/{order_id}")) else {
        return None;
    };
    let ledger = Ledger::of(order_id.as_str(), history);
    let sale = ledger.sale?;
    let lines: Vec<Value> = sale
        .order
        .lines
        .iter()
        .filter(|line| {
            line.product_id == cell.product_id
                && line.category == cell.category
                && lies_in(cell, line, &ledger)
        })
        .map(|line| line_facts(line, &sale, &ledger, payload, workspace))
        .collect();
    Some(json!({
        "order_id": order_id,
        "placed_at": time::format(sale.fact.occurred_at),
        "attribution": cell.attribution,
        "lines": lines,
    }))
}

/// Whether a line's sale or anything taken of it counts in the cell.
fn lies_in(cell: &SalesVolumeRow, line: &Line, ledger: &Ledger<'_>) -> bool {
    let of_cell =
        |bucket: crate::history::Bucket| (bucket.date, bucket.hour) == (cell.business_date, cell.hour);
    let sold_here = ledger.sale.is_some_and(|sale| of_cell(sale.bucket()));
    let taken_here = |movement: &Movement<'_>| {
        movement.line.line_no == line.line_no
            && cell.attribution == Attribution::Activity
            && of_cell(movement.fact.bucket)
    };
    sold_here || ledger.movements.iter().any(taken_here)
}

fn line_facts(
    line: &Line,
    sale: &Sale<'_>,
    ledger: &Ledger<'_>,
    payload: &Payload,
    workspace: &Workspace<SalesVolume>,
) -> Value {
    let mut facts = Map::from_iter([
        ("line_no".to_owned(), json!(line.line_no)),
        ("qty".to_owned(), json!(line.qty)),
        ("gross_minor".to_owned(), json!(line.gross_minor)),
        ("discount_minor".to_owned(), json!(line.discount_minor)),
        ("net_minor".to_owned(), json!(line.net_minor())),
    ]);
    if let Payload::OrderPlaced(placed) = payload
        && let Some(told) = placed.lines.iter().find(|told| told.line_no == line.line_no)
    {
        let share = line.discount_minor - told.discount_minor.get();
        let unit_price = told.unit_price_micros.get();
        facts.insert("unit_price_micros".to_owned(), json!(unit_price));
        facts.insert("line_discount_minor".to_owned(), json!(told.discount_minor));
        facts.insert("order_discount_share_minor".to_owned(), json!(share));
        facts.insert(
            "order_discount_minor".to_owned(),
            json!(placed.order_discount_minor),
        );
        let version = price_version(&line.product_id, unit_price, sale, workspace);
        facts.insert("price_version".to_owned(), json!(version));
    }
    facts.insert("taken".to_owned(), Value::Array(taken(line, ledger)));
    Value::Object(facts)
}

/// The version of the catalogue's price that the line was sold at; none when it was another price.
fn price_version(
    product_id: &Id,
    unit_price_micros: i64,
    sale: &Sale<'_>,
    workspace: &Workspace<SalesVolume>,
) -> Option<u32> {
    let Some(SalesRow::Product(card)) = workspace
        .stored(PRODUCTS, product_id.as_str())
        .map(|stored| &stored.row)
    else {
        return None;
    };
    let held = card
        .prices
        .iter()
        .filter(|step| step.effective_from <= sale.fact.occurred_at);
    let at_price = held.filter(|step| step.unit_price_micros == unit_price_micros);
    at_price
        .max_by_key(|step| (step.effective_from, step.price_version))
        .map(|step| step.price_version)
}

/// Each cancel and return of a line, valued by G3 consumption: after c of n units of net N, q more
/// are worth floor(N(c+q)/n) - floor(Nc/n).
fn taken(line: &Line, ledger: &Ledger<'_>) -> Vec<Value> {
    let mut c = 0;
    let movements = ledger
        .movements
        .iter()
        .filter(|movement| movement.line.line_no == line.line_no);
    movements
        .map(|movement| {
            let facts = json!({
                "event_id": movement.fact.event,
                "occurred_at": time::format(movement.fact.occurred_at),
                "kind": match movement.taking { Taking::Cancel => "cancel", Taking::Return => "return" },
                "consumption": { "c": c, "q": movement.qty, "n": line.qty, "N": line.net_minor() },
                "value_minor": movement.value_minor,
            });
            c += movement.qty;
            facts
        })
        .collect()
}
