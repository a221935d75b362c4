//! The rules of the catalogue (events.md, section 2).

use serde_json::{Value, json};

use super::Product;
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn tea() -> Value {
    json!({"product_id": "P1", "name": "tea", "category": "drinks", "uom": "ea", "kind": "goods",
        "currency": "KRW", "unit_price_micros": 4_500_000_000_i64})
}

fn registered() -> Scenario<Product> {
    nothing().after("RegisterProduct", tea())
}

fn price(price: i64, currency: &str, from: &str) -> Value {
    json!({"product_id": "P1", "currency": currency, "unit_price_micros": price, "effective_from": from})
}

#[test]
fn a_product_begins_with_price_version_1() {
    let mut event = tea();
    event["price_version"] = json!(1);
    nothing::<Product>()
        .when("RegisterProduct", tea())
        .then(&[("ProductRegistered", event)]);
}

#[test]
fn an_id_is_used_once_and_a_price_is_not_below_0() {
    registered()
        .when("RegisterProduct", tea())
        .refused(Reason::AlreadyExists);
    let mut below = tea();
    below["unit_price_micros"] = json!(-1);
    nothing::<Product>()
        .when("RegisterProduct", below)
        .refused(Reason::InvalidAmount);
}

#[test]
fn a_price_change_carries_the_old_price_and_the_next_version() {
    registered()
        .when("ChangePrice", price(5, "KRW", "2026-04-01T00:00:00.000Z"))
        .then(&[(
            "ProductPriceChanged",
            json!({"product_id": "P1", "currency": "KRW", "old_unit_price_micros": 4_500_000_000_i64,
            "unit_price_micros": 5, "price_version": 2, "effective_from": "2026-04-01T00:00:00.000Z"}),
        )]);
}

#[test]
fn prices_follow_each_other_in_one_currency() {
    let changed = registered().after("ChangePrice", price(5, "KRW", "2026-04-01T00:00:00Z"));
    changed
        .when("ChangePrice", price(6, "USD", "2026-05-01T00:00:00Z"))
        .refused(Reason::CurrencyMismatch);
    changed
        .when("ChangePrice", price(6, "KRW", "2026-03-31T23:59:59Z"))
        .refused(Reason::EffectiveDateOutOfOrder);
    changed
        .when("ChangePrice", price(-6, "KRW", "2026-05-01T00:00:00Z"))
        .refused(Reason::InvalidAmount);
    changed
        .when("ChangePrice", price(5, "KRW", "2026-05-01T00:00:00Z"))
        .nothing_happens();
}

#[test]
fn a_discontinued_product_keeps_its_price_and_name() {
    let gone = registered().after(
        "DiscontinueProduct",
        json!({"product_id": "P1", "reason": "season"}),
    );
    gone.when("ChangePrice", price(6, "KRW", "2026-05-01T00:00:00Z"))
        .refused(Reason::ProductDiscontinued);
    gone.when("RenameProduct", json!({"product_id": "P1", "name": "x"}))
        .refused(Reason::ProductDiscontinued);
    gone.when("DiscontinueProduct", json!({"product_id": "P1"}))
        .nothing_happens();
}

#[test]
fn names_and_categories_change_once() {
    let tea = registered();
    tea.when("RenameProduct", json!({"product_id": "P1", "name": "green tea"}))
        .then(&[("ProductRenamed", json!({"product_id": "P1", "name": "green tea"}))]);
    tea.when(
        "RecategoriseProduct",
        json!({"product_id": "P1", "category": "leaves"}),
    )
    .then(&[(
        "ProductRecategorised",
        json!({"product_id": "P1", "old_category": "drinks", "category": "leaves"}),
    )]);
    tea.when(
        "RecategoriseProduct",
        json!({"product_id": "P1", "category": "drinks"}),
    )
    .nothing_happens();
}

#[test]
fn what_is_not_in_the_catalogue_cannot_change() {
    for (command, body) in [
        ("ChangePrice", price(5, "KRW", "2026-04-01T00:00:00Z")),
        ("RenameProduct", json!({"product_id": "P1", "name": "x"})),
        (
            "RecategoriseProduct",
            json!({"product_id": "P1", "category": "x"}),
        ),
        ("DiscontinueProduct", json!({"product_id": "P1"})),
    ] {
        nothing::<Product>().when(command, body).refused(Reason::NotFound);
    }
}
