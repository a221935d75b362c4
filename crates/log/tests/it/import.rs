//! Bulk import: all of a batch or nothing, repeats are no-ops.

use chrono::Utc;
use plimsoll_contracts::{Actor, ImportedEvent, Position};
use plimsoll_log::{Expected, ImportError, Imported};
use uuid::Uuid;

use crate::support::{Bed, append, raw, shipped, stream, tenant};

fn line(stream_name: &str, version: u32) -> ImportedEvent {
    ImportedEvent {
        id: Uuid::now_v7(),
        tenant: tenant(),
        stream: stream(stream_name),
        version,
        event_type: "OrderShipped".into(),
        schema: 1,
        occurred_at: Utc::now(),
        correlation_id: "import".to_owned(),
        causation_id: None,
        actor: Actor::system("import"),
        data: raw(r#"{"order_id":"O1"}"#),
    }
}

#[tokio::test]
async fn a_repeated_import_appends_only_what_is_new() {
    let bed = Bed::new().await;
    let mut batch = vec![line("order-I1", 1), line("order-I2", 1), line("order-I1", 2)];
    batch.push(batch[1].clone());
    let first = bed.log.import(batch.clone()).await.unwrap();
    assert_eq!(
        first,
        Imported {
            appended: 3,
            repeated: 1,
            position: Position::new(3)
        }
    );
    batch.push(line("order-I2", 2));
    let second = bed.log.import(batch.clone()).await.unwrap();
    assert_eq!(
        second,
        Imported {
            appended: 1,
            repeated: 4,
            position: Position::new(4)
        }
    );
    let third = bed.log.import(batch).await.unwrap();
    assert_eq!(
        third,
        Imported {
            appended: 0,
            repeated: 5,
            position: Position::new(4)
        }
    );
    assert_eq!(bed.assert_gapless().await, 4);
}

#[tokio::test]
async fn a_bad_event_is_named_and_nothing_of_its_batch_is_appended() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-I1", Expected::Any, shipped(2)))
        .await
        .unwrap();
    let skips = vec![line("order-I2", 1), line("order-I1", 4)];
    let refused = bed.log.import(skips).await;
    assert!(
        matches!(&refused, Err(ImportError::Event { index: 1, reason }) if reason.contains("next one is 3")),
        "{refused:?}"
    );
    let (mut one, two) = (line("order-I2", 1), line("order-I3", 1));
    one.id = two.id;
    let refused = bed.log.import(vec![two, one]).await;
    assert!(
        matches!(&refused, Err(ImportError::Event { index: 1, reason }) if reason.contains("another event")),
        "{refused:?}"
    );
    assert_eq!(bed.assert_gapless().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_imported_by_two_processes_at_once_is_in_the_log_once() {
    let bed = Bed::new().await;
    let other = bed.other_process().await;
    for round in 0..8 {
        let batch: Vec<_> = (1..=500)
            .map(|version| line(&format!("order-P{round}"), version))
            .collect();
        let (one, two) = tokio::join!(bed.log.import(batch.clone()), other.import(batch));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(
            (one.appended + two.appended, one.repeated + two.repeated),
            (500, 500)
        );
    }
    assert_eq!(bed.assert_gapless().await, 4_000);
}
