//! Appends: in groups through the log, and one transaction each into a table of the same shape.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use plimsoll_contracts::ImportedEvent;
use plimsoll_log::{Append, Expected, Idempotency, StreamWrite};
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use super::{
    rate,
    setup::{Bed, stream, tenant},
};

/// Connections of the plain way: more than the log's own, and more than pays on a few cores.
const PLAIN_CONNECTIONS: u32 = 64;

/// Commands per second, each one event appended to a stream of its own.
pub(super) async fn grouped(
    bed: &Bed,
    concurrency: usize,
    time: Duration,
    keyed: bool,
) -> anyhow::Result<f64> {
    let (done, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let callers = (0..concurrency).map(|_| async {
        while started.elapsed() < time {
            let id = Uuid::now_v7().to_string();
            let request = Append {
                tenant: tenant(),
                idempotency: keyed.then(|| Idempotency {
                    key: id.clone(),
                    request_hash: [7; 32],
                }),
                writes: vec![StreamWrite {
                    stream: stream(&id)?,
                    expected: Expected::NoStream,
                    events: vec![bed.event()],
                }],
                note: None,
            };
            bed.log.append(request).await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        anyhow::Ok(())
    });
    futures::future::try_join_all(callers).await?;
    Ok(rate(done.load(Ordering::Relaxed), started.elapsed()))
}

/// The baseline: the same row and the same unique keys, positions from a sequence, one commit each.
pub(super) async fn plain(bed: &Bed, concurrency: usize, time: Duration) -> anyhow::Result<f64> {
    let pool = PgPoolOptions::new()
        .max_connections(PLAIN_CONNECTIONS)
        .connect(&bed.url)
        .await?;
    sqlx::query(include_str!("plain_table.sql"))
        .execute(&pool)
        .await?;
    warm(&pool).await?;
    let (done, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let callers = (0..concurrency).map(|_| async {
        while started.elapsed() < time {
            let event = bed.event();
            sqlx::query(include_str!("plain_insert.sql"))
                .bind(event.id)
                .bind(tenant().as_str())
                .bind(format!("order-{}", Uuid::now_v7()))
                .bind(&*event.event_type)
                .bind(event.occurred_at)
                .bind(&event.correlation_id)
                .bind(&event.actor.id)
                .bind(event.data.get())
                .execute(&pool)
                .await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        anyhow::Ok(())
    });
    futures::future::try_join_all(callers).await?;
    let figure = rate(done.load(Ordering::Relaxed), started.elapsed());
    pool.close().await;
    Ok(figure)
}

/// All connections are open before the clock runs.
async fn warm(pool: &PgPool) -> anyhow::Result<()> {
    let held = futures::future::try_join_all((0..PLAIN_CONNECTIONS).map(|_| pool.acquire())).await?;
    drop(held);
    Ok(())
}

/// Events per second of a bulk import.
pub(super) async fn import(bed: &Bed, events: usize) -> anyhow::Result<f64> {
    let mut version = 0;
    let started = Instant::now();
    for _ in 0..events / 2_500 {
        let mut batch = Vec::with_capacity(2_500);
        for _ in 0..100 {
            version += 1;
            for number in 0..25 {
                batch.push(line(bed, number, version)?);
            }
        }
        bed.log.import(batch).await?;
    }
    Ok(rate((events / 2_500 * 2_500) as u64, started.elapsed()))
}

fn line(bed: &Bed, number: u32, version: u32) -> anyhow::Result<ImportedEvent> {
    let event = bed.event();
    Ok(ImportedEvent {
        id: event.id,
        tenant: tenant(),
        stream: stream(&format!("import{number}"))?,
        version,
        event_type: event.event_type,
        schema: event.schema,
        occurred_at: event.occurred_at,
        correlation_id: event.correlation_id,
        causation_id: None,
        actor: event.actor,
        data: event.data,
    })
}
