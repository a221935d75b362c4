//! What crashes and cancelled callers may cost: answers, never events.

use std::{collections::HashMap, time::Duration};

use plimsoll_contracts::Position;
use plimsoll_devstack::{Source, Stack, StackOptions, shared_for_tests, unique_name};
use plimsoll_log::{AppendError, Expected, Filter, Log};
use sqlx::Row;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Bed, PATIENCE, append, keyed, shipped, stream, tenant, until};

/// Appends like a command side: the same key and ids again until there is an answer.
async fn persist(log: Log, caller: usize) -> Vec<(Uuid, Position)> {
    let mut acknowledged = Vec::new();
    for round in 0..150 {
        let key = format!("key-{caller}-{round}");
        let request = keyed(
            append(&format!("order-K{caller}"), Expected::Any, shipped(1)),
            &key,
            1,
        );
        let id = request.writes[0].events[0].id;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match log.append(request.clone()).await {
                Ok(done) => {
                    acknowledged.push((id, done.position));
                    break;
                }
                Err(AppendError::Unavailable(_) | AppendError::Overloaded) => {
                    assert!(
                        tokio::time::Instant::now() < deadline,
                        "Postgres did not come back"
                    );
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    acknowledged
}

/// Postgres is killed twice under load. Every acknowledged event is in the log once, at its
/// position; the tail goes through it without a hole.
#[tokio::test(flavor = "multi_thread")]
async fn invariant_1_holds_when_postgres_is_killed_and_acknowledged_events_are_there_once() {
    let dir = std::env::temp_dir().join(unique_name("plimsoll_log"));
    let options = StackOptions {
        nats: Source::Absent,
        redis: Source::Absent,
        ..StackOptions::temporary(&dir)
    };
    let stack = Stack::start(options, |_| ()).await.unwrap();
    let nats_url = &shared_for_tests().await.unwrap().nats_url;
    let bed = Bed::on(stack.postgres_url(), nats_url, |options| options).await;
    let stop = CancellationToken::new();
    let relay = tokio::spawn(bed.log.relay(stop.clone()));
    let mut reader = bed.log.tail(stop.clone()).reader(Position::ZERO);
    let callers: Vec<_> = (0..16)
        .map(|caller| tokio::spawn(persist(bed.log.clone(), caller)))
        .collect();
    let reading = tokio::spawn(async move {
        let mut ids = HashMap::new();
        while ids.len() < 16 * 150 {
            let batch = tokio::time::timeout(PATIENCE, reader.next_batch(500))
                .await
                .expect("in time")
                .unwrap();
            ids.extend(batch.iter().map(|event| (event.id, event.position)));
        }
        ids
    });
    for threshold in [300, 900] {
        until("some are written", || async {
            bed.log
                .head()
                .await
                .is_ok_and(|head| head.position > Position::new(threshold))
        })
        .await;
        stack.postgres().unwrap().kill9().await.unwrap();
        stack.postgres().unwrap().restart().await.unwrap();
    }
    let read = reading.await.unwrap();
    for caller in callers {
        for (id, position) in caller.await.unwrap() {
            assert_eq!(
                read.get(&id),
                Some(&position),
                "an acknowledged event is where it was acknowledged"
            );
        }
    }
    assert_eq!(bed.assert_gapless().await, 16 * 150);
    stop.cancel();
    relay.await.unwrap();
    bed.log.close().await;
    bed.pool.close().await;
    stack.stop().await.unwrap();
    let _gone = std::fs::remove_dir_all(dir);
}

/// The trap of sqlx 0.9: a cancelled `begin` leaves a transaction open in the pool, and what is
/// written there later vanishes. Here no caller holds a connection, so none can be left behind.
/// Not seen failing: with reads on the callers' own futures, and with appends there as well (every
/// one opening a transaction), it still passed. It holds what is promised, it does not prove that
/// the own task is what keeps the promise.
#[tokio::test(flavor = "multi_thread")]
async fn cancelled_callers_leave_no_transaction_open_and_no_later_append_vanishes() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-S1", Expected::Any, shipped(200)))
        .await
        .unwrap();
    for round in 0..60_u32 {
        let callers: Vec<_> = (0..12)
            .map(|number| {
                let log = bed.log.clone();
                tokio::spawn(async move {
                    let _cancelled = match number % 3 {
                        0 => log
                            .append(append("order-S1", Expected::Any, shipped(3)))
                            .await
                            .is_ok(),
                        1 => log
                            .read_all(Position::ZERO, 500, &Filter::default())
                            .await
                            .is_ok(),
                        _ => log.stored_answer(&tenant(), "k", &[0; 32]).await.is_ok(),
                    };
                })
            })
            .collect();
        for caller in callers.iter().step_by(5) {
            // Cancelled at every stage: before, while and after they hold a connection.
            let _late = tokio::time::timeout(Duration::from_millis(u64::from(round % 5)), async {
                while !caller.is_finished() {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
        for caller in &callers {
            caller.abort();
        }
    }
    for number in 0..20 {
        let done = bed
            .log
            .append(append(
                &format!("order-V{number}"),
                Expected::NoStream,
                shipped(1),
            ))
            .await
            .unwrap();
        let seen = sqlx::query("select count(*) from log.events where position = $1 and stream = $2")
            .bind(done.position.as_i64())
            .bind(stream(&format!("order-V{number}")).as_str())
            .fetch_one(&bed.pool)
            .await
            .unwrap();
        assert_eq!(
            seen.get::<i64, _>(0),
            1,
            "an acknowledged append is visible to others"
        );
    }
    let open = sqlx::query(
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );
    assert_eq!(open.fetch_one(&bed.pool).await.unwrap().get::<i64, _>(0), 0);
    bed.assert_gapless().await;
}
