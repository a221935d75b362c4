//! Loading a stream: snapshots are only a cache, and every reader sees the newest schema.

use std::time::Duration;

use plimsoll_contracts::{Event, Position};
use plimsoll_log::{Expected, Filter, Fold, Log, SnapshotPolicy};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use tokio_util::sync::CancellationToken;

use crate::support::{Bed, append, event, fill, shipped, stream, tenant, until};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Seen<const SCHEMA: u16> {
    versions: Vec<u32>,
    schemas: Vec<u16>,
    /// Not in the events: shows whether the state came from a snapshot.
    #[serde(default)]
    folded_here: u32,
}

macro_rules! fold {
    ($schema:literal, $policy:expr) => {
        impl Fold for Seen<$schema> {
            const KIND: &'static str = "seen";
            const SCHEMA: u16 = $schema;
            const SNAPSHOT: SnapshotPolicy = $policy;

            fn evolve(&mut self, event: &Event) {
                self.versions.push(event.version);
                self.schemas.push(event.schema);
                self.folded_here += 1;
            }
        }
    };
}
fold!(1, SnapshotPolicy::every(10));
fold!(2, SnapshotPolicy::every(10));
fold!(
    3,
    SnapshotPolicy {
        max_age: Some(Duration::ZERO),
        ..SnapshotPolicy::NEVER
    }
);
fold!(
    4,
    SnapshotPolicy {
        on_types: &["OrderDelivered"],
        ..SnapshotPolicy::NEVER
    }
);
fold!(5, SnapshotPolicy::NEVER);

async fn load<const S: u16>(log: &Log) -> Vec<u32>
where
    Seen<S>: Fold,
{
    let loaded = log.load::<Seen<S>>(&tenant(), &stream("order-L1")).await.unwrap();
    assert_eq!(loaded.state.versions.last().copied().unwrap_or(0), loaded.version);
    loaded.state.versions
}

async fn snapshot_version(bed: &Bed) -> i32 {
    let row = sqlx::query("select coalesce(max(version), 0) from log.snapshots")
        .fetch_one(&bed.pool)
        .await
        .unwrap();
    row.get(0)
}

#[tokio::test]
async fn a_snapshot_is_taken_by_count_and_the_state_is_the_same_with_it() {
    let bed = Bed::new().await;
    assert!(load::<1>(&bed.log).await.is_empty());
    bed.log
        .append(append("order-L1", Expected::Any, shipped(9)))
        .await
        .unwrap();
    load::<1>(&bed.log).await;
    bed.log
        .append(append("order-L1", Expected::Any, shipped(3)))
        .await
        .unwrap();
    load::<1>(&bed.log).await;
    until("the snapshot is written", || async {
        snapshot_version(&bed).await == 12
    })
    .await;
    bed.log
        .append(append("order-L1", Expected::Any, shipped(2)))
        .await
        .unwrap();
    assert_eq!(load::<1>(&bed.log).await, (1..=14).collect::<Vec<u32>>());
    // A snapshot that is really used: one made wrong by hand shows in the state.
    sqlx::query("update log.snapshots set state = '{\"versions\":[12],\"schemas\":[]}'")
        .execute(&bed.pool)
        .await
        .unwrap();
    assert_eq!(load::<1>(&bed.log).await, vec![12, 13, 14]);
    assert_eq!(
        load::<2>(&bed.log).await,
        (1..=14).collect::<Vec<u32>>(),
        "another schema is ignored"
    );
}

