//! `revenue`: what holds for any payments and rates.

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::{ImportedEvent, TenantConfig, rows::RevenueMeasures};
use plimsoll_views::{Revenue, revenue::RevenueRows};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, shuffles};

#[derive(Debug, Clone)]
struct Payment {
    minute: i64,
    dollars: bool,
    amount: i64,
    then: Vec<(i64, Then)>,
}

#[derive(Debug, Clone)]
enum Then {
    Captured(u8, i64),
    Refunded(u8, u8, i64),
    RefundFailed(u8),
    ChargedBack(u8, u8, i64),
    Reversed(u8),
    Lost(u8),
    Declined,
}

fn payments() -> impl Strategy<Value = Vec<Payment>> {
    let id = || 0..3_u8;
    let then = prop_oneof![
        1 => (id(), 1..900_i64).prop_map(|(id, amount)| Then::Captured(id, amount)),
        4 => (id(), id(), 1..600_i64).prop_map(|(id, of, amount)| Then::Refunded(id, of, amount)),
        2 => id().prop_map(Then::RefundFailed),
        3 => (id(), id(), 1..900_i64).prop_map(|(id, of, amount)| Then::ChargedBack(id, of, amount)),
        2 => id().prop_map(Then::Reversed),
        1 => id().prop_map(Then::Lost),
        1 => Just(Then::Declined),
    ];
    let payment = (
        0..5_000_i64,
        any::<bool>(),
        1..1_000_i64,
        prop::collection::vec((-100..5_000_i64, then), 0..8),
    );
    let payment = payment.prop_map(|(minute, dollars, amount, then)| Payment {
        minute,
        dollars,
        amount,
        then,
    });
    prop::collection::vec(payment, 1..5)
}

/// Rates as (day of March, micros); they are published at any time.
fn rates() -> impl Strategy<Value = Vec<(u8, i64)>> {
    prop::collection::vec((1..9_u8, 900_000_000..1_500_000_000_i64), 0..4)
}

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
}

fn events(payments: &[Payment], rates: &[(u8, i64)]) -> Vec<ImportedEvent> {
    let mut events: Vec<ImportedEvent> = Vec::new();
    let mut add = |stream: &str, minute: i64, name: &str, data: &Value| {
        let count = events.len() as u64 + 1;
        events.push(event(count, stream, at(minute), name, data));
    };
    for (number, payment) in payments.iter().enumerate() {
        let (id, stream) = (format!("P{number}"), format!("payment-P{number}"));
        let currency = if payment.dollars { "USD" } else { "KRW" };
        let captured = |capture: u8, amount: i64| {
            json!({
                "payment_id": id, "order_id": "O", "capture_id": format!("c{capture}"), "amount_minor": amount,
                "tax_minor": amount / 11, "currency": currency, "method": "card", "channel": "web", "region": "KR",
            })
        };
        let taken = |key: &str, taking: u8, capture: u8, amount: i64| {
            json!({
                "payment_id": id, key: format!("t{taking}"), "capture_id": format!("c{capture}"),
                "amount_minor": amount, "tax_minor": amount / 11, "currency": currency, "reason": "",
            })
        };
        add(
            &stream,
            payment.minute,
            "PaymentCaptured",
            &captured(0, payment.amount),
        );
        for (later, then) in &payment.then {
            let (name, data) = match then {
                Then::Captured(capture, amount) => ("PaymentCaptured", captured(*capture, *amount)),
                Then::Refunded(id, of, amount) => ("PaymentRefunded", taken("refund_id", *id, *of, *amount)),
                Then::ChargedBack(id, of, amount) => {
                    ("ChargebackOpened", taken("chargeback_id", *id, *of, *amount))
                }
                Then::RefundFailed(refund) => (
                    "PaymentRefundFailed",
                    json!({"payment_id": id, "refund_id": format!("t{refund}"), "code": "x"}),
                ),
                Then::Reversed(chargeback) => (
                    "ChargebackReversed",
                    json!({"payment_id": id, "chargeback_id": format!("t{chargeback}")}),
                ),
                Then::Lost(chargeback) => (
                    "ChargebackLost",
                    json!({"payment_id": id, "chargeback_id": format!("t{chargeback}")}),
                ),
                Then::Declined => (
                    "PaymentDeclined",
                    json!({"payment_id": id, "attempt": 1, "code": "51", "reason": ""}),
                ),
            };
            add(&stream, payment.minute + later, name, &data);
        }
    }
    for (number, (day, micros)) in (0..).zip(rates) {
        let data = json!({
            "base": "USD", "quote": "KRW", "rate_micros": micros, "effective_from": format!("2026-03-{day:02}"),
        });
        add("fxrate-USDKRW", number * 700, "FxRatePublished", &data);
    }
    events
}

