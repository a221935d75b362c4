//! `revenue`: rules that the vectors leave open, and the questions that are refused.

use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{Params, Revenue, ViewQuery, revenue::RevenueQuery, revenue::RevenueRows};
use serde_json::{Value, json};

use crate::harness::{Folded, at_positions, event, fold_in_memory, parked_table};

fn happened(number: u64, at: &str, name: &str, data: &Value) -> ImportedEvent {
    event(number, "payment-p", at.parse().unwrap(), name, data)
}

fn captured(number: u64, at: &str, capture: &str, amount: i64, currency: &str) -> ImportedEvent {
    let data = json!({
        "payment_id": "p", "order_id": "O", "capture_id": capture, "amount_minor": amount, "tax_minor": amount / 11,
        "currency": currency, "method": "card", "channel": "web", "region": "KR",
    });
    happened(number, at, "PaymentCaptured", &data)
}

fn taken(number: u64, at: &str, name: &str, id: &str, capture: &str, amount: i64) -> ImportedEvent {
    let data = json!({
        "payment_id": "p", "refund_id": id, "chargeback_id": id, "capture_id": capture, "amount_minor": amount,
        "tax_minor": amount / 11, "currency": "KRW", "reason": "",
    });
    happened(number, at, name, &data)
}

fn chargeback(number: u64, at: &str, name: &str, id: &str) -> ImportedEvent {
    happened(number, at, name, &json!({"payment_id": "p", "chargeback_id": id}))
}

fn rate(number: u64, at: &str, micros: i64, from: &str) -> ImportedEvent {
    let data = json!({"base": "USD", "quote": "KRW", "rate_micros": micros, "effective_from": from});
    event(
        number,
        "fxrate-USDKRW",
        at.parse().unwrap(),
        "FxRatePublished",
        &data,
    )
}

fn fold(events: &[ImportedEvent]) -> Folded<RevenueRows> {
    fold_in_memory::<Revenue>(&TenantConfig::default(), &at_positions(events))
}

fn total(folded: &Folded<RevenueRows>, column: &str) -> i64 {
    let rows = folded.ask::<Revenue>(&[]);
    rows.iter().map(|row| row.columns[column].as_i64().unwrap()).sum()
}

