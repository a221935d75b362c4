//! The same key gives the same answer and appends nothing.

use plimsoll_contracts::Position;
use plimsoll_log::{Append, AppendError, Expected};

use crate::support::{Bed, append, keyed, raw, shipped, tenant};

#[tokio::test]
async fn a_repeated_command_gets_its_first_answer_and_appends_nothing() {
    let bed = Bed::new().await;
    let mut request = keyed(append("order-O1", Expected::NoStream, shipped(2)), "k1", 1);
    request.note = Some(raw(r#"{"refused":"OutOfStock"}"#));
    let first = bed.log.append(request.clone()).await.unwrap();
    bed.log
        .append(append("order-O1", Expected::Any, shipped(1)))
        .await
        .unwrap();
    let second = bed.other_process().await.append(request).await.unwrap();
    assert!(second.replayed && !first.replayed);
    assert_eq!(
        (second.position, &second.streams, &second.events),
        (first.position, &first.streams, &first.events)
    );
    assert_eq!(second.note.unwrap().get(), r#"{"refused":"OutOfStock"}"#);
    let stored = bed
        .log
        .stored_answer(&tenant(), "k1", &[1; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.position, first.position);
    assert_eq!(bed.assert_gapless().await, 3);
}

#[tokio::test]
async fn a_key_used_for_another_command_is_refused() {
    let bed = Bed::new().await;
    bed.log
        .append(keyed(append("order-O1", Expected::Any, shipped(1)), "k1", 1))
        .await
        .unwrap();
    let reused = bed
        .log
        .append(keyed(append("order-O1", Expected::Any, shipped(1)), "k1", 2))
        .await;
    assert!(matches!(reused, Err(AppendError::KeyReused)), "{reused:?}");
    let stored = bed.log.stored_answer(&tenant(), "k1", &[2; 32]).await;
    assert!(matches!(stored, Err(AppendError::KeyReused)), "{stored:?}");
    assert!(
        bed.log
            .stored_answer(&"other".parse().unwrap(), "k1", &[2; 32])
            .await
            .unwrap()
            .is_none()
    );
}

/// The streams differ, as they do where a command makes a new id, so that only the key can tell.
/// Seen failing: without the primary key on (tenant, key), both processes append in some rounds.
#[tokio::test(flavor = "multi_thread")]
async fn one_command_sent_to_two_processes_at_once_is_appended_once() {
    let bed = Bed::new().await;
    let other = bed.other_process().await;
    for round in 0..40_u64 {
        let request = |id: &str| {
            let stream = format!("order-{id}{round}");
            keyed(
                append(&stream, Expected::NoStream, shipped(1)),
                &format!("k{round}"),
                1,
            )
        };
        let (one, two, three) = tokio::join!(
            bed.log.append(request("a")),
            other.append(request("b")),
            bed.log.append(request("c"))
        );
        let answers = [one.unwrap(), two.unwrap(), three.unwrap()];
        assert!(
            answers
                .iter()
                .all(|answer| answer.position == Position::new(round + 1)),
            "{answers:?}"
        );
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    }
    assert_eq!(bed.assert_gapless().await, 40);
}

#[tokio::test]
async fn a_command_without_events_still_keeps_its_answer() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-O1", Expected::Any, shipped(3)))
        .await
        .unwrap();
    let nothing = Append {
        writes: Vec::new(),
        ..append("order-O1", Expected::Any, Vec::new())
    };
    let first = bed.log.append(keyed(nothing.clone(), "k1", 1)).await.unwrap();
    bed.log
        .append(append("order-O1", Expected::Any, shipped(3)))
        .await
        .unwrap();
    let second = bed.log.append(keyed(nothing, "k1", 1)).await.unwrap();
    assert_eq!(
        (first.position, second.position, second.replayed),
        (Position::new(3), Position::new(3), true)
    );
}
