//! Following the log: every reader gets everything once and in order, whatever the stream does.

use std::time::Duration;

use plimsoll_contracts::Position;
use plimsoll_devstack::{Source, Stack, StackOptions, unique_name};
use plimsoll_log::{Tail, TailError};
use tokio_util::sync::CancellationToken;

use crate::support::{Bed, PATIENCE, fill};

/// Reads from a position to another and checks that nothing is missing or repeated.
async fn read(tail: Tail, from: u64, to: u64, max: usize) {
    let mut reader = tail.reader(Position::new(from));
    let mut last = from;
    while last < to {
        let batch = tokio::time::timeout(PATIENCE, reader.next_batch(max))
            .await
            .expect("in time")
            .unwrap();
        assert!(!batch.is_empty() && batch.len() <= max);
        for event in batch {
            assert_eq!(event.position.get(), last + 1);
            last += 1;
        }
    }
}

/// Every reader checks each position itself; the ring is small, so both ways are taken.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_join_anywhere_under_load_see_everything_once() {
    let bed = Bed::with(|mut options| {
        options.ring_max_events = 200;
        options.page_max_events = 100;
        options
    })
    .await;
    fill(&bed.log, 500, 50).await;
    let stop = CancellationToken::new();
    let relay = tokio::spawn(bed.log.relay(stop.clone()));
    let tail = bed.log.tail(stop.clone());
    let log = bed.log.clone();
    let appending = tokio::spawn(async move { fill(&log, 4_000, 4).await });
    let mut readers = Vec::new();
    for number in 0..12_u64 {
        readers.push(tokio::spawn(read(
            tail.clone(),
            number * 40,
            4_500,
            7 + usize::try_from(number).unwrap() * 31,
        )));
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(appending.await.unwrap(), Position::new(4_500));
    read(tail.clone(), 4_400, 4_500, 1_000).await;
    stop.cancel();
    relay.await.unwrap();
    let stopped = tail.reader(Position::ZERO).next_batch(1).await;
    assert!(matches!(stopped, Err(TailError::Stopped)), "{stopped:?}");
}

/// NATS is killed and loses its data, twice, while events are appended and read.
#[tokio::test(flavor = "multi_thread")]
async fn readers_miss_nothing_while_nats_is_killed_and_wiped() {
    let dir = std::env::temp_dir().join(unique_name("plimsoll_log"));
    let options = StackOptions {
        postgres: Source::Absent,
        redis: Source::Absent,
        ..StackOptions::temporary(&dir)
    };
    let stack = Stack::start(options, |_| ()).await.unwrap();
    let bed = Bed::with(|mut options| {
        stack.nats_url().clone_into(&mut options.nats_url);
        options.poll = Duration::from_millis(200);
        options
    })
    .await;
    let stop = CancellationToken::new();
    let relay = tokio::spawn(bed.log.relay(stop.clone()));
    let other = bed.other_process().await;
    let tails = [bed.log.tail(stop.clone()), other.tail(stop.clone())];
    let mut end = 0;
    for _round in 0..2 {
        let log = bed.log.clone();
        let appending = tokio::spawn(async move {
            let mut last = Position::ZERO;
            for _ in 0..40 {
                last = fill(&log, 50, 5).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            last
        });
        let reading: Vec<_> = tails
            .iter()
            .map(|tail| tokio::spawn(read(tail.clone(), end, end + 2_000, 300)))
            .collect();
        let nats = stack.nats().unwrap();
        nats.kill9().await.unwrap();
        nats.wipe().await.unwrap();
        nats.restart().await.unwrap();
        end += 2_000;
        assert_eq!(appending.await.unwrap(), Position::new(end));
        for reader in reading {
            reader.await.unwrap();
        }
    }
    crate::support::until("the stream is refilled", || async {
        bed.log
            .stream_state()
            .await
            .is_ok_and(|state| state.sequence == Position::new(end))
    })
    .await;
    assert_eq!(bed.log.stream_state().await.unwrap().messages, end);
    stop.cancel();
    relay.await.unwrap();
    stack.stop().await.unwrap();
    let _gone = std::fs::remove_dir_all(dir);
}

#[tokio::test]
async fn a_reader_of_another_history_is_told_so() {
    let bed = Bed::new().await;
    fill(&bed.log, 10, 5).await;
    let stop = CancellationToken::new();
    let ahead = bed
        .log
        .tail(stop.clone())
        .reader(Position::new(99))
        .next_batch(1)
        .await;
    assert!(matches!(ahead, Err(TailError::Ahead { .. })), "{ahead:?}");
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_can_be_waited_for_across_processes() {
    let bed = Bed::new().await;
    let other = bed.other_process().await;
    assert!(!other.wait_for(Position::new(10), Duration::from_millis(50)).await);
    let waiting = tokio::spawn(async move { other.wait_for(Position::new(10), PATIENCE).await });
    fill(&bed.log, 10, 5).await;
    assert!(waiting.await.unwrap());
}
