//! Appending: gapless under anything, alone in success and failure, bounded.

use std::sync::Arc;

use plimsoll_contracts::Position;
use plimsoll_log::{AppendError, Expected, StreamWrite};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::support::{Bed, append, event, keyed, shipped, stream, tenant, until};

/// Seen failing: with positions taken from a sequence (`nextval`) instead of the head row, every
/// race that ends in a unique violation leaves a hole, and max(position) runs ahead of count(*).
#[tokio::test(flavor = "multi_thread")]
async fn invariant_1_max_position_equals_count_under_races_conflicts_and_cancelled_callers() {
    let bed = Bed::new().await;
    let processes = [
        bed.log.clone(),
        bed.other_process().await,
        bed.other_process().await,
    ];
    let mut callers = Vec::new();
    for number in 0..240_u32 {
        let log = processes[number as usize % 3].clone();
        callers.push(tokio::spawn(async move {
            let mut written = Vec::new();
            for round in 0..6_u32 {
                let expected = if round % 3 == 0 {
                    Expected::Version(round)
                } else {
                    Expected::Any
                };
                let mut request = append(&format!("order-C{}", (number + round) % 11), expected, shipped(2));
                if round % 2 == 0 {
                    request = keyed(request, &format!("key-{}", (number / 2 + round) % 90), 1);
                }
                if let Ok(done) = log.append(request).await
                    && !done.replayed
                {
                    written.push(done.position);
                }
            }
            written
        }));
    }
    for caller in callers.iter().skip(5).step_by(9) {
        caller.abort();
    }
    let mut positions: Vec<Position> = Vec::new();
    for caller in callers {
        positions.extend(caller.await.unwrap_or_default());
    }
    for log in processes {
        log.close().await;
    }
    let count = bed.assert_gapless().await;
    positions.sort_unstable();
    let answered = positions.len();
    positions.dedup();
    assert_eq!(positions.len(), answered, "no position is answered twice");
    assert!(count >= 2 * answered as u64, "{count} events, {answered} answers");
}

