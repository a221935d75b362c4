//! Invariants 3 and 8: what is shown is a fold of the log, whatever happened on the way.

use std::time::Duration;

use futures::StreamExt;
use plimsoll_contracts::Position;
use plimsoll_feed::FeedItem;
use plimsoll_views::{CallTime, Revenue, SalesVolume, View};
use serde_json::json;

use crate::{
    random::{calls, imported, instant, payments, sales},
    support::{Bed, PATIENCE, SALES, eventually, status},
};

/// Seen to fail when `Folder::load` says "does not exist" without asking the store (rows of orders
/// that were evicted start again at zero), and when a late event is applied instead of refolded.
#[tokio::test]
async fn live_rows_equal_a_fresh_fold_whatever_the_batch_and_however_little_is_kept_in_memory() {
    let bed = Bed::new().await;
    for (seed, batch, kept) in [(1, 1, 0), (2, 7, 50), (3, 2_000, 100_000)] {
        let process = bed
            .project(|options| {
                options.batch_max_events = batch;
                options.workspace_max_entries = kept;
                options.workspace_max_tenants = if kept == 0 { 1 } else { 1_000 };
            })
            .await;
        let end = bed.import(&sales(seed, 60)).await;
        bed.reached(SALES, end).await;
        process.stop().await;
        let shown = bed.assert_right::<SalesVolume>().await;
        assert!(
            shown.values().any(|(_, revision, _)| *revision > 0),
            "no figure was restated"
        );
        assert!(
            shown.keys().any(|(_, table, _)| table == "parked"),
            "nothing was parked"
        );
    }
}

/// The same for the other views, and for the same log in two stores of different kinds.
#[tokio::test]
async fn every_view_equals_a_fresh_fold_when_memory_is_short() {
    let bed = Bed::new().await;
    let process = bed
        .project(|options| {
            options.batch_max_events = 11;
            options.workspace_max_entries = 20;
        })
        .await;
    bed.import(&payments(5, 60)).await;
    let end = bed.import(&calls(6, 60)).await;
    bed.reached(Revenue::NAME, end).await;
    bed.reached(CallTime::NAME, end).await;
    process.stop().await;
    assert!(
        bed.assert_right::<Revenue>()
            .await
            .keys()
            .any(|(_, table, _)| table == "rows")
    );
    assert!(
        bed.assert_right::<CallTime>()
            .await
            .keys()
            .any(|(_, table, _)| table == "agents")
    );
}

/// Seen to fail when the checkpoint is committed apart from the rows (then the stopped batch is
/// counted twice, or lost).
#[tokio::test]
async fn workers_that_vanish_anywhere_count_nothing_twice_and_lose_nothing() {
    let bed = Bed::new().await;
    let mut end = Position::ZERO;
    for seed in 10..15 {
        let process = bed
            .project(|options| {
                options.batch_max_events = 3;
                options.lease_ttl = Duration::from_millis(300);
                options.lease_renewal = Duration::from_millis(100);
            })
            .await;
        end = bed.import(&sales(seed, 20)).await;
        eventually("it has begun", || async {
            bed.stores
                .head(SALES)
                .await
                .is_ok_and(|head| head.position > Position::ZERO)
        })
        .await;
        // Like kill -9: its connections break in the middle of whatever it does.
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'plimsoll-store'",
        )
        .execute(&bed.pool)
        .await
        .unwrap();
        drop(process);
    }
    let process = bed.project(|_| ()).await;
    bed.reached(SALES, end).await;
    process.stop().await;
    bed.assert_right::<SalesVolume>().await;
}

/// Seen to fail when `fold_or_park` returns at the first unreadable event: nothing after it shows.
#[tokio::test]
async fn an_event_that_cannot_be_read_holds_back_its_stream_and_no_other() {
    let bed = Bed::new().await;
    let process = bed.project(|_| ()).await;
    let broken = json!({"order_id": "X", "lines": "none"});
    let cancel = json!({"order_id": "X", "reason": "customer"});
    bed.import(&[
        imported("main", "order-X", 1, "OrderPlaced", instant(), &broken),
        imported("main", "order-X", 2, "OrderCancelled", instant(), &cancel),
    ])
    .await;
    let end = bed.import(&sales(20, 30)).await;
    bed.reached(SALES, end).await;
    let shown = bed.assert_right::<SalesVolume>().await;
    let (_, _, parked) = &shown[&(
        "main".to_owned(),
        "parked".to_owned(),
        "stream/order-X".to_owned(),
    )];
    assert!(parked.contains("Unreadable"), "{parked}");
    assert!(shown.keys().any(|(_, table, _)| table == "rows"));
    eventually("the parked events are counted", || async {
        status(&process, SALES, 1)
            .await
            .is_some_and(|status| status.parked_keys >= 2)
    })
    .await;
    process.stop().await;
}

