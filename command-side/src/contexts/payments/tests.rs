//! The rules of payments (events.md, section 6; R-R6, R-I), and the vectors of single decisions.

use serde_json::{Value, json};

use super::{FxRate, Payment, Settlement};
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

const VECTORS: &str = include_str!("../../../tests/vectors/payments.json");

fn request(amount: i64) -> Value {
    json!({"payment_id": "p1", "order_id": "O1", "amount_minor": amount, "currency": "KRW", "method": "card",
        "channel": "web", "region": "KR"})
}

fn capture(id: &str, amount: i64) -> Value {
    let mut body = request(amount);
    body["capture_id"] = json!(id);
    body["tax_minor"] = json!(0);
    body
}

fn authorise(id: &str, amount: i64) -> Value {
    json!({"payment_id": "p1", "authorisation_id": id, "amount_minor": amount, "currency": "KRW",
        "expires_at": "2026-03-10T02:00:00.000Z"})
}

fn refund(id: &str, amount: i64) -> Value {
    json!({"payment_id": "p1", "refund_id": id, "capture_id": "c1", "amount_minor": amount, "tax_minor": 0,
        "currency": "KRW"})
}

fn chargeback(id: &str, amount: i64) -> Value {
    json!({"payment_id": "p1", "chargeback_id": id, "capture_id": "c1", "amount_minor": amount, "tax_minor": 0,
        "currency": "KRW", "reason": "fraud"})
}

fn requested() -> Scenario<Payment> {
    nothing().after("RequestPayment", request(1_000))
}

fn captured() -> Scenario<Payment> {
    requested().after("CapturePayment", capture("c1", 1_000))
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[test]
fn single_decisions_of_the_vectors() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let given = vector["given"].as_array().unwrap().iter();
        let scenario = given.fold(nothing::<Payment>(), |scenario, event| {
            scenario.given(event["type"].as_str().unwrap(), event["data"].clone())
        });
        let then = scenario.when(
            vector["when"]["command"].as_str().unwrap(),
            vector["when"]["data"].clone(),
        );
        match vector["refused"]["reason"].as_str() {
            Some("RefundExceedsCaptured") => then.refused(Reason::RefundExceedsCaptured),
            Some(other) => panic!("{}: refused {other}", vector["name"]),
            None => {
                let events = vector["then"].as_array().unwrap().iter();
                let events: Vec<(&str, Value)> = events
                    .map(|event| (event["type"].as_str().unwrap(), event["data"].clone()))
                    .collect();
                then.then(&events);
            }
        }
    }
}

#[test]
fn a_payment_is_requested_once_for_more_than_0() {
    nothing::<Payment>()
        .when("RequestPayment", request(1))
        .then(&[("PaymentRequested", request(1))]);
    nothing::<Payment>()
        .when("RequestPayment", request(0))
        .refused(Reason::InvalidAmount);
    nothing::<Payment>()
        .when("RequestPayment", request(-1))
        .refused(Reason::InvalidAmount);
    requested()
        .when("RequestPayment", request(1))
        .refused(Reason::AlreadyExists);
}

#[test]
fn authorisations_are_in_the_payments_currency_and_above_0() {
    requested()
        .when("AuthorisePayment", authorise("a1", 1))
        .then(&[("PaymentAuthorised", authorise("a1", 1))]);
    requested()
        .when("AuthorisePayment", authorise("a1", 0))
        .refused(Reason::InvalidAmount);
    let dollars = with(authorise("a1", 1), "currency", json!("USD"));
    requested()
        .when("AuthorisePayment", dollars)
        .refused(Reason::CurrencyMismatch);
    let twice = requested().after("AuthorisePayment", authorise("a1", 1));
    twice
        .when("AuthorisePayment", authorise("a1", 1))
        .refused(Reason::AlreadyExists);
}

