//! Readers that join the tail at any place while events are appended and relayed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use chrono::Utc;
use hdrhistogram::Histogram;
use plimsoll_contracts::{Event, Position};
use plimsoll_log::{Append, Expected, StreamWrite, Tail};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    head,
    setup::{Bed, stream, tenant},
};

/// Readers, one after the other, while the load runs.
const READERS: u32 = 20;
/// Appends at once: a load, not a flood, so that the delay means something.
const CALLERS: usize = 16;

/// What the readers saw.
pub(super) struct Joined {
    pub(super) readers: u32,
    pub(super) holes: u64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// Appends for a time; readers join further and further on and all read to the end.
pub(super) async fn join_under_load(
    bed: &Bed,
    time: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<Joined> {
    let tail = bed.log.tail(stop.clone());
    let first = head(bed).await?;
    let holes = AtomicU64::new(0);
    let load = async {
        append_for(bed, time).await?;
        head(bed).await
    };
    let end = std::sync::OnceLock::new();
    let delays = std::sync::Mutex::new(Histogram::<u64>::new(3)?);
    let loading = async {
        let last = load.await?;
        end.set(last).map_err(|_| anyhow::anyhow!("set once"))
    };
    let readers = (0..READERS).map(|number| {
        let (tail, holes, end, delays) = (tail.clone(), &holes, &end, &delays);
        async move {
            tokio::time::sleep(time * number / READERS).await;
            let behind = u64::from(number) * 5_000;
            let from = Position::new(first.get().saturating_sub(behind));
            read(&tail, from, end, holes, (number == 0).then_some(delays)).await
        }
    });
    let (loaded, read) = tokio::join!(loading, futures::future::try_join_all(readers));
    loaded?;
    read?;
    let delays = delays.into_inner().expect("no holder of the histogram panics");
    let ms =
        |quantile: f64| Duration::from_micros(delays.value_at_quantile(quantile)).as_secs_f64() * 1_000.0;
    Ok(Joined {
        readers: READERS,
        holes: holes.into_inner(),
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
    })
}

async fn append_for(bed: &Bed, time: Duration) -> anyhow::Result<()> {
    let started = Instant::now();
    let callers = (0..CALLERS).map(|_| async {
        while started.elapsed() < time {
            let write = StreamWrite {
                stream: stream(&Uuid::now_v7().to_string())?,
                expected: Expected::NoStream,
                events: vec![bed.event()],
            };
            let request = Append {
                tenant: tenant(),
                idempotency: None,
                writes: vec![write],
                note: None,
            };
            bed.log.append(request).await?;
        }
        anyhow::Ok(())
    });
    futures::future::try_join_all(callers).await.map(drop)
}

/// Reads until the end of the load, counting every position that is not the next one.
async fn read(
    tail: &Tail,
    from: Position,
    end: &std::sync::OnceLock<Position>,
    holes: &AtomicU64,
    delays: Option<&std::sync::Mutex<Histogram<u64>>>,
) -> anyhow::Result<()> {
    let mut reader = tail.reader(from);
    let mut last = from;
    while end.get().is_none_or(|end| last < *end) {
        let next = tokio::time::timeout(Duration::from_secs(1), reader.next_batch(1_000)).await;
        let Ok(batch) = next else { continue };
        for event in batch? {
            if event.position != last.next() {
                holes.fetch_add(1, Ordering::Relaxed);
            }
            last = event.position;
            if let Some(delays) = delays {
                let mut delays = delays.lock().expect("no holder of the histogram panics");
                delays.record(delay_us(&event))?;
            }
        }
    }
    Ok(())
}

/// From taking the command to reading its event.
fn delay_us(event: &Event) -> u64 {
    u64::try_from((Utc::now() - event.occurred_at).num_microseconds().unwrap_or(0)).unwrap_or(0)
}
