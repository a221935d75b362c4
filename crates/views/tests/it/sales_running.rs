//! `sales-volume`: comparison at equal elapsed time (R-R5), the present category (S-R2), products
//! that sold nothing, and how long stock lasts (S-R7).

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{
    AnswerRow, Params, SalesVolume, ViewQuery,
    sales_volume::{SalesRow, SalesVolumeQuery},
};
use serde_json::{Value, json};

use crate::harness::{
    Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, parked_table, shuffles,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn registered(number: u64, product: &str, category: &str) -> ImportedEvent {
    let data = json!({
        "product_id": product, "name": product, "category": category, "uom": "ea", "kind": "goods",
        "currency": "KRW", "unit_price_micros": 1_000_000, "price_version": 1,
    });
    let moment = at("2026-01-01T00:00:00Z");
    event(
        number,
        &format!("product-{product}"),
        moment,
        "ProductRegistered",
        &data,
    )
}

fn sold(number: u64, moment: &str, product: &str, qty: i64) -> ImportedEvent {
    let data = json!({
        "order_id": format!("O{number}"), "channel": "web", "region": "KR", "currency": "KRW",
        "order_discount_minor": 0, "shipping_minor": 0, "total_minor": qty,
        "lines": [{
            "line_no": 1, "product_id": product, "category": "tea", "uom": "ea", "kind": "goods", "qty": qty,
            "unit_price_micros": 1_000_000, "gross_minor": qty, "discount_minor": 0, "tax_minor": 0,
        }],
    });
    event(
        number,
        &format!("order-O{number}"),
        at(moment),
        "OrderPlaced",
        &data,
    )
}

fn returned(number: u64, moment: &str, order: u64, qty: i64) -> ImportedEvent {
    let data = json!({"order_id": format!("O{order}"), "return_id": "R", "line_no": 1, "qty": qty});
    event(
        number,
        &format!("order-O{order}"),
        at(moment),
        "ItemReturned",
        &data,
    )
}

fn stock(number: u64, warehouse: &str, name: &str, data: &Value) -> ImportedEvent {
    let stream = format!("stock-P1@{warehouse}");
    event(number, &stream, at("2026-03-01T00:00:00Z"), name, data)
}

fn fold(events: &[ImportedEvent]) -> Folded<SalesRow> {
    fold_in_memory::<SalesVolume>(&TenantConfig::default(), &at_positions(events))
}

fn shown(rows: &[AnswerRow], columns: &[&str]) -> Vec<Value> {
    rows.iter()
        .map(|row| columns.iter().map(|name| row.columns[*name].clone()).collect())
        .collect()
}

/// Yesterday two in the morning and three at half past eleven, today four in the morning.
fn two_days() -> Vec<ImportedEvent> {
    vec![
        sold(1, "2026-03-09T00:00:00Z", "P1", 2),
        sold(2, "2026-03-09T02:30:00Z", "P1", 3),
        sold(3, "2026-03-10T00:00:00Z", "P1", 4),
        sold(4, "2026-03-09T00:10:00Z", "P2", 1),
        returned(5, "2026-03-10T01:00:00Z", 1, 1),
    ]
}

#[test]
fn r_r5_sales_are_held_against_the_same_elapsed_time_and_grow_with_the_clock() {
    let folded = fold(&two_days());
    let params = [("compare", "previous_day"), ("group_by", "product")];
    let columns = ["product_id", "net_units", "base_net_units", "net_units_change_bp"];
    let now = at("2026-03-10T02:00:00Z");
    assert_eq!(
        shown(&folded.ask_at::<SalesVolume>(&params, now), &columns),
        [json!(["P1", 3, 2, 5_000]), json!(["P2", 0, 1, -10_000])]
    );
    let next = folded.changes_at::<SalesVolume>(&params, now).unwrap();
    assert_eq!(next, at("2026-03-10T02:30:00.001Z"));
    assert_eq!(
        shown(&folded.ask_at::<SalesVolume>(&params, next), &columns)[0],
        json!(["P1", 3, 5, -4_000])
    );
    let whole = [("compare", "1"), ("at", "2026-03-10")];
    let later = at("2026-04-01T00:00:00Z");
    let rows = folded.ask_at::<SalesVolume>(&whole, later);
    assert_eq!(shown(&rows, &["net_units", "base_net_units"]), [json!([3, 6])]);
}

#[test]
fn s_r2_the_present_category_restates_only_where_it_is_asked_for() {
    let mut events = vec![registered(10, "P1", "tea")];
    events.extend(two_days());
    let moved = json!({"product_id": "P1", "old_category": "tea", "category": "gifts"});
    events.push(event(
        11,
        "product-P1",
        at("2026-03-10T03:00:00Z"),
        "ProductRecategorised",
        &moved,
    ));
    let folded = fold(&events);
    let by_category = |more: &[(&str, &str)]| {
        let params: Vec<(&str, &str)> = [("group_by", "category")].iter().chain(more).copied().collect();
        shown(&folded.ask::<SalesVolume>(&params), &["category", "units_sold"])
    };
    assert_eq!(by_category(&[]), [json!(["tea", 10])]);
    let current = ("category_reading", "current");
    assert_eq!(by_category(&[current]), [json!(["gifts", 9]), json!(["tea", 1])]);
    assert_eq!(
        by_category(&[current, ("category", "gifts")]),
        [json!(["gifts", 9])]
    );
    let now = at("2026-03-10T02:00:00Z");
    let compared = [current, ("compare", "1"), ("category", "gifts")];
    let rows = folded.ask_at::<SalesVolume>(&compared, now);
    assert_eq!(shown(&rows, &["units_sold", "base_units_sold"]), [json!([4, 2])]);
}

#[test]
fn goods_that_sold_nothing_are_told_on_request() {
    let mut events = two_days();
    events.push(registered(10, "P3", "tea"));
    let folded = fold(&events);
    let day = ("at", "2026-03-10");
    let asked =
        |params: &[(&str, &str)]| shown(&folded.ask::<SalesVolume>(params), &["product_id", "units_sold"]);
    assert_eq!(asked(&[day, ("group_by", "product")]), [json!(["P1", 4])]);
    assert_eq!(
        asked(&[day, ("zero_sellers", "true")]),
        [json!(["P1", 4]), json!(["P3", 0])]
    );
    assert_eq!(
        asked(&[day, ("zero_sellers", "true"), ("channel", "shop")]),
        [json!(["P3", 0])]
    );
}

/// 14 sold, 2 of them back, in 28 closed days; 12 on hand, 2 reserved.
fn with_stock() -> Vec<ImportedEvent> {
    vec![
        registered(1, "P1", "tea"),
        sold(2, "2026-02-20T00:00:00Z", "P1", 10),
        sold(3, "2026-03-05T00:00:00Z", "P1", 4),
        returned(4, "2026-03-06T00:00:00Z", 2, 2),
        sold(5, "2026-03-10T00:00:00Z", "P1", 100),
        stock(
            6,
            "W1",
            "StockReceived",
            &json!({"product_id": "P1", "warehouse_id": "W1", "qty": 15}),
        ),
        stock(7, "W1", "StockReserved", &reserved("R1", 3)),
        stock(
            8,
            "W1",
            "StockCommitted",
            &json!({"reservation_id": "R1", "qty": 3}),
        ),
        stock(9, "W1", "StockReserved", &reserved("R2", 5)),
        stock(
            10,
            "W1",
            "StockReservationReleased",
            &json!({"reservation_id": "R2", "qty": 5, "reason": "expired"}),
        ),
        stock(11, "W2", "StockReserved", &reserved("R3", 2)),
        stock(
            12,
            "W2",
            "StockAdjusted",
            &json!({"product_id": "P1", "warehouse_id": "W2", "delta_qty": 0, "reason": "count"}),
        ),
    ]
}

fn reserved(reservation: &str, qty: i64) -> Value {
    json!({
        "reservation_id": reservation, "order_id": "O", "qty": qty, "expires_at": "2026-03-01T01:00:00.000Z",
    })
}

#[test]
fn s_r7_cover_days_sell_through_and_return_rate_are_of_the_closed_days() {
    let folded = fold(&with_stock());
    let params = [("table", "products"), ("cover", "true")];
    let rows = folded.ask_at::<SalesVolume>(&params, at("2026-03-10T06:00:00Z"));
    let columns = [
        "on_hand",
        "reserved",
        "available",
        "cover_days",
        "cover",
        "sell_through",
        "return_rate",
    ];
    // (12 - 2) / (12 / 28) = 23.3 days; 14 / (14 + 12); 2 of 14 came back.
    assert_eq!(
        shown(&rows, &columns),
        [json!([12, 2, 10, 23, [280, 12], [14, 26], [2, 14]])]
    );
    let at_midnight = folded.changes_at::<SalesVolume>(&params, at("2026-03-10T06:00:00Z"));
    assert_eq!(at_midnight, Some(at("2026-03-10T15:00:00Z")));
    let plain = folded.ask::<SalesVolume>(&[("table", "products")]);
    assert_eq!(shown(&plain, &["on_hand", "reserved"]), [json!([12, 2])]);
}

#[test]
fn s_r7_stock_comes_in_any_order_and_the_end_of_an_unknown_reservation_waits() {
    let events = with_stock();
    let straight = fold(&events);
    for (seed, shuffled) in (0..).zip(shuffles(&events, |_| false)) {
        let folded = fold_in_memory::<SalesVolume>(&TenantConfig::default(), &shuffled);
        assert_eq!(folded.order_free(), straight.order_free());
        let live = fold_in_batches::<SalesVolume>(&TenantConfig::default(), &shuffled, &mut Rng::new(seed));
        assert_eq!(live, folded);
    }
    let without: Vec<ImportedEvent> = events
        .iter()
        .filter(|event| event.version != 7)
        .cloned()
        .collect();
    let parked = parked_table(&fold(&without).parked);
    assert_eq!(parked[0]["reason"], "ReservationUnknown");
    assert_eq!(parked[0]["key"], "R1");
}

#[test]
fn questions_that_do_not_go_together_are_refused_by_name() {
    let refused = |params: &[(&str, &str)]| {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SalesVolumeQuery::parse(&params).unwrap_err().name
    };
    assert_eq!(refused(&[("compare", "1"), ("group_by", "hour")]), "group_by");
    assert_eq!(refused(&[("compare", "1"), ("top", "3")]), "top");
    assert_eq!(
        refused(&[("compare", "1"), ("attribution", "cohort")]),
        "attribution"
    );
    assert_eq!(refused(&[("compare", "1"), ("from", "2026-03-01")]), "from");
    assert_eq!(
        refused(&[("zero_sellers", "true"), ("group_by", "channel")]),
        "zero_sellers"
    );
    assert_eq!(refused(&[("now", "2026-03-01T00:00:00Z")]), "now");
    assert_eq!(
        refused(&[("table", "products"), ("now", "2026-03-01T00:00:00Z")]),
        "now"
    );
    assert_eq!(refused(&[("table", "moments")]), "table");
}

/// What a day's parts are held against sums to the day.
#[test]
fn r_r5_a_whole_day_compared_is_the_day_as_grouped() {
    let folded = fold(&two_days());
    let later = at("2026-03-12T00:00:00Z") + TimeDelta::days(1);
    for day in ["2026-03-09", "2026-03-10"] {
        let compared = folded.ask_at::<SalesVolume>(&[("compare", "1"), ("at", day)], later);
        let grouped = folded.ask_at::<SalesVolume>(&[("group_by", "day"), ("at", day)], later);
        let columns = ["units_sold", "net_units", "gross_minor", "net_minor"];
        assert_eq!(shown(&compared, &columns), shown(&grouped, &columns));
    }
}
