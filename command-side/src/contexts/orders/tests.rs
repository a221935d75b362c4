//! The rules of orders (events.md, section 4; O-R4, S-R2, S-R4, G2).

use serde_json::{Value, json};

use super::Order;
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn line(line_no: u16, qty: i64, price: i64, discount: i64) -> Value {
    json!({"line_no": line_no, "product_id": "P1", "category": "C1", "uom": "ea", "kind": "goods", "qty": qty,
        "unit_price_micros": price, "discount_minor": discount, "tax_minor": 0})
}

fn order(lines: &[Value]) -> Value {
    json!({"order_id": "O1", "channel": "web", "region": "KR", "currency": "KRW", "lines": lines,
        "order_discount_minor": 0, "shipping_minor": 0})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Three units of line 1, two of line 2.
fn placed() -> Scenario<Order> {
    let lines = [line(1, 3, 11_000_000_000, 0), line(2, 2, 1_000_000, 0)];
    nothing().after("PlaceOrder", order(&lines))
}

fn of(status: &str) -> Scenario<Order> {
    let steps = ["OrderConfirmed", "OrderShipped", "OrderDelivered"];
    let until = steps.iter().position(|step| *step == status).expect("a status");
    steps[..=until].iter().fold(placed(), |order, step| {
        order.given(step, json!({"order_id": "O1"}))
    })
}

fn line_of(line_no: u16, qty: i64) -> Value {
    json!({"order_id": "O1", "line_no": line_no, "qty": qty, "reason": "customer"})
}

fn back(return_id: &str, line_no: u16, qty: i64) -> Value {
    json!({"order_id": "O1", "return_id": return_id, "line_no": line_no, "qty": qty})
}

#[test]
fn g2_gross_is_rounded_once_per_line_and_the_total_derived() {
    let pounds = with(order(&[line(1, 3, 2_555_000, 7)]), "currency", json!("GBP"));
    let body = with(
        with(pounds, "shipping_minor", json!(350)),
        "order_discount_minor",
        json!(10),
    );
    let mut event = with(body.clone(), "total_minor", json!(767 - 7 - 10 + 350));
    event["lines"][0]["gross_minor"] = json!(767);
    nothing::<Order>()
        .when("PlaceOrder", body)
        .then(&[("OrderPlaced", event)]);
}

#[test]
fn a_total_or_gross_that_is_given_must_be_the_derived_one() {
    let body = order(&[line(1, 1, 5_000_000, 0)]);
    nothing::<Order>()
        .when("PlaceOrder", with(body.clone(), "total_minor", json!(6)))
        .refused(Reason::TotalMismatch);
    let mut wrong = body;
    wrong["lines"][0]["gross_minor"] = json!(4);
    nothing::<Order>()
        .when("PlaceOrder", wrong)
        .refused(Reason::TotalMismatch);
}

#[test]
fn an_order_has_1_to_2000_lines_with_numbers_of_their_own() {
    nothing::<Order>()
        .when("PlaceOrder", order(&[]))
        .refused(Reason::NoLines);
    let many: Vec<Value> = (0..2_001).map(|no| line(no, 1, 1, 0)).collect();
    nothing::<Order>()
        .when("PlaceOrder", order(&many))
        .refused(Reason::TooManyLines);
    let twice = [line(1, 1, 1, 0), line(1, 1, 1, 0)];
    nothing::<Order>()
        .when("PlaceOrder", order(&twice))
        .malformed("/lines/1/line_no");
}

#[test]
fn units_are_above_0_and_amounts_not_below_0() {
    nothing::<Order>()
        .when("PlaceOrder", order(&[line(1, 0, 1, 0)]))
        .refused(Reason::InvalidQuantity);
    nothing::<Order>()
        .when("PlaceOrder", order(&[line(1, -1, 1, 0)]))
        .refused(Reason::InvalidQuantity);
    nothing::<Order>()
        .when("PlaceOrder", order(&[line(1, 1, -1, 0)]))
        .refused(Reason::InvalidAmount);
    nothing::<Order>()
        .when("PlaceOrder", order(&[line(1, 1, 1, -1)]))
        .refused(Reason::InvalidAmount);
    let mut taxed = line(1, 1, 5_000_000, 1);
    taxed["tax_minor"] = json!(5);
    nothing::<Order>()
        .when("PlaceOrder", order(&[taxed]))
        .refused(Reason::InvalidAmount);
}

#[test]
fn a_discount_is_never_larger_than_what_it_is_taken_from() {
    let ten = order(&[line(1, 1, 10_000_000, 0)]);
    nothing::<Order>()
        .when("PlaceOrder", with(ten, "order_discount_minor", json!(11)))
        .refused(Reason::DiscountExceedsTotal);
    nothing::<Order>()
        .when("PlaceOrder", order(&[line(1, 1, 10_000_000, 11)]))
        .refused(Reason::DiscountExceedsTotal);
}

#[test]
fn an_order_is_placed_once() {
    placed()
        .when("PlaceOrder", order(&[line(1, 1, 1, 0)]))
        .refused(Reason::AlreadyExists);
}

#[test]
fn o_r4_cancelling_is_possible_until_shipment_and_twice_is_once() {
    let body = json!({"order_id": "O1", "reason": "customer"});
    placed()
        .when("CancelOrder", body.clone())
        .then(&[("OrderCancelled", body.clone())]);
    of("OrderConfirmed")
        .when("CancelOrder", body.clone())
        .then(&[("OrderCancelled", body.clone())]);
    placed()
        .after("CancelOrder", body.clone())
        .when("CancelOrder", body.clone())
        .nothing_happens();
    for status in ["OrderShipped", "OrderDelivered"] {
        of(status)
            .when("CancelOrder", body.clone())
            .refused(Reason::AlreadyShipped);
        of(status)
            .when("CancelLine", line_of(1, 1))
            .refused(Reason::AlreadyShipped);
    }
}

#[test]
fn s_r4_no_more_is_cancelled_than_remains() {
    placed()
        .when("CancelLine", line_of(1, 3))
        .then(&[("OrderLineCancelled", line_of(1, 3))]);
    let two_gone = placed().after("CancelLine", line_of(1, 2));
    two_gone
        .when("CancelLine", line_of(1, 2))
        .refused(Reason::CancelExceedsSold);
    two_gone
        .when("CancelLine", line_of(1, 1))
        .then(&[("OrderLineCancelled", line_of(1, 1))]);
    placed()
        .when("CancelLine", line_of(9, 1))
        .refused(Reason::CancelExceedsSold);
    placed()
        .when("CancelLine", line_of(1, 0))
        .refused(Reason::InvalidQuantity);
    let cancelled = placed().after("CancelOrder", json!({"order_id": "O1", "reason": "timeout"}));
    cancelled
        .when("CancelLine", line_of(1, 1))
        .refused(Reason::CancelExceedsSold);
}

#[test]
fn o_r4_only_a_confirmed_order_ships_and_only_a_shipped_one_arrives() {
    let body = json!({"order_id": "O1", "carrier": "CJ", "tracking_no": "T1"});
    let only = json!({"order_id": "O1"});
    placed()
        .when("ShipOrder", body.clone())
        .refused(Reason::NotConfirmed);
    of("OrderConfirmed")
        .when("ShipOrder", body.clone())
        .then(&[("OrderShipped", body.clone())]);
    of("OrderShipped")
        .when("ShipOrder", body)
        .refused(Reason::AlreadyShipped);
    of("OrderConfirmed")
        .when("ConfirmDelivery", only.clone())
        .refused(Reason::NotShipped);
    of("OrderShipped")
        .when("ConfirmDelivery", only.clone())
        .then(&[("OrderDelivered", only.clone())]);
    of("OrderDelivered")
        .when("ConfirmDelivery", only)
        .nothing_happens();
}

#[test]
fn s_r4_no_more_comes_back_than_was_sold_and_kept() {
    let one_cancelled = placed().after("CancelLine", line_of(1, 1));
    one_cancelled
        .when("ReturnItem", back("R1", 1, 3))
        .refused(Reason::ReturnExceedsSold);
    let returned = one_cancelled.after("ReturnItem", back("R1", 1, 2));
    returned
        .when("ReturnItem", back("R2", 1, 1))
        .refused(Reason::ReturnExceedsSold);
    returned.when("ReturnItem", back("R1", 1, 2)).nothing_happens();
    placed()
        .when("ReturnItem", back("R1", 9, 1))
        .refused(Reason::ReturnExceedsSold);
    placed()
        .when("ReturnItem", back("R1", 1, 0))
        .refused(Reason::InvalidQuantity);
}

#[test]
fn what_was_never_placed_cannot_change() {
    for (command, body) in [
        ("CancelOrder", json!({"order_id": "O1", "reason": "other"})),
        ("CancelLine", line_of(1, 1)),
        ("ShipOrder", json!({"order_id": "O1"})),
        ("ConfirmDelivery", json!({"order_id": "O1"})),
        ("ReturnItem", back("R1", 1, 1)),
    ] {
        nothing::<Order>().when(command, body).refused(Reason::NotFound);
    }
}

#[test]
fn g6_an_imported_return_without_its_order_is_kept_and_counts_when_the_order_comes() {
    let early = nothing::<Order>()
        .given("ItemReturned", back("R1", 1, 1))
        .after("PlaceOrder", order(&[line(1, 1, 1, 0)]));
    early
        .when("ReturnItem", back("R2", 1, 1))
        .refused(Reason::ReturnExceedsSold);
}