/// Invariant 8 where the store is the one that cannot: seen to fail when a refused commit is tried
/// again as it was, the view then stands still for ever and says that it is catching up.
#[tokio::test]
async fn an_event_that_the_store_refuses_holds_back_its_stream_and_no_other() {
    let bed = Bed::new().await;
    let process = bed.project(|_| ()).await;
    bed.reached(SALES, Position::ZERO).await;
    sqlx::query("alter table sales_volume_1.rows add check (product_id <> 'P_refused')")
        .execute(&bed.pool)
        .await
        .unwrap();
    let order = json!({
        "order_id": "X", "channel": "web", "region": "KR", "currency": "KRW", "order_discount_minor": 0,
        "shipping_minor": 0, "total_minor": 1, "lines": [{"line_no": 1, "product_id": "P_refused", "category": "C", "uom": "ea",
        "kind": "goods", "qty": 1, "unit_price_micros": 1_000_000, "gross_minor": 1, "discount_minor": 0, "tax_minor": 0}],
    });
    let cancel = json!({"order_id": "X", "reason": "customer"});
    let mut events = sales(21, 30);
    events.insert(
        10,
        imported("main", "order-X", 1, "OrderPlaced", instant(), &order),
    );
    events.insert(
        20,
        imported("main", "order-X", 2, "OrderCancelled", instant(), &cancel),
    );
    let end = bed.import(&events).await;
    bed.reached(SALES, end).await;
    let (mut shown, mut expected) = (
        bed.shown::<SalesVolume>().await,
        bed.expected::<SalesVolume>().await,
    );
    let owner = (
        "main".to_owned(),
        "parked".to_owned(),
        "stream/order-X".to_owned(),
    );
    let (_, _, parked) = shown.remove(&owner).unwrap();
    assert!(parked.contains("the store refuses"), "{parked}");
    assert_eq!(parked.matches("order-X").count(), 3, "both events wait: {parked}");
    expected.retain(|(_, _, key), _| !key.contains("P_refused"));
    assert_eq!(shown, expected, "everything else is as if it had not been");
    eventually("it is live, and counts what waits", || async {
        status(&process, SALES, 1)
            .await
            .is_some_and(|status| status.parked_keys >= 2 && status.error.is_none())
    })
    .await;
    process.stop().await;
}

/// Seen to fail when the publisher is given the position after the commit as its base.
#[tokio::test]
async fn the_feed_tells_every_commit_in_one_chain_without_gaps() {
    let bed = Bed::new().await;
    let mut changes = bed.subscriber().await.subscribe(SALES).await.unwrap();
    let process = bed.project(|options| options.batch_max_events = 20).await;
    bed.reached(SALES, Position::ZERO).await;
    let end = bed.import(&sales(30, 40)).await;
    let (mut have, mut rows) = (Position::ZERO, 0);
    while have < end {
        let item = tokio::time::timeout(PATIENCE, changes.next())
            .await
            .unwrap()
            .unwrap();
        let FeedItem::Change(change) = item else { continue };
        assert_eq!(change.base, have, "a gap in the chain");
        assert!(change.complete);
        have = change.position;
        rows += change
            .tenants
            .iter()
            .map(|tenant| tenant.rows.len())
            .sum::<usize>();
    }
    assert!(rows > 0);
    bed.assert_right::<SalesVolume>().await;
    process.stop().await;
}

/// Seen to fail when batches that touch no row wait for one that does.
#[tokio::test]
async fn a_view_moves_on_over_events_that_do_not_concern_it() {
    let bed = Bed::new().await;
    let process = bed.project(|_| ()).await;
    let held = json!({"call_id": "C1", "segment_id": "S1"});
    let end = bed
        .import(&[imported("main", "call-C1", 1, "CallHeld", instant(), &held)])
        .await;
    bed.reached(SALES, end).await;
    process.stop().await;
}