#[tokio::test]
async fn a_snapshot_that_does_not_parse_is_ignored() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-L1", Expected::Any, shipped(10)))
        .await
        .unwrap();
    load::<1>(&bed.log).await;
    until("the snapshot is written", || async {
        snapshot_version(&bed).await == 10
    })
    .await;
    sqlx::query("update log.snapshots set state = '{\"versions\":true}'")
        .execute(&bed.pool)
        .await
        .unwrap();
    assert_eq!(load::<1>(&bed.log).await, (1..=10).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_snapshot_is_taken_by_age_and_by_event_type() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-L1", Expected::Any, shipped(2)))
        .await
        .unwrap();
    load::<4>(&bed.log).await;
    load::<5>(&bed.log).await;
    load::<3>(&bed.log).await;
    until("the snapshot by age is written", || async {
        snapshot_version(&bed).await == 2
    })
    .await;
    let delivered = vec![event("OrderDelivered", r#"{"order_id":"O1"}"#)];
    bed.log
        .append(append("order-L1", Expected::Any, delivered))
        .await
        .unwrap();
    load::<4>(&bed.log).await;
    until("the snapshot by type is written", || async {
        snapshot_version(&bed).await == 3
    })
    .await;
}

#[tokio::test]
async fn a_stream_longer_than_a_page_is_loaded_whole() {
    let bed = Bed::with(|mut options| {
        options.page_max_events = 50;
        options
    })
    .await;
    bed.log
        .append(append("order-L1", Expected::Any, shipped(250)))
        .await
        .unwrap();
    assert_eq!(load::<5>(&bed.log).await, (1..=250).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_page_stops_at_its_bound_on_bytes() {
    let bed = Bed::with(|mut options| {
        options.page_max_bytes = 10_000;
        options
    })
    .await;
    let big = format!("\"{}\"", "x".repeat(3_000));
    let events = (0..20).map(|_| event("OrderShipped", &big)).collect();
    bed.log
        .append(append("order-L1", Expected::Any, events))
        .await
        .unwrap();
    let page = bed
        .log
        .read_all(Position::ZERO, 100, &Filter::default())
        .await
        .unwrap();
    assert_eq!(
        (page.events.len(), page.next, page.more),
        (4, Position::new(4), true)
    );
    assert_eq!(load::<5>(&bed.log).await.len(), 20);
}

/// Load, feed, relay and tail all see schema 2 of an event that was written with schema 1.
#[tokio::test]
async fn every_reader_sees_the_newest_schema() {
    let bed = Bed::new().await;
    let stop = CancellationToken::new();
    let tail = bed.log.tail(stop.clone());
    let relay = tokio::spawn(bed.log.relay(stop.clone()));
    bed.log
        .append(append(
            "order-L1",
            Expected::Any,
            vec![event("OrderCancelled", r#"{"order_id":"O1"}"#)],
        ))
        .await
        .unwrap();
    let loaded = bed
        .log
        .load::<Seen<5>>(&tenant(), &stream("order-L1"))
        .await
        .unwrap();
    assert_eq!(loaded.state.schemas, vec![2]);
    let fed = bed
        .log
        .read_all(Position::ZERO, 10, &Filter::default())
        .await
        .unwrap();
    assert!(fed.events[0].schema == 2 && fed.events[0].data.get().contains("other"));
    let tailed = tail.reader(Position::ZERO).next_batch(10).await.unwrap();
    assert!(tailed[0].schema == 2 && tailed[0].data.get().contains("other"));
    let stored = sqlx::query("select schema, data::text from log.events")
        .fetch_one(&bed.pool)
        .await
        .unwrap();
    assert_eq!(
        (stored.get::<i32, _>(0), stored.get::<&str, _>(1)),
        (1, r#"{"order_id":"O1"}"#)
    );
    stop.cancel();
    relay.await.unwrap();
}

#[tokio::test]
async fn the_feed_filters_and_pages_without_losing_anything() {
    let bed = Bed::new().await;
    fill(&bed.log, 300, 10).await;
    bed.log
        .append(append(
            "order-L1",
            Expected::Any,
            vec![event("OrderDelivered", "{}")],
        ))
        .await
        .unwrap();
    let filter = Filter {
        tenant: Some(tenant()),
        types: vec!["OrderShipped".to_owned()],
    };
    let (mut after, mut seen) = (Position::ZERO, 0);
    loop {
        let page = bed.log.read_all(after, 70, &filter).await.unwrap();
        seen += page.events.len();
        after = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!((seen, after), (300, Position::new(301)));
    let other = Filter {
        tenant: Some("other".parse().unwrap()),
        types: Vec::new(),
    };
    assert!(
        bed.log
            .read_all(Position::ZERO, 70, &other)
            .await
            .unwrap()
            .events
            .is_empty()
    );
}
