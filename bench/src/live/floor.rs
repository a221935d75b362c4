//! What no design gets below: one commit, one publish, one delivery over loopback, one at a time
//! on the same servers.

use std::time::Instant;

use anyhow::Context as _;
use futures::StreamExt as _;
use hdrhistogram::Histogram;
use plimsoll::house::Addresses;
use sqlx::Connection as _;

/// Rounds measured.
const ROUNDS: usize = 500;

/// Microseconds from the start of a commit to the arrival of its message.
pub(super) async fn measure(addresses: &Addresses) -> anyhow::Result<Histogram<u64>> {
    let mut postgres = sqlx::PgConnection::connect(&addresses.postgres_url).await?;
    sqlx::query(include_str!("floor_table.sql"))
        .execute(&mut postgres)
        .await?;
    let nats = async_nats::connect(&addresses.nats_url).await?;
    let mut messages = nats.subscribe("bench.floor").await?;
    nats.flush().await?;
    let mut histogram = super::histogram()?;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        sqlx::query(include_str!("floor_insert.sql"))
            .execute(&mut postgres)
            .await?;
        nats.publish("bench.floor", "1".into()).await?;
        nats.flush().await?;
        messages.next().await.context("the message did not arrive")?;
        histogram.record(super::micros(start.elapsed()))?;
    }
    Ok(histogram)
}
