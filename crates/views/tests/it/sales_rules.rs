//! `sales-volume`: rules that the vectors leave open, and the questions that are refused.

use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{
    Params, SalesVolume, ViewQuery,
    sales_volume::{SalesRow, SalesVolumeQuery},
};
use serde_json::{Value, json};

use crate::harness::{Folded, at_positions, event, fold_in_memory, parked_table};

/// An order of 4 × 100 of product A and 1 × 50 of postage.
fn placed(number: u64, order: &str, at: &str) -> ImportedEvent {
    let line = |line_no: u16, product: &str, kind: &str, qty: i64, price: i64| {
        json!({
            "line_no": line_no, "product_id": product, "category": "C", "uom": "ea", "kind": kind, "qty": qty,
            "unit_price_micros": price * 1_000_000, "gross_minor": qty * price, "discount_minor": 0, "tax_minor": 0,
        })
    };
    let data = json!({
        "order_id": order, "channel": "web", "region": "KR", "currency": "KRW",
        "lines": [line(1, "A", "goods", 4, 100), line(2, "POST", "charge", 1, 50)],
        "order_discount_minor": 0, "shipping_minor": 0, "total_minor": 450,
    });
    happened(number, order, at, "OrderPlaced", &data)
}

fn happened(number: u64, order: &str, at: &str, name: &str, data: &Value) -> ImportedEvent {
    event(number, &format!("order-{order}"), at.parse().unwrap(), name, data)
}

fn returned(number: u64, at: &str, id: &str, line_no: u16, qty: i64) -> ImportedEvent {
    let data = json!({"order_id": "O1", "return_id": id, "line_no": line_no, "qty": qty});
    happened(number, "O1", at, "ItemReturned", &data)
}

fn fold(events: &[ImportedEvent]) -> Folded<SalesRow> {
    fold_in_memory::<SalesVolume>(&TenantConfig::default(), &at_positions(events))
}

fn total(folded: &Folded<SalesRow>, column: &str) -> i64 {
    let rows = folded.ask::<SalesVolume>(&[]);
    rows.iter().map(|row| row.columns[column].as_i64().unwrap()).sum()
}