#[test]
fn no_more_is_captured_than_authorised_when_authorised() {
    let authorised = requested().after("AuthorisePayment", authorise("a1", 1_000));
    authorised
        .when("CapturePayment", capture("c1", 1_001))
        .refused(Reason::CaptureExceedsAuthorised);
    let part = authorised.after("CapturePayment", capture("c1", 600));
    part.when("CapturePayment", capture("c2", 401))
        .refused(Reason::CaptureExceedsAuthorised);
    part.when("CapturePayment", capture("c2", 400))
        .then(&[("PaymentCaptured", capture("c2", 400))]);
    requested()
        .when("CapturePayment", capture("c1", 5_000))
        .then(&[("PaymentCaptured", capture("c1", 5_000))]);
}

#[test]
fn an_authorisation_holds_until_it_expires_and_not_longer() {
    let authorised = requested().after("AuthorisePayment", authorise("a1", 1_000));
    let late = authorised.at("2026-03-10T02:00:00.001Z");
    late.when("CapturePayment", capture("c1", 1))
        .refused(Reason::AuthorisationExpired);
    late.at("2026-03-10T02:00:00Z")
        .when("CapturePayment", capture("c1", 1))
        .then(&[("PaymentCaptured", capture("c1", 1))]);
}

#[test]
fn a_capture_has_its_tax_inside_its_amount_and_the_payments_currency() {
    let taxed = with(capture("c1", 10), "tax_minor", json!(11));
    requested()
        .when("CapturePayment", taxed)
        .refused(Reason::InvalidAmount);
    let dollars = with(capture("c1", 10), "currency", json!("USD"));
    requested()
        .when("CapturePayment", dollars)
        .refused(Reason::CurrencyMismatch);
    requested()
        .when("CapturePayment", capture("c1", 0))
        .refused(Reason::InvalidAmount);
    captured()
        .when("CapturePayment", capture("c1", 1_000))
        .nothing_happens();
}

#[test]
fn failures_are_recorded_with_their_code() {
    let decline = json!({"payment_id": "p1", "attempt": 2, "code": "51", "reason": "insufficient funds"});
    requested()
        .when("DeclinePayment", decline.clone())
        .then(&[("PaymentDeclined", decline)]);
    let fail = json!({"payment_id": "p1", "code": "91", "reason": "bank down"});
    requested()
        .when("FailCapture", fail.clone())
        .then(&[("PaymentCaptureFailed", fail)]);
}

#[test]
fn a_void_gives_up_what_is_authorised_and_not_captured() {
    let void = json!({"payment_id": "p1"});
    requested()
        .when("VoidPayment", void.clone())
        .refused(Reason::NothingToVoid);
    let part = requested()
        .after("AuthorisePayment", authorise("a1", 1_000))
        .after("CapturePayment", capture("c1", 600));
    part.when("VoidPayment", void.clone())
        .then(&[("PaymentVoided", json!({"payment_id": "p1", "amount_minor": 400}))]);
    let voided = part.after("VoidPayment", void.clone());
    voided.when("VoidPayment", void).refused(Reason::NothingToVoid);
    voided
        .when("CapturePayment", capture("c2", 1))
        .refused(Reason::CaptureExceedsAuthorised);
}

#[test]
fn r_i_refunds_and_chargebacks_together_never_exceed_what_was_captured() {
    captured()
        .when("RefundPayment", refund("r1", 1_001))
        .refused(Reason::RefundExceedsCaptured);
    let part = captured().after("RefundPayment", refund("r1", 600));
    part.when("RefundPayment", refund("r1", 600)).nothing_happens();
    part.when("OpenChargeback", chargeback("b1", 401))
        .refused(Reason::ChargebackExceedsCaptured);
    let disputed = part.after("OpenChargeback", chargeback("b1", 400));
    disputed
        .when("RefundPayment", refund("r2", 1))
        .refused(Reason::RefundExceedsCaptured);
    let lost = disputed.after(
        "LoseChargeback",
        json!({"payment_id": "p1", "chargeback_id": "b1"}),
    );
    lost.when("RefundPayment", refund("r2", 1))
        .refused(Reason::RefundExceedsCaptured);
}

