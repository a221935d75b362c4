//! Random histories: out of order between streams, with too much taken back and with what is of nothing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{Actor, ImportedEvent};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json, value::to_raw_value};
use uuid::Uuid;

/// Random sales of two tenants over three weeks: orders, cancellations and returns out of order
/// between orders, too much taken back, orders that nobody placed.
pub(crate) fn sales(seed: u64, orders: usize) -> Vec<ImportedEvent> {
    let mut random = StdRng::seed_from_u64(seed);
    let streams = (0..orders)
        .map(|order| order_history(&mut random, seed, order))
        .collect();
    shuffled(&mut random, streams)
}

/// Random payments: captures, refunds and chargebacks, some too high, some of no capture.
pub(crate) fn payments(seed: u64, payments: usize) -> Vec<ImportedEvent> {
    let mut random = StdRng::seed_from_u64(seed);
    let streams = (0..payments)
        .map(|payment| payment_history(&mut random, seed, payment))
        .collect();
    shuffled(&mut random, streams)
}

/// Random calls: connected, held and not, ended or not.
pub(crate) fn calls(seed: u64, calls: usize) -> Vec<ImportedEvent> {
    let mut random = StdRng::seed_from_u64(seed);
    let streams = (0..calls)
        .map(|call| call_history(&mut random, seed, call))
        .collect();
    shuffled(&mut random, streams)
}

/// Streams keep their order; between them there is none.
fn shuffled(random: &mut StdRng, mut streams: Vec<Vec<ImportedEvent>>) -> Vec<ImportedEvent> {
    let mut all = Vec::new();
    while !streams.is_empty() {
        let chosen = random.random_range(0..streams.len());
        all.push(streams[chosen].remove(0));
        if streams[chosen].is_empty() {
            streams.swap_remove(chosen);
        }
    }
    all
}

fn order_history(random: &mut StdRng, seed: u64, order: usize) -> Vec<ImportedEvent> {
    let id = format!("O{seed}_{order}");
    let tenant = if random.random_bool(0.7) { "main" } else { "other" };
    let day = random.random_range(0..21);
    let placed_at = instant() + TimeDelta::minutes(day * 1_440 + random.random_range(0..1_440));
    let mut data: Vec<(&str, Value)> = Vec::new();
    if random.random_bool(0.95) {
        data.push(("OrderPlaced", placed(random, &id)));
    }
    for again in 0..random.random_range(0..4) {
        data.push(match random.random_range(0..3) {
            0 => ("OrderCancelled", json!({"order_id": id, "reason": "customer"})),
            1 => ("OrderLineCancelled", json!({"order_id": id, "line_no": 1, "qty": random.random_range(1..3), "reason": "customer"})),
            _ => ("ItemReturned", json!({
                "order_id": id, "return_id": format!("R{id}_{}", again / 2), "line_no": random.random_range(1..3), "qty": 1,
            })),
        });
    }
    if data.is_empty() {
        data.push(("OrderPlaced", placed(random, &id)));
    }
    stream_of(random, tenant, &format!("order-{id}"), placed_at, data)
}

fn payment_history(random: &mut StdRng, seed: u64, payment: usize) -> Vec<ImportedEvent> {
    let id = format!("Y{seed}_{payment}");
    let tenant = if random.random_bool(0.7) { "main" } else { "other" };
    let captured_at = instant() + TimeDelta::minutes(random.random_range(0..30_000));
    let captured = json!({
        "payment_id": id, "order_id": "O1", "capture_id": format!("C{id}"), "amount_minor": 1_000, "tax_minor": 90,
        "currency": "KRW", "method": "card", "channel": "web", "region": "seoul",
    });
    let mut data = Vec::new();
    if random.random_bool(0.95) {
        data.push(("PaymentCaptured", captured));
    }
    for again in 0..random.random_range(1..4) {
        let taken = json!({
            "payment_id": id, "refund_id": format!("F{id}_{}", again / 2), "chargeback_id": format!("B{id}_{again}"),
            "capture_id": format!("C{id}"), "amount_minor": 400, "tax_minor": 36, "currency": "KRW", "reason": "test",
        });
        data.push(match random.random_range(0..3) {
            0 => ("ChargebackOpened", taken),
            1 => (
                "PaymentDeclined",
                json!({"payment_id": id, "attempt": 1, "code": "no-funds", "reason": "test"}),
            ),
            _ => ("PaymentRefunded", taken),
        });
    }
    stream_of(random, tenant, &format!("payment-{id}"), captured_at, data)
}