fn reasons(folded: &Folded<SalesRow>) -> Vec<String> {
    let parked = parked_table(&folded.parked);
    let reasons = parked.as_array().unwrap().iter();
    reasons
        .map(|entry| entry["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn s_r4_a_line_that_the_order_does_not_have_parks_the_event() {
    let cancel = json!({"order_id": "O1", "line_no": 9, "qty": 1, "reason": "customer"});
    let folded = fold(&[
        placed(1, "O1", "2026-03-01T00:00:00Z"),
        returned(2, "2026-03-02T00:00:00Z", "R1", 9, 1),
        happened(3, "O1", "2026-03-03T00:00:00Z", "OrderLineCancelled", &cancel),
    ]);
    assert_eq!(reasons(&folded), ["ReturnExceedsSold", "CancelExceedsSold"]);
    assert_eq!(folded.meta.parked, 2);
    assert_eq!(total(&folded, "net_units"), 5);
}

#[test]
fn s_r4_a_return_dated_before_its_sale_applies_when_the_sale_is_there() {
    let folded = fold(&[
        returned(1, "2026-02-28T00:00:00Z", "R1", 1, 1),
        placed(2, "O1", "2026-03-01T00:00:00Z"),
    ]);
    assert_eq!((total(&folded, "returned_minor"), folded.meta.parked), (100, 0));
}

#[test]
fn s_r4_a_late_return_takes_the_units_and_the_other_one_is_parked() {
    let folded = fold(&[
        placed(1, "O1", "2026-03-01T00:00:00Z"),
        returned(2, "2026-03-05T00:00:00Z", "R2", 1, 3),
        returned(3, "2026-03-04T00:00:00Z", "R1", 1, 2),
    ]);
    assert_eq!(total(&folded, "units_returned"), 2);
    let parked = parked_table(&folded.parked);
    assert_eq!(parked[0]["event"], "00000000-0000-0000-0000-000000000002");
}

#[test]
fn s_r1_a_cancel_takes_what_is_left_and_a_second_one_nothing() {
    let cancel = json!({"order_id": "O1", "reason": "customer"});
    let folded = fold(&[
        placed(1, "O1", "2026-03-01T00:00:00Z"),
        returned(2, "2026-03-02T00:00:00Z", "R1", 1, 1),
        happened(3, "O1", "2026-03-03T00:00:00Z", "OrderCancelled", &cancel),
        happened(4, "O1", "2026-03-04T00:00:00Z", "OrderCancelled", &cancel),
    ]);
    let of = |column| total(&folded, column);
    assert_eq!(
        (of("units_sold"), of("units_cancelled"), of("units_returned")),
        (5, 4, 1)
    );
    assert_eq!((of("net_minor"), folded.meta.parked), (0, 0));
}

#[test]
fn s_r4_a_second_placing_of_an_order_is_parked_and_counts_nothing() {
    let folded = fold(&[
        placed(1, "O1", "2026-03-01T00:00:00Z"),
        placed(2, "O1", "2026-03-02T00:00:00Z"),
    ]);
    assert_eq!(
        (total(&folded, "lines"), reasons(&folded)),
        (2, vec!["AlreadyExists".to_owned()])
    );
}

#[test]
fn s_r6_units_are_told_apart_and_charges_are_no_units() {
    let folded = fold(&[placed(1, "O1", "2026-03-01T00:00:00Z")]);
    let answer = folded.ask::<SalesVolume>(&[("group_by", "day")]);
    assert_eq!(answer[0].key, "2026-03-01|KRW");
    assert_eq!(answer[0].columns["net_units_by_uom"], json!({"ea": 4}));
    assert_eq!(
        (&answer[0].columns["kind"], &answer[0].columns["net_minor"]),
        (&Value::Null, &json!(450))
    );
    let top = folded.ask::<SalesVolume>(&[("top", "5")]);
    assert_eq!(top.len(), 1);
    assert_eq!(
        (&top[0].columns["product_id"], &top[0].columns["rank"]),
        (&json!("A"), &json!(1))
    );
}

#[test]
fn g5_a_change_after_the_lateness_raises_the_revision() {
    let folded = fold(&[
        placed(1, "O1", "2026-03-01T00:00:00Z"),
        placed(2, "O2", "2026-03-20T00:00:00Z"),
        placed(3, "O3", "2026-03-01T00:10:00Z"),
    ]);
    let answer = folded.ask::<SalesVolume>(&[("group_by", "day")]);
    let seen: Vec<_> = answer
        .iter()
        .map(|row| (row.revision, row.position.get(), row.state))
        .collect();
    use plimsoll_views::query::State::{Final, Provisional};
    assert_eq!(seen, [(1, 3, Final), (0, 2, Provisional)]);
}

#[test]
fn the_list_of_orders_is_in_no_answer_and_products_have_a_card() {
    let registered = json!({
        "product_id": "A", "name": "Alpha", "category": "C", "uom": "ea", "kind": "goods", "currency": "KRW",
        "unit_price_micros": 100, "price_version": 1,
    });
    let priced = json!({
        "product_id": "A", "currency": "KRW", "old_unit_price_micros": 100, "unit_price_micros": 120,
        "price_version": 2, "effective_from": "2026-03-02T00:00:00.000Z",
    });
    let at = |text: &str| text.parse().unwrap();
    let folded = fold(&[
        event(
            2,
            "product-A",
            at("2026-03-02T00:00:00Z"),
            "ProductPriceChanged",
            &priced,
        ),
        event(
            1,
            "product-A",
            at("2026-03-01T00:00:00Z"),
            "ProductRegistered",
            &registered,
        ),
        placed(3, "O1", "2026-03-01T00:00:00Z"),
    ]);
    for row in folded.ask::<SalesVolume>(&[]) {
        assert!(!row.columns.contains_key("order_ids"));
    }
    let cards = folded.ask::<SalesVolume>(&[("table", "products"), ("product_id", "A,B")]);
    assert_eq!((cards.len(), cards[0].key.as_str()), (1, "A"));
    assert_eq!(cards[0].columns["unit_price_micros"], 120);
    assert_eq!(cards[0].columns["prices"][0]["unit_price_micros"], 100);
}

#[test]
fn questions_that_do_not_make_sense_are_refused_by_name() {
    for (params, refused) in [
        (&[("compare", "yesterday")][..], "compare"),
        (&[("zero_sellers", "yes")], "zero_sellers"),
        (&[("from", "2026-3-1")], "from"),
        (&[("from", "2026-03-02"), ("to", "2026-03-01")], "from"),
        (&[("at", "2026-03-02"), ("to", "2026-03-01")], "at"),
        (&[("measure", "gross")], "measure"),
        (&[("top", "0")], "top"),
        (&[("top", "3"), ("group_by", "region")], "group_by"),
        (&[("group_by", "product,agent")], "group_by"),
        (&[("kind", "goods,service")], "kind"),
        (&[("channel", "web,")], "channel"),
        (&[("attribution", "both")], "attribution"),
        (&[("table", "products"), ("from", "2026-03-01")], "from"),
        (&[("table", "stock")], "table"),
    ] {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(
            SalesVolumeQuery::parse(&params).unwrap_err().name,
            refused,
            "{params:?}"
        );
    }
}
