//! `revenue`: refunds in the hour of their capture (R-R2), and settlement batches against what is
//! known here.

use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{Revenue, revenue::RevenueRows};
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, shuffles};

fn payment(number: u64, at: &str, name: &str, data: &Value) -> ImportedEvent {
    let stream = format!("payment-{}", data["payment_id"].as_str().unwrap());
    event(number, &stream, at.parse().unwrap(), name, data)
}

fn captured(number: u64, at: &str, payment_id: &str, amount: i64) -> ImportedEvent {
    let data = json!({
        "payment_id": payment_id, "order_id": "O", "capture_id": "c", "amount_minor": amount, "tax_minor": 0,
        "currency": "KRW", "method": "card", "channel": "web", "region": "KR",
    });
    payment(number, at, "PaymentCaptured", &data)
}

fn refunded(number: u64, at: &str, payment_id: &str, amount: i64) -> ImportedEvent {
    let data = json!({
        "payment_id": payment_id, "refund_id": "r", "capture_id": "c", "amount_minor": amount, "tax_minor": 0,
        "currency": "KRW",
    });
    payment(number, at, "PaymentRefunded", &data)
}

/// A batch of (payment, capture?, refund?, amount); each line costs a fee of 10.
fn batch(
    number: u64,
    batch_id: &str,
    settled_on: &str,
    lines: &[(&str, Option<&str>, Option<&str>, i64)],
) -> ImportedEvent {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(payment_id, capture_id, refund_id, amount)| {
            json!({
                "payment_id": payment_id, "capture_id": capture_id, "refund_id": refund_id, "amount_minor": amount,
                "fee_minor": 10,
            })
        })
        .collect();
    let data = json!({"batch_id": batch_id, "settled_on": settled_on, "currency": "KRW", "lines": lines});
    let at = format!("{settled_on}T20:00:00Z").parse().unwrap();
    event(
        number,
        &format!("settlement-{batch_id}"),
        at,
        "SettlementReceived",
        &data,
    )
}

fn fold(events: &[ImportedEvent]) -> Folded<RevenueRows> {
    fold_in_memory::<Revenue>(&TenantConfig::default(), &at_positions(events))
}

/// Key, then matched, missing here, missing there, amount differs.
fn settlements(folded: &Folded<RevenueRows>) -> Vec<(String, [i64; 4])> {
    let columns = ["matched", "missing_here", "missing_there", "amount_differs"];
    folded
        .ask::<Revenue>(&[("settlement", "true")])
        .iter()
        .map(|row| {
            let counts = columns.map(|column| row.columns[column].as_i64().unwrap());
            (row.key.clone(), counts)
        })
        .collect()
}

fn case() -> Vec<ImportedEvent> {
    vec![
        captured(1, "2026-03-09T01:00:00Z", "p1", 1_000),
        captured(2, "2026-03-09T02:00:00Z", "p2", 2_000),
        captured(3, "2026-03-09T03:00:00Z", "p3", 3_000),
        refunded(4, "2026-03-10T03:00:00Z", "p3", 500),
        captured(5, "2026-03-12T01:00:00Z", "p4", 4_000),
        batch(
            6,
            "B1",
            "2026-03-10",
            &[
                ("p1", Some("c"), None, 1_000),
                ("p2", Some("c"), None, 1_990),
                ("p9", Some("c"), None, 77),
                ("p1", Some("c"), None, 1_000),
            ],
        ),
    ]
}

#[test]
fn settlement_says_what_matches_what_differs_and_what_is_missing_on_either_side() {
    let folded = fold(&case());
    // p3's capture and refund are in no batch; p4 was captured behind the last one.
    assert_eq!(
        settlements(&folded),
        [("2026-03-10|B1|KRW".to_owned(), [1, 2, 2, 1])]
    );
    let row = &folded.ask::<Revenue>(&[("settlement", "true"), ("batch_id", "B1")])[0];
    let amounts = [
        "lines",
        "settled_minor",
        "fee_minor",
        "missing_here_minor",
        "missing_there_minor",
        "difference_minor",
    ];
    let amounts = amounts.map(|column| row.columns[column].as_i64().unwrap());
    assert_eq!(amounts, [4, 4_067, 40, 1_077, 2_500, -10]);
}

#[test]
fn settlement_of_a_later_batch_takes_what_was_missing_there() {
    let mut events = case();
    // A line without capture or refund is about the payment as a whole.
    events.push(batch(
        7,
        "B2",
        "2026-03-13",
        &[("p3", None, None, 2_500), ("p4", Some("c"), None, 4_000)],
    ));
    assert_eq!(
        settlements(&fold(&events)),
        [
            ("2026-03-10|B1|KRW".to_owned(), [1, 2, 0, 1]),
            ("2026-03-13|B2|KRW".to_owned(), [2, 0, 0, 0]),
        ]
    );
}

#[test]
fn settlement_batches_and_payments_may_come_in_any_order() {
    let mut events = case();
    events.push(batch(7, "B0", "2026-03-09", &[("p2", Some("c"), None, 2_000)]));
    events.push(batch(8, "B2", "2026-03-13", &[("p3", None, Some("r"), -500)]));
    events.push(batch(9, "B2", "2026-03-13", &[("p4", Some("c"), None, 4_000)]));
    let straight = fold(&events);
    for (seed, shuffled) in (0..).zip(shuffles(&events, |_| false)) {
        let folded = fold_in_memory::<Revenue>(&TenantConfig::default(), &shuffled);
        assert_eq!(folded.order_free(), straight.order_free());
        let live = fold_in_batches::<Revenue>(&TenantConfig::default(), &shuffled, &mut Rng::new(seed));
        assert_eq!(live, folded);
    }
}

#[test]
fn settlement_of_a_failed_refund_is_not_waited_for() {
    let mut events = case();
    let failed = json!({"payment_id": "p3", "refund_id": "r", "code": "x"});
    events.push(payment(7, "2026-03-11T00:00:00Z", "PaymentRefundFailed", &failed));
    assert_eq!(settlements(&fold(&events))[0].1, [1, 2, 1, 1]);
}

#[test]
fn r_r2_under_cohort_a_refund_is_in_the_hour_of_its_capture_and_the_totals_are_equal() {
    let folded = fold(&case());
    let by_day = |attribution: &str| -> Vec<(String, i64, i64)> {
        let params = [("window", "day"), ("attribution", attribution)];
        let rows = folded.ask::<Revenue>(&params);
        rows.iter()
            .map(|row| {
                let column = |name: &str| row.columns[name].as_i64().unwrap();
                (row.key.clone(), column("refunded_minor"), column("net_minor"))
            })
            .collect()
    };
    assert_eq!(
        by_day("activity"),
        [
            ("2026-03-09|KRW".to_owned(), 0, 6_000),
            ("2026-03-10|KRW".to_owned(), 500, -500),
            ("2026-03-12|KRW".to_owned(), 0, 4_000),
        ]
    );
    assert_eq!(
        by_day("cohort"),
        [
            ("2026-03-09|KRW".to_owned(), 500, 5_500),
            ("2026-03-12|KRW".to_owned(), 0, 4_000),
        ]
    );
}