fn call_history(random: &mut StdRng, seed: u64, call: usize) -> Vec<ImportedEvent> {
    let id = format!("L{seed}_{call}");
    let at = instant() + TimeDelta::seconds(random.random_range(0..1_500_000));
    let agent = format!("A{}", random.random_range(1..6));
    let leg = |ended: bool| {
        let mut leg = json!({"call_id": id, "segment_id": "S1"});
        leg[if ended { "ended_by" } else { "agent_id" }] = if ended {
            "caller".into()
        } else {
            agent.clone().into()
        };
        leg
    };
    let mut events = vec![("CallConnected", at, leg(false))];
    let held = json!({"call_id": id, "segment_id": "S1"});
    let mut then = at;
    for kind in ["CallHeld", "CallRetrieved", "CallEnded"] {
        then += TimeDelta::seconds(random.random_range(1..400));
        if random.random_bool(0.8) {
            events.push((
                kind,
                then,
                if kind == "CallEnded" {
                    leg(true)
                } else {
                    held.clone()
                },
            ));
        }
    }
    let stream = format!("call-{id}");
    let versions = events.into_iter().zip(1..);
    versions
        .map(|((kind, at, data), version)| imported("main", &stream, version, kind, at, &data))
        .collect()
}

/// Events of one stream, each some time after the first.
fn stream_of(
    random: &mut StdRng,
    tenant: &str,
    stream: &str,
    first_at: DateTime<Utc>,
    data: Vec<(&str, Value)>,
) -> Vec<ImportedEvent> {
    data.into_iter()
        .zip(1..)
        .map(|((kind, data), version)| {
            let after = TimeDelta::minutes(if version == 1 {
                0
            } else {
                random.random_range(1..9_000)
            });
            imported(tenant, stream, version, kind, first_at + after, &data)
        })
        .collect()
}

fn placed(random: &mut StdRng, id: &str) -> Value {
    let lines: Vec<Value> = (1..=random.random_range(1..4))
        .map(|line_no| {
            let (qty, price) = (random.random_range(1..5_i64), random.random_range(1..50_i64) * 100);
            json!({
                "line_no": line_no, "product_id": format!("P{}", random.random_range(1..20)), "category": "food",
                "uom": "ea", "kind": "goods", "qty": qty, "unit_price_micros": price * 1_000_000,
                "gross_minor": qty * price, "discount_minor": 0, "tax_minor": 0,
            })
        })
        .collect();
    let gross: i64 = lines
        .iter()
        .map(|line| line["gross_minor"].as_i64().unwrap())
        .sum();
    json!({
        "order_id": id, "channel": "web", "region": "seoul", "currency": "KRW", "lines": lines,
        "order_discount_minor": 10, "shipping_minor": 0, "total_minor": gross - 10,
    })
}

/// One envelope; its id is new.
pub(crate) fn imported(
    tenant: &str,
    stream: &str,
    version: u32,
    kind: &str,
    occurred_at: DateTime<Utc>,
    data: &Value,
) -> ImportedEvent {
    let schema = if kind == "OrderCancelled" { 2 } else { 1 };
    ImportedEvent {
        id: Uuid::now_v7(),
        tenant: tenant.parse().unwrap(),
        stream: stream.parse().unwrap(),
        version,
        event_type: kind.into(),
        schema,
        occurred_at,
        correlation_id: "test".to_owned(),
        causation_id: None,
        actor: Actor::system("test"),
        data: Arc::from(to_raw_value(data).unwrap()),
    }
}

/// When the random sales begin.
pub(crate) fn instant() -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse().unwrap()
}
