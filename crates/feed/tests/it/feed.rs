//! What is published arrives in order, whole or marked as incomplete; what may be lost is said.

use std::time::Duration;

use futures::StreamExt;
use plimsoll_contracts::{Position, TenantId};
use plimsoll_devstack::{Source, Stack, StackOptions, shared_for_tests, unique_name};
use plimsoll_feed::{
    Change, FeedItem, FeedOptions, Publisher, RowChange, Subscriber, Subscription, TenantChange,
};
use serde_json::value::RawValue;

const PATIENCE: Duration = Duration::from_secs(30);

fn change(position: u64, body_bytes: usize) -> Change {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(body_bytes));
    Change {
        view: "sales-volume".to_owned(),
        epoch: "k3f9".parse().unwrap(),
        version: 1,
        base: Position::new(position - 1),
        position: Position::new(position),
        as_of: "2026-03-01T00:00:00Z".parse().unwrap(),
        complete: true,
        tenants: vec![TenantChange {
            tenant: TenantId::main(),
            meta: None,
            rows: vec![RowChange {
                table: "rows".to_owned(),
                key: "A".to_owned(),
                position: Position::new(position),
                revision: 0,
                body: Some(RawValue::from_string(body).unwrap()),
            }],
        }],
    }
}

async fn both(options: FeedOptions) -> (Publisher, Subscription) {
    let subscriber = Subscriber::connect(options.clone()).await.unwrap();
    let mut changes = subscriber.subscribe("sales-volume").await.unwrap();
    let (publisher, sending) = Publisher::connect(options).await.unwrap();
    tokio::spawn(sending);
    assert!(
        matches!(next(&mut changes).await, FeedItem::Lost),
        "what was before is unknown"
    );
    // Both are connected when something is heard.
    loop {
        publisher.publish(&change(1, 1));
        let heard = tokio::time::timeout(Duration::from_millis(100), changes.next()).await;
        if let Ok(Some(FeedItem::Change(_))) = heard {
            return (publisher, changes);
        }
    }
}

async fn next(changes: &mut Subscription) -> FeedItem {
    tokio::time::timeout(PATIENCE, changes.next())
        .await
        .unwrap()
        .unwrap()
}

/// The next change, whatever was said about losses before it.
async fn next_change(changes: &mut Subscription) -> Change {
    loop {
        if let FeedItem::Change(change) = next(changes).await
            && change.position > Position::new(1)
        {
            return change;
        }
    }
}

#[tokio::test]
async fn changes_arrive_in_order_and_too_big_ones_without_rows() {
    let servers = shared_for_tests().await.unwrap();
    let options = FeedOptions::new(&servers.nats_url).with_prefix(unique_name("feed"));
    let (publisher, mut changes) = both(options).await;
    publisher.publish(&change(2, 10));
    publisher.publish(&change(3, 8 << 20));
    publisher.publish(&change(4, 10));
    let arrived = [
        next_change(&mut changes).await,
        next_change(&mut changes).await,
        next_change(&mut changes).await,
    ];
    assert_eq!(arrived.each_ref().map(|change| change.position.get()), [2, 3, 4]);
    assert_eq!(
        arrived.each_ref().map(|change| change.complete),
        [true, false, true]
    );
    assert_eq!(arrived.each_ref().map(|change| change.tenants.len()), [1, 0, 1]);
}

/// Seen to fail when the event callback does not count disconnections.
#[tokio::test]
async fn a_server_that_goes_away_is_said_to_have_lost_messages_and_never_blocks_the_publisher() {
    let scratch = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let options = StackOptions {
        cache_dir: Some(scratch.join("../devstack/servers")),
        postgres: Source::Absent,
        redis: Source::Absent,
        ..StackOptions::temporary(scratch.join(unique_name("feed")))
    };
    let stack = Stack::start(options, |_| ()).await.unwrap();
    let (publisher, mut changes) = both(FeedOptions::new(stack.nats_url())).await;
    stack.nats().unwrap().kill9().await.unwrap();
    for position in 1..10_000 {
        publisher.publish(&change(position, 1_000));
    }
    stack.nats().unwrap().restart().await.unwrap();
    assert!(matches!(next(&mut changes).await, FeedItem::Lost));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        publisher.publish(&change(20_000, 10));
        let heard = tokio::time::timeout(Duration::from_millis(200), changes.next()).await;
        // What was queued when the server went away may still arrive before it.
        if let Ok(Some(FeedItem::Change(change))) = heard
            && change.position == Position::new(20_000)
        {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the feed never came back");
    }
    stack.stop().await.unwrap();
}