/// A transaction that takes positions and rolls back gives them back.
#[tokio::test]
async fn invariant_1_a_rollback_gives_its_positions_back() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-O1", Expected::NoStream, shipped(3)))
        .await
        .unwrap();
    let mut outsider = PgConnection::connect(&bed.url).await.unwrap();
    let mut transaction = outsider.begin().await.unwrap();
    sqlx::query("update log.log_head set position = position + 10")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let log = bed.log.clone();
    let waiting = tokio::spawn(async move {
        log.append(append("order-O1", Expected::Version(3), shipped(1)))
            .await
    });
    until("the append waits for the head", || async {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query(sql).fetch_one(&bed.pool).await.unwrap().get::<i64, _>(0) > 0
    })
    .await;
    transaction.rollback().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().position, Position::new(4));
    bed.assert_gapless().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_race_for_a_version_exactly_one_wins() {
    let bed = Bed::new().await;
    let other = bed.other_process().await;
    for version in 0..40 {
        let request = || append("order-R1", Expected::Version(version), shipped(1));
        let (one, two) = tokio::join!(bed.log.append(request()), other.append(request()));
        let lost = match (one, two) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("at version {version}: {both:?}"),
        };
        assert!(
            matches!(lost, AppendError::Conflict { current, .. } if current == version + 1),
            "{lost:?}"
        );
    }
    assert_eq!(bed.assert_gapless().await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_in_a_batch_fails_alone_and_the_first_of_two_wins() {
    let bed = Bed::with(|mut options| {
        options.linger = std::time::Duration::from_millis(50);
        options
    })
    .await;
    let requests = (0..60).map(|number| {
        let target = if number % 3 == 0 {
            "order-SAME".to_owned()
        } else {
            format!("order-B{number}")
        };
        bed.log.append(append(&target, Expected::NoStream, shipped(1)))
    });
    let answers = futures::future::join_all(requests).await;
    assert!(answers[0].is_ok(), "the first of those that exclude each other");
    let refused = answers
        .iter()
        .filter(|a| matches!(a, Err(AppendError::Conflict { current: 1, .. })))
        .count();
    assert_eq!((refused, answers.iter().filter(|a| a.is_ok()).count()), (19, 41));
    assert_eq!(bed.assert_gapless().await, 41);
}

/// Seen failing: without `one_by_one`, all neighbours of the refused request are refused with it.
#[tokio::test(flavor = "multi_thread")]
async fn data_that_the_database_refuses_fails_alone() {
    let bed = Bed::new().await;
    let deep = format!("{}{}", "[".repeat(120_000), "]".repeat(120_000));
    let requests = (0..20).map(|number| {
        let data = if number == 7 {
            deep.clone()
        } else {
            "{}".to_owned()
        };
        bed.log.append(append(
            &format!("order-D{number}"),
            Expected::Any,
            vec![event("OrderShipped", &data)],
        ))
    });
    for (number, answer) in futures::future::join_all(requests).await.into_iter().enumerate() {
        if number == 7 {
            assert!(matches!(answer, Err(AppendError::Refused(_))), "{answer:?}");
        } else {
            assert!(answer.is_ok(), "{number}: {answer:?}");
        }
    }
    assert_eq!(bed.assert_gapless().await, 19);
}

#[tokio::test]
async fn several_streams_are_written_together_or_not_at_all() {
    let bed = Bed::new().await;
    bed.log
        .append(append("account-A", Expected::NoStream, shipped(1)))
        .await
        .unwrap();
    let mut both = append("account-B", Expected::NoStream, shipped(2));
    both.writes.push(StreamWrite {
        stream: stream("account-A"),
        expected: Expected::Version(7),
        events: shipped(1),
    });
    let refused = bed.log.append(both.clone()).await;
    assert!(
        matches!(&refused, Err(AppendError::Conflict { stream, current: 1, .. }) if stream.as_str() == "account-A"),
        "{refused:?}"
    );
    assert!(
        bed.log
            .read_stream(&tenant(), &stream("account-B"), 1, 10)
            .await
            .unwrap()
            .is_empty()
    );
    both.writes[1].expected = Expected::Version(1);
    let done = bed.log.append(both).await.unwrap();
    assert_eq!(
        done.streams,
        vec![(stream("account-B"), 2), (stream("account-A"), 2)]
    );
    assert_eq!((done.position, done.events.len()), (Position::new(4), 3));
    bed.assert_gapless().await;
}

#[tokio::test]
async fn an_event_id_enters_the_log_once() {
    let bed = Bed::new().await;
    let events = shipped(1);
    bed.log
        .append(append("order-O1", Expected::Any, events.clone()))
        .await
        .unwrap();
    let again = bed
        .log
        .append(append("order-O2", Expected::Any, events.clone()))
        .await;
    assert!(
        matches!(again, Err(AppendError::EventExists(id)) if id == events[0].id),
        "{again:?}"
    );
    assert_eq!(bed.assert_gapless().await, 1);
}

/// Seen failing: with an unbounded queue all 200 wait and none is turned away.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_turns_the_next_append_away() {
    let bed = Bed::with(|mut options| {
        options.queue_max_requests = 8;
        options.batch_max_requests = 4;
        options
    })
    .await;
    let mut outsider = PgConnection::connect(&bed.url).await.unwrap();
    let mut holder = outsider.begin().await.unwrap();
    sqlx::query("select 1 from log.log_head for update")
        .execute(&mut *holder)
        .await
        .unwrap();
    let log = Arc::new(bed.log.clone());
    let callers: Vec<_> = (0..200)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                log.append(append(&format!("order-Q{number}"), Expected::Any, shipped(1)))
                    .await
            })
        })
        .collect();
    until("the queue is full", || async {
        callers.iter().filter(|c| c.is_finished()).count() >= 180
    })
    .await;
    holder.rollback().await.unwrap();
    let (mut written, mut overloaded) = (0, 0);
    for caller in callers {
        match caller.await.unwrap() {
            Ok(_) => written += 1,
            Err(AppendError::Overloaded) => overloaded += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(
        overloaded >= 180 && written >= 8,
        "{written} written, {overloaded} turned away"
    );
    assert_eq!(bed.assert_gapless().await, written);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_waits() {
    let bed = Bed::new().await;
    let too_many = bed
        .log
        .append(append("order-O1", Expected::Any, shipped(2_001)))
        .await;
    assert!(
        matches!(
            too_many,
            Err(AppendError::TooLarge {
                actual: 2_001,
                limit: 2_000,
                ..
            })
        ),
        "{too_many:?}"
    );
    let big = format!("\"{}\"", "x".repeat(800 << 10));
    let too_big = bed
        .log
        .append(append(
            "order-O1",
            Expected::Any,
            vec![event("OrderShipped", &big)],
        ))
        .await;
    assert!(
        matches!(too_big, Err(AppendError::TooLarge { .. })),
        "{too_big:?}"
    );
    let mut nul = shipped(1);
    nul[0].correlation_id = "a\0b".to_owned();
    let nul = bed.log.append(append("order-O1", Expected::Any, nul)).await;
    assert!(matches!(nul, Err(AppendError::Text(_))), "{nul:?}");
}

#[tokio::test]
async fn data_comes_back_byte_for_byte() {
    let bed = Bed::new().await;
    let data = r#"{ "z" : 1.50, "a":1e3,"unknown":{"k":[1 ,2]}, "z":"\u00e9" }"#;
    bed.log
        .append(append(
            "order-O1",
            Expected::Any,
            vec![event("OrderShipped", data)],
        ))
        .await
        .unwrap();
    let read = bed
        .log
        .read_stream(&tenant(), &stream("order-O1"), 1, 10)
        .await
        .unwrap();
    assert_eq!(read[0].data.get(), data);
}

#[tokio::test]
async fn recorded_time_never_goes_back_even_when_the_clock_does() {
    let bed = Bed::new().await;
    let ahead = "update log.log_head set recorded_at = now() + interval '1 hour'";
    sqlx::query(AssertSqlSafe(ahead.to_owned()))
        .execute(&bed.pool)
        .await
        .unwrap();
    bed.log
        .append(append("order-O1", Expected::Any, shipped(2)))
        .await
        .unwrap();
    let before = bed.log.head().await.unwrap().recorded_at;
    bed.log
        .append(append("order-O1", Expected::Any, shipped(2)))
        .await
        .unwrap();
    let events = bed
        .log
        .read_stream(&tenant(), &stream("order-O1"), 1, 10)
        .await
        .unwrap();
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    assert!(events.iter().all(|event| event.recorded_at >= before));
}