fn reasons(folded: &Folded<RevenueRows>) -> Vec<String> {
    let parked = parked_table(&folded.parked);
    let reasons = parked.as_array().unwrap().iter();
    reasons
        .map(|entry| entry["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn g6_a_refund_and_its_failure_wait_for_the_capture() {
    let failed = json!({"payment_id": "p", "refund_id": "r", "code": "x"});
    let mut events = vec![
        happened(1, "2026-03-10T00:00:00Z", "PaymentRefundFailed", &failed),
        taken(2, "2026-03-10T01:00:00Z", "PaymentRefunded", "r", "c", 500),
        taken(3, "2026-03-10T02:00:00Z", "PaymentRefunded", "s", "c", 300),
    ];
    let waiting = fold(&events);
    assert_eq!(
        reasons(&waiting),
        ["RefundUnknown", "CaptureUnknown", "CaptureUnknown"]
    );
    events.push(captured(4, "2026-03-10T03:00:00Z", "c", 1_000, "KRW"));
    let folded = fold(&events);
    assert_eq!((reasons(&folded).len(), folded.meta.parked), (0, 0));
    assert_eq!(
        (total(&folded, "refunded_minor"), total(&folded, "refunds")),
        (300, 1)
    );
}

#[test]
fn r_r6_a_lost_chargeback_stays_taken_and_a_reversed_one_does_not() {
    let events = [
        captured(1, "2026-03-10T00:00:00Z", "c", 1_000, "KRW"),
        taken(2, "2026-03-10T01:00:00Z", "ChargebackOpened", "b1", "c", 1_000),
        chargeback(3, "2026-03-10T02:00:00Z", "ChargebackReversed", "b1"),
        chargeback(4, "2026-03-10T03:00:00Z", "ChargebackReversed", "b1"),
        chargeback(5, "2026-03-10T04:00:00Z", "ChargebackLost", "b1"),
        taken(6, "2026-03-10T05:00:00Z", "ChargebackOpened", "b2", "c", 700),
        chargeback(7, "2026-03-10T06:00:00Z", "ChargebackLost", "b2"),
        taken(8, "2026-03-10T07:00:00Z", "PaymentRefunded", "r", "c", 400),
        taken(9, "2026-03-10T08:00:00Z", "ChargebackOpened", "b3", "c", 301),
        taken(10, "2026-03-10T09:00:00Z", "PaymentRefunded", "s", "c", 300),
    ];
    let folded = fold(&events);
    assert_eq!(
        reasons(&folded),
        [
            "ChargebackClosed",
            "RefundExceedsCaptured",
            "ChargebackExceedsCaptured"
        ]
    );
    assert_eq!(total(&folded, "chargeback_reversed_minor"), 1_000);
    assert_eq!(
        (total(&folded, "net_minor"), total(&folded, "chargebacks")),
        (0, 2)
    );
}

#[test]
fn r_r6_a_decline_waits_until_the_channel_is_known() {
    let declined = json!({"payment_id": "p", "attempt": 1, "code": "51", "reason": ""});
    let mut events = vec![happened(1, "2026-03-10T00:00:00Z", "PaymentDeclined", &declined)];
    assert_eq!(reasons(&fold(&events)), ["PaymentUnknown"]);
    events.push(captured(2, "2026-03-10T01:00:00Z", "c", 100, "KRW"));
    let folded = fold(&events);
    let failures = folded.ask::<Revenue>(&[("failures", "true")]);
    assert_eq!(
        (failures.len(), failures[0].key.as_str()),
        (1, "2026-03-10|9|web|51")
    );
    let by_day = folded.ask::<Revenue>(&[("table", "failures"), ("group_by", "day")]);
    assert_eq!(
        (by_day[0].key.as_str(), &by_day[0].columns["count"]),
        ("2026-03-10", &json!(1))
    );
}

#[test]
fn r_r2_money_of_another_currency_is_not_taken_from_a_capture() {
    let folded = fold(&[
        captured(1, "2026-03-10T00:00:00Z", "c", 1_000, "USD"),
        taken(2, "2026-03-10T01:00:00Z", "PaymentRefunded", "r", "c", 10),
    ]);
    assert_eq!(reasons(&folded), ["CurrencyMismatch"]);
}

#[test]
fn r_r4_a_rate_fills_in_what_was_missing_and_a_late_one_restates() {
    let mut events = vec![captured(1, "2026-03-10T00:00:00Z", "c", 10_000, "USD")];
    assert_eq!(total(&fold(&events), "reporting_missing"), 1);
    events.push(rate(2, "2026-03-10T05:00:00Z", 1_300_000_000, "2026-03-01"));
    let filled = fold(&events);
    assert_eq!(
        (
            total(&filled, "reporting_minor"),
            total(&filled, "reporting_missing")
        ),
        (130_000, 0)
    );
    events.push(rate(3, "2026-03-10T06:00:00Z", 1_400_000_000, "2026-03-10"));
    assert_eq!(total(&fold(&events), "reporting_minor"), 140_000);
    events.push(rate(4, "2026-03-10T07:00:00Z", 1_500_000_000, "2026-03-11"));
    assert_eq!(total(&fold(&events), "reporting_minor"), 140_000);
}

#[test]
fn minutes_are_kept_for_48_hours_behind_the_watermark() {
    let mut events = vec![
        captured(1, "2026-03-10T00:59:59.999Z", "c1", 100, "KRW"),
        captured(2, "2026-03-10T01:00:00Z", "c2", 200, "KRW"),
        captured(3, "2026-03-10T01:00:30Z", "c3", 300, "KRW"),
        captured(4, "2026-03-10T01:04:30Z", "c4", 500, "KRW"),
        captured(5, "2026-03-12T00:59:00Z", "c5", 900, "KRW"),
    ];
    let minutes = |events: &[ImportedEvent], params: &[(&str, &str)]| -> Vec<(String, i64)> {
        let rows = fold(events).ask::<Revenue>(params);
        let net = |row: &plimsoll_views::AnswerRow| row.columns["net_minor"].as_i64().unwrap();
        rows.iter().map(|row| (row.key.clone(), net(row))).collect()
    };
    assert_eq!(minutes(&events, &[("table", "minutes")]).len(), 4);
    events.push(captured(6, "2026-03-12T01:00:00Z", "c6", 1, "KRW"));
    // Late, and of an hour that is gone.
    events.push(captured(7, "2026-03-10T00:59:00Z", "c7", 7, "KRW"));
    let expected = |key: &str, net: i64| (format!("{key}|KRW"), net);
    assert_eq!(
        minutes(&events, &[("window", "5m"), ("date", "2026-03-10")]),
        [expected("2026-03-10T01:00:00.000Z", 1_000)]
    );
    assert_eq!(
        minutes(
            &events,
            &[("window", "1m"), ("group_by", "channel"), ("from", "2026-03-10")]
        )[..2],
        [
            expected("2026-03-10T01:00:00.000Z|web", 500),
            expected("2026-03-10T01:04:00.000Z|web", 500)
        ]
    );
    assert_eq!(total(&fold(&events), "net_minor"), 2_008);
}

#[test]
fn amounts_without_tax_have_no_reporting_columns() {
    let folded = fold(&[
        captured(1, "2026-03-10T00:00:00Z", "c", 1_100, "KRW"),
        taken(2, "2026-03-10T00:10:00Z", "PaymentRefunded", "r", "c", 110),
    ]);
    let answer = folded.ask::<Revenue>(&[("window", "month"), ("incl_tax", "false")]);
    let column = |name: &str| answer[0].columns.get(name).and_then(Value::as_i64);
    assert_eq!(answer[0].key, "2026-03|KRW");
    assert_eq!(
        (column("captured_minor"), column("refunded_minor")),
        (Some(1_000), Some(100))
    );
    assert_eq!(
        (column("net_minor"), column("reporting_minor")),
        (Some(900), None)
    );
}

#[test]
fn questions_that_do_not_make_sense_are_refused_by_name() {
    for (params, refused) in [
        (&[("table", "settlement"), ("window", "day")][..], "window"),
        (&[("settlement", "true"), ("failures", "true")], "settlement"),
        (&[("settlement", "true"), ("channel", "web")], "channel"),
        (&[("table", "seconds")], "table"),
        (&[("attribution", "net")], "attribution"),
        (&[("window", "2h")], "window"),
        (&[("window", "1m"), ("region", "KR")], "region"),
        (&[("window", "1m"), ("table", "rows")], "table"),
        (&[("window", "1h"), ("table", "minutes")], "window"),
        (&[("failures", "true"), ("currency", "KRW")], "currency"),
        (&[("failures", "yes")], "failures"),
        (&[("method", "cash")], "method"),
        (&[("group_by", "product")], "group_by"),
        (&[("date", "2026-03-10"), ("from", "2026-03-01")], "date"),
    ] {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(
            RevenueQuery::parse(&params).unwrap_err().name,
            refused,
            "{params:?}"
        );
    }
}