#[test]
fn a_refund_names_a_capture_its_currency_and_an_amount_above_0() {
    captured()
        .when("RefundPayment", with(refund("r1", 1), "capture_id", json!("c9")))
        .refused(Reason::NotFound);
    captured()
        .when("RefundPayment", with(refund("r1", 1), "currency", json!("USD")))
        .refused(Reason::CurrencyMismatch);
    captured()
        .when("RefundPayment", with(refund("r1", 1), "tax_minor", json!(2)))
        .refused(Reason::InvalidAmount);
    captured()
        .when("RefundPayment", refund("r1", 0))
        .refused(Reason::InvalidAmount);
}

#[test]
fn a_failed_refund_is_reversed_once_and_can_be_made_again() {
    let fail = json!({"payment_id": "p1", "refund_id": "r1", "code": "closed"});
    captured()
        .when("FailRefund", fail.clone())
        .refused(Reason::NotFound);
    let refunded = captured().after("RefundPayment", refund("r1", 1_000));
    refunded
        .when("FailRefund", fail.clone())
        .then(&[("PaymentRefundFailed", fail.clone())]);
    let failed = refunded.after("FailRefund", fail.clone());
    failed.when("FailRefund", fail).nothing_happens();
    failed
        .when("RefundPayment", refund("r2", 1_000))
        .then(&[("PaymentRefunded", refund("r2", 1_000))]);
}

#[test]
fn r_r6_a_chargeback_closes_once_and_a_second_one_has_its_own_id() {
    let which = json!({"payment_id": "p1", "chargeback_id": "b1"});
    captured()
        .when("ReverseChargeback", which.clone())
        .refused(Reason::NotFound);
    let opened = captured().after("OpenChargeback", chargeback("b1", 1_000));
    opened
        .when("OpenChargeback", chargeback("b1", 1_000))
        .nothing_happens();
    opened
        .when("LoseChargeback", which.clone())
        .then(&[("ChargebackLost", which.clone())]);
    let reversed = opened.after("ReverseChargeback", which.clone());
    reversed
        .when("ReverseChargeback", which.clone())
        .refused(Reason::ChargebackClosed);
    reversed
        .when("LoseChargeback", which)
        .refused(Reason::ChargebackClosed);
    reversed
        .when("OpenChargeback", chargeback("b2", 1))
        .then(&[("ChargebackOpened", chargeback("b2", 1))]);
}

#[test]
fn what_was_never_requested_cannot_change() {
    for (command, body) in [
        ("AuthorisePayment", authorise("a1", 1)),
        ("CapturePayment", capture("c1", 1)),
        ("RefundPayment", refund("r1", 1)),
        ("OpenChargeback", chargeback("b1", 1)),
        ("VoidPayment", json!({"payment_id": "p1"})),
    ] {
        nothing::<Payment>().when(command, body).refused(Reason::NotFound);
    }
}

#[test]
fn a_settlement_batch_is_taken_once() {
    let body = json!({"batch_id": "B1", "settled_on": "2026-03-11", "currency": "KRW",
        "lines": [{"payment_id": "p1", "capture_id": "c1", "amount_minor": -5, "fee_minor": 1}]});
    let first = nothing::<Settlement>();
    first
        .when("ReceiveSettlement", body.clone())
        .then(&[("SettlementReceived", body.clone())]);
    let mut wrong = body.clone();
    wrong["lines"][0]["fee_minor"] = json!(-1);
    first
        .when("ReceiveSettlement", wrong)
        .refused(Reason::InvalidAmount);
    first
        .after("ReceiveSettlement", body.clone())
        .when("ReceiveSettlement", body)
        .nothing_happens();
}

#[test]
fn a_rate_is_above_0_and_between_two_currencies() {
    let body =
        json!({"base": "USD", "quote": "KRW", "rate_micros": 1_400_000_000, "effective_from": "2026-03-11"});
    let rates = nothing::<FxRate>();
    rates
        .when("PublishFxRate", body.clone())
        .then(&[("FxRatePublished", body.clone())]);
    rates
        .when("PublishFxRate", with(body.clone(), "rate_micros", json!(0)))
        .refused(Reason::InvalidAmount);
    rates
        .when("PublishFxRate", with(body, "quote", json!("USD")))
        .malformed("/quote");
}
