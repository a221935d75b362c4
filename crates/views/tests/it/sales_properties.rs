//! `sales-volume`: what holds for any orders.

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::{
    ImportedEvent, TenantConfig,
    rows::{Attribution, SalesVolumeRow},
};
use plimsoll_views::{SalesVolume, sales_volume::SalesRow};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, shuffles};

#[derive(Debug, Clone)]
struct Order {
    minute: i64,
    discount: i64,
    lines: Vec<(u8, i64, i64)>,
    then: Vec<(i64, Then)>,
}

#[derive(Debug, Clone)]
enum Then {
    Cancelled,
    LineCancelled { line: usize, qty: i64 },
    Returned { id: u8, line: usize, qty: i64 },
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let line = (0..4_u8, 1..6_i64, 1..2_000_i64);
    let then = prop_oneof![
        1 => Just(Then::Cancelled),
        3 => (1..5_usize, 1..5_i64).prop_map(|(line, qty)| Then::LineCancelled { line, qty }),
        5 => (0..6_u8, 1..5_usize, 1..4_i64).prop_map(|(id, line, qty)| Then::Returned { id, line, qty }),
    ];
    let order = (
        0..4_000_i64,
        0..500_i64,
        prop::collection::vec(line, 1..5),
        prop::collection::vec((-60..4_000_i64, then), 0..6),
    );
    let order = order.prop_map(|(minute, discount, lines, then)| {
        let worth: i64 = lines.iter().map(|(_, qty, price)| qty * price - 1).sum();
        Order {
            minute,
            discount: discount.min(worth),
            lines,
            then,
        }
    });
    prop::collection::vec(order, 1..5)
}

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
}

/// The events of the orders, each order's in a row.
fn events(orders: &[Order]) -> Vec<ImportedEvent> {
    let mut events = Vec::new();
    for (number, order) in orders.iter().enumerate() {
        let (id, stream) = (format!("O{number}"), format!("order-O{number}"));
        let mut add = |minute: i64, name: &str, data: &Value| {
            let count = events.len() as u64 + 1;
            events.push(event(count, &stream, at(minute), name, data));
        };
        let lines: Vec<Value> = (1..)
            .zip(&order.lines)
            .map(|(line_no, (product, qty, price))| {
                json!({
                    "line_no": line_no, "product_id": format!("P{product}"), "category": "C", "uom": "ea",
                    "kind": if *product > 0 { "goods" } else { "charge" }, "qty": qty,
                    "unit_price_micros": price * 1_000_000, "gross_minor": qty * price, "discount_minor": 1,
                    "tax_minor": 0,
                })
            })
            .collect();
        add(
            order.minute,
            "OrderPlaced",
            &json!({
                "order_id": id, "channel": "web", "region": "KR", "currency": "KRW", "lines": lines,
                "order_discount_minor": order.discount, "shipping_minor": 0, "total_minor": 0,
            }),
        );
        for (later, then) in &order.then {
            let minute = order.minute + later;
            match then {
                Then::Cancelled => add(minute, "OrderCancelled", &json!({"order_id": id})),
                Then::LineCancelled { line, qty } => add(
                    minute,
                    "OrderLineCancelled",
                    &json!({"order_id": id, "line_no": line, "qty": qty, "reason": "customer"}),
                ),
                Then::Returned {
                    id: return_id,
                    line,
                    qty,
                } => add(
                    minute,
                    "ItemReturned",
                    &json!({"order_id": id, "return_id": format!("R{return_id}"), "line_no": line, "qty": qty}),
                ),
            }
        }
    }
    events
}

fn cells(folded: &Folded<SalesRow>, attribution: Attribution) -> Vec<&SalesVolumeRow> {
    let cells = folded.rows.values().filter_map(|stored| match &stored.row {
        SalesRow::Cell(row) if row.attribution == attribution => Some(row),
        _ => None,
    });
    cells.collect()
}

fn totals(cells: &[&SalesVolumeRow]) -> [i64; 10] {
    let sum = |column: fn(&SalesVolumeRow) -> i64| cells.iter().map(|row| column(row)).sum();
    [
        sum(|row| row.units_sold),
        sum(|row| row.units_cancelled),
        sum(|row| row.units_returned),
        sum(|row| row.net_units),
        sum(|row| row.lines),
        sum(|row| row.gross_minor),
        sum(|row| row.discount_minor),
        sum(|row| row.cancelled_minor),
        sum(|row| row.returned_minor),
        sum(|row| row.net_minor),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s_r1_net_is_sold_less_cancelled_less_returned(orders in orders()) {
        let folded = fold_in_memory::<SalesVolume>(&TenantConfig::default(), &at_positions(&events(&orders)));
        for attribution in [Attribution::Activity, Attribution::Cohort] {
            for row in cells(&folded, attribution) {
                prop_assert_eq!(row.net_units, row.units_sold - row.units_cancelled - row.units_returned);
                let less = row.discount_minor + row.cancelled_minor + row.returned_minor;
                prop_assert_eq!(row.net_minor, row.gross_minor - less);
                prop_assert_eq!(row.orders, i64::try_from(row.order_ids.len()).unwrap());
            }
        }
    }

    #[test]
    fn s_r2_the_shares_of_the_order_discounts_sum_to_them(orders in orders()) {
        let folded = fold_in_memory::<SalesVolume>(&TenantConfig::default(), &at_positions(&events(&orders)));
        let lines: i64 = orders.iter().map(|order| i64::try_from(order.lines.len()).unwrap()).sum();
        let given: i64 = orders.iter().map(|order| order.discount).sum::<i64>() + lines;
        prop_assert_eq!(totals(&cells(&folded, Attribution::Activity))[6], given);
    }

    #[test]
    fn s_r3_both_attributions_have_equal_totals(orders in orders()) {
        let folded = fold_in_memory::<SalesVolume>(&TenantConfig::default(), &at_positions(&events(&orders)));
        let (activity, cohort) = (cells(&folded, Attribution::Activity), cells(&folded, Attribution::Cohort));
        prop_assert_eq!(totals(&activity), totals(&cohort));
        // Nothing is taken back that was not sold, cell by cell of the sale.
        for row in cohort {
            prop_assert!(row.net_units >= 0 && row.net_minor >= 0, "{row:?}");
        }
    }

    #[test]
    fn g4_any_order_and_any_batches_give_the_same_rows(orders in orders(), seed in any::<u64>()) {
        let (config, events) = (TenantConfig::default(), events(&orders));
        let straight = fold_in_memory::<SalesVolume>(&config, &at_positions(&events));
        for shuffled in shuffles(&events, |_| false).take(3) {
            let folded = fold_in_memory::<SalesVolume>(&config, &shuffled);
            prop_assert_eq!(folded.order_free(), straight.order_free());
            let live = fold_in_batches::<SalesVolume>(&config, &shuffled, &mut Rng::new(seed));
            prop_assert_eq!(live, folded);
        }
    }
}
