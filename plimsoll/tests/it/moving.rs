//! Answers that move with the clock, on a socket and over HTTP, while no event comes.

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{ImportedEvent, time};
use reqwest::Method;
use serde_json::json;

use crate::{
    rig::{Rig, import, rows},
    socket::Watcher,
};

fn captured(number: u128, at: DateTime<Utc>, amount: i64) -> ImportedEvent {
    let payment = format!("moving-{number}");
    let envelope = json!({
        "id": uuid::Uuid::from_u128(0x_a110_0000 + number), "tenant": "moving",
        "stream": format!("payment-{payment}"), "version": 1, "type": "PaymentCaptured", "schema": 1,
        "occurred_at": time::format(at), "correlation_id": "C1", "actor": {"kind": "system", "id": "test"},
        "data": {
            "payment_id": payment, "order_id": "O", "capture_id": "c", "amount_minor": amount, "tax_minor": 0,
            "currency": "KRW", "method": "card", "channel": "web", "region": "KR",
        },
    });
    serde_json::from_str(&envelope.to_string()).unwrap()
}

/// R-R1: a posting enters a sliding window by its event, and leaves it by time alone.
#[tokio::test(flavor = "multi_thread")]
async fn r_r1_a_sliding_window_moves_without_events() {
    let rig = Rig::start();
    let client = rig.client("moving").await;
    let question = [("sliding_s", "10")];
    let long_ago = captured(1, Utc::now() - TimeDelta::seconds(600), 7);
    let position = import(&client, &[long_ago]).await;
    let mut watcher = Watcher::open(&rig, "moving", "revenue", &question).await;
    watcher.reach(position).await;
    let start = Utc::now();
    let events = [
        captured(2, start, 100),
        captured(3, start + TimeDelta::seconds(8), 20),
    ];
    let position = import(&client, &events).await;
    let net = |rows: &std::collections::BTreeMap<String, serde_json::Value>| {
        rows.get("KRW").and_then(|row| row["net_minor"].as_i64())
    };
    watcher.see(|rows| net(rows) == Some(100)).await;
    // The tag of an answer tells it from the one of a moment later at the same position.
    let path = "/v1/views/revenue?sliding_s=10";
    let tag = |response: &reqwest::Response| response.headers()["etag"].clone();
    let first = client.request(Method::GET, path).send().await.unwrap();
    let first = tag(&first);
    watcher.see(|rows| net(rows) == Some(120)).await;
    watcher.see(|rows| net(rows) == Some(20)).await;
    watcher.see(|rows| rows.is_empty()).await;
    let waited = Utc::now() - start;
    assert!(waited >= TimeDelta::seconds(17), "gone too early: {waited}");
    assert_eq!(watcher.have, position, "nothing was appended meanwhile");
    let answer = rows(&client, "revenue", &question, position).await;
    assert_eq!(answer["rows"], json!([]));
    let same = client
        .request(Method::GET, path)
        .header("if-none-match", first)
        .send()
        .await
        .unwrap();
    assert_eq!(same.status(), 200);
}
