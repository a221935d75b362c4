//! A steady rate of orders through the command API, whatever the answers take (open loop).

use std::time::{Duration, Instant};

use anyhow::Context as _;
use plimsoll::client::Client;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

/// Commands under way at once; more would only measure a queue of our own making.
const IN_FLIGHT_MAX: usize = 512;

/// A command that was accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepted {
    pub(super) position: u64,
    /// When the 202 had arrived.
    pub(super) at: Instant,
    /// How long after the start of the load it was sent.
    pub(super) after: Duration,
}

pub(super) async fn run(client: &Client, rate: u32, length: Duration) -> anyhow::Result<Vec<Accepted>> {
    let start = Instant::now();
    let places = std::sync::Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let mut tasks = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut number = 0_u64;
    while start.elapsed() < length {
        tick.tick().await;
        number += 1;
        let place = std::sync::Arc::clone(&places).acquire_owned().await?;
        let (client, after) = (client.clone(), start.elapsed());
        tasks.spawn(async move {
            let answer = client
                .command("orders", "PlaceOrder", &format!("bench-{number}"), &order(number))
                .await?;
            let at = Instant::now();
            drop(place);
            let position = answer["position"]
                .as_u64()
                .context("an answer without a position")?;
            anyhow::Ok(Accepted { position, at, after })
        });
    }
    let mut accepted = Vec::new();
    while let Some(done) = tasks.join_next().await {
        accepted.push(done??);
    }
    Ok(accepted)
}

/// An order of one line; 40 products, so that the answer has 40 rows.
pub(super) fn order(number: u64) -> Value {
    json!({
        "order_id": format!("B{number}"), "channel": "web", "region": "seoul", "currency": "KRW",
        "lines": [{
            "line_no": 1, "product_id": format!("P{}", number % 40), "category": "bench", "uom": "ea",
            "kind": "goods", "qty": 1, "unit_price_micros": 11_000_000_000_i64, "discount_minor": 0,
            "tax_minor": 1_000,
        }],
        "order_discount_minor": 0, "shipping_minor": 0,
    })
}