fn fold(events: &[ImportedEvent]) -> Folded<RevenueRows> {
    fold_in_memory::<Revenue>(&TenantConfig::default(), &at_positions(events))
}

fn cells(folded: &Folded<RevenueRows>) -> Vec<RevenueMeasures> {
    let cells = folded.rows.values().filter_map(|stored| match &stored.row {
        RevenueRows::Cell(row) => Some(row.measures),
        _ => None,
    });
    cells.collect()
}

fn sum(folded: &Folded<RevenueRows>, column: fn(&RevenueMeasures) -> i64) -> i64 {
    cells(folded).iter().map(column).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r_i_a_payment_never_gives_back_more_than_it_took(payments in payments()) {
        for payment in &payments {
            let alone = fold(&events(std::slice::from_ref(payment), &[]));
            prop_assert!(sum(&alone, |m| m.net_minor) >= 0);
        }
        for m in cells(&fold(&events(&payments, &[]))) {
            let net = m.captured_minor - m.refunded_minor - m.chargeback_minor + m.chargeback_reversed_minor;
            let tax = m.captured_tax_minor - m.refunded_tax_minor - m.chargeback_tax_minor
                + m.chargeback_reversed_tax_minor;
            prop_assert_eq!((m.net_minor, m.net_supply_minor), (net, net - tax));
        }
    }

    #[test]
    fn r_i_hours_sum_to_days_and_payments_to_rows(payments in payments(), rates in rates()) {
        let all = fold(&events(&payments, &rates));
        let net = |params: &[(&str, &str)]| -> i64 {
            let rows = all.ask::<Revenue>(params);
            rows.iter().map(|row| row.columns["net_minor"].as_i64().unwrap()).sum()
        };
        let days = net(&[("window", "day")]);
        prop_assert_eq!(net(&[("window", "1h")]), days);
        prop_assert_eq!(net(&[("window", "week")]), days);
        prop_assert_eq!(net(&[("window", "month"), ("group_by", "channel")]), days);
        let columns: [fn(&RevenueMeasures) -> i64; 4] =
            [|m| m.net_minor, |m| m.reporting_minor, |m| m.fx_minor, |m| m.reporting_missing];
        for column in columns {
            let alone = payments.iter().map(|payment| {
                sum(&fold(&events(std::slice::from_ref(payment), &rates)), column)
            });
            prop_assert_eq!(alone.sum::<i64>(), sum(&all, column));
        }
    }

    #[test]
    fn r_r2_both_attributions_have_equal_totals(payments in payments(), rates in rates()) {
        let all = fold(&events(&payments, &rates));
        let totals = |attribution: &str| -> Vec<serde_json::Map<String, Value>> {
            let params = [("group_by", "currency"), ("attribution", attribution)];
            all.ask::<Revenue>(&params).into_iter().map(|row| row.columns).collect()
        };
        prop_assert_eq!(totals("activity"), totals("cohort"));
    }

    #[test]
    fn r_r5_a_day_to_its_end_is_the_day_and_the_seconds_sum_to_it(payments in payments()) {
        let all = fold(&events(&payments, &[]));
        let later = at(30 * 24 * 60);
        for day in all.ask::<Revenue>(&[("window", "day")]) {
            let date = day.columns["business_date"].as_str().unwrap().to_owned();
            let currency = day.columns["currency"].as_str().unwrap().to_owned();
            let params = [("date", date.as_str()), ("currency", currency.as_str()), ("to_date", "day")];
            let rows = all.ask_at::<Revenue>(&params, later);
            for column in ["captured_minor", "refunds", "net_minor", "net_supply_minor", "reporting_minor"] {
                prop_assert_eq!(&rows[0].columns[column], &day.columns[column], "{} {}", day.key, column);
            }
        }
    }

    #[test]
    fn g4_any_order_and_any_batches_give_the_same_rows(
        payments in payments(), rates in rates(), seed in any::<u64>(),
    ) {
        let (config, events) = (TenantConfig::default(), events(&payments, &rates));
        let straight = fold(&events);
        for shuffled in shuffles(&events, |_| false).take(3) {
            let folded = fold_in_memory::<Revenue>(&config, &shuffled);
            prop_assert_eq!(folded.order_free(), straight.order_free());
            let live = fold_in_batches::<Revenue>(&config, &shuffled, &mut Rng::new(seed));
            prop_assert_eq!(live, folded);
        }
    }
}
