//! A steady rate of orders through the command API, whatever the answers take (open loop).

use std::time::{Duration, Instant};

use anyhow::Context as _;
use plimsoll::client::Client;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

/// Commands under way at once; more would only measure a queue of our own making.
const IN_FLIGHT_MAX: usize = 512;

/// A command that was accepted.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) position: u64,
    /// Its order's product.
    pub(super) product: String,
    /// When it was due to be sent.
    pub(super) sent: Instant,
    /// When the 202 had arrived.
    pub(super) at: Instant,
    /// How long after the start of the load that was.
    pub(super) after: Duration,
}

pub(super) async fn run(client: &Client, rate: u32, length: Duration) -> anyhow::Result<Vec<Accepted>> {
    let start = Instant::now();
    let places = std::sync::Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let mut tasks = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut number = 0_u64;
    while start.elapsed() < length {
        // What is due is sent late when too much is under way; the wait is part of its time.
        let sent = tick.tick().await.into_std();
        number += 1;
        let place = std::sync::Arc::clone(&places).acquire_owned().await?;
        let (client, after) = (client.clone(), sent.saturating_duration_since(start));
        tasks.spawn(async move {
            let id = Uuid::now_v7().simple().to_string();
            let answer = client
                .command("orders", "PlaceOrder", &id, &order(&id, number))
                .await?;
            let at = Instant::now();
            drop(place);
            let position = answer["position"]
                .as_u64()
                .context("an answer without a position")?;
            anyhow::Ok(Accepted {
                position,
                product: product(number),
                sent,
                at,
                after,
            })
        });
    }
    let mut accepted = Vec::new();
    while let Some(done) = tasks.join_next().await {
        accepted.push(done??);
    }
    Ok(accepted)
}

/// The product of an order, or of a socket's question: one of 40, so that an answer has 40 rows.
pub(super) fn product(number: u64) -> String {
    format!("P{}", number % 40)
}

/// An order of one line.
fn order(id: &str, number: u64) -> Value {
    json!({
        "order_id": id, "channel": "web", "region": "seoul", "currency": "KRW",
        "lines": [{
            "line_no": 1, "product_id": product(number), "category": "bench", "uom": "ea",
            "kind": "goods", "qty": 1, "unit_price_micros": 11_000_000_000_i64, "discount_minor": 0,
            "tax_minor": 1_000,
        }],
        "order_discount_minor": 0, "shipping_minor": 0,
    })
}
