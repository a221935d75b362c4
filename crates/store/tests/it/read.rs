//! What readers get: one consistent read, bounded, of the version that serves.

use plimsoll_contracts::Position;
use plimsoll_store::{Condition, ReadError, Select};

use crate::support::{Bed, VIEWS, commit, keys, main, row};

#[tokio::test]
async fn a_range_of_spans_is_inclusive_and_rows_come_in_key_order() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        let rows = vec![
            row("D", 4, Some(1)),
            row("A", 1, Some(1)),
            row("C", 3, Some(1)),
            row("B", 2, Some(1)),
        ];
        projection.commit(&lease, commit(0, 1, rows)).await.unwrap();
        projection
            .commit(
                &lease,
                commit(1, 2, vec![row("C", 2, Some(1)), row("D", 4, None)]),
            )
            .await
            .unwrap();
        assert_eq!(keys(&bed.snapshot(view, None).await), ["A", "B", "C"], "{view}");
        let days = |from, to| Some((from, to));
        assert_eq!(
            keys(&bed.snapshot(view, days("2026-03-02", "2026-03-04")).await),
            ["B", "C"],
            "{view}"
        );
        assert!(
            keys(&bed.snapshot(view, days("2026-03-03", "2026-03-09")).await).is_empty(),
            "{view}"
        );
    }
}

/// Seen to fail when the two statements of a read run in read-committed transactions.
#[tokio::test]
async fn rows_and_position_are_of_the_same_moment() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        let writing = async {
            for n in 0..150 {
                let rows = (0..3)
                    .map(|i| row(&format!("K{i}"), 1, Some(i64::try_from(n).unwrap() + 1)))
                    .collect();
                projection.commit(&lease, commit(n, n + 1, rows)).await.unwrap();
            }
        };
        let reading = async {
            loop {
                let snapshot = bed.snapshot(view, None).await;
                let figure = format!("\"gross_minor\":{}", snapshot.head.position);
                for row in &snapshot.rows {
                    assert!(
                        row.body.get().replace(' ', "").contains(&figure),
                        "{view} {figure} {}",
                        row.body
                    );
                }
                if snapshot.head.position == Position::new(150) {
                    return;
                }
            }
        };
        tokio::join!(writing, reading);
    }
}

#[tokio::test]
async fn a_read_that_needs_too_many_rows_is_refused_and_says_how_many_it_may_have() {
    let bed = Bed::with(|options| options.read_max_rows = 2).await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        let rows = ["A", "B", "C"].map(|key| row(key, 1, Some(1))).to_vec();
        projection.commit(&lease, commit(0, 1, rows)).await.unwrap();
        for span in [None, Some(("2026-03-01".to_owned(), "2026-03-01".to_owned()))] {
            let select = Select {
                view: view.to_owned(),
                tenant: main(),
                table: "rows".to_owned(),
                span,
            };
            let refused = bed.stores.snapshot(&select).await;
            assert!(
                matches!(refused, Err(ReadError::TooManyRows { max: 2 })),
                "{view}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_told_apart_from_what_is_empty() {
    let bed = Bed::new().await;
    assert!(matches!(
        bed.stores.head("sales-volume").await,
        Err(ReadError::UnknownView(_))
    ));
    let (_, lease) = bed.begun("sales-volume").await;
    let head = bed.stores.head("sales-volume").await.unwrap();
    assert_eq!(
        (head.version, head.position, head.condition),
        (1, Position::ZERO, Condition::Replaying)
    );
    let select = Select {
        view: "sales-volume".to_owned(),
        tenant: main(),
        table: "checkpoint".to_owned(),
        span: None,
    };
    assert!(matches!(
        bed.stores.snapshot(&select).await,
        Err(ReadError::UnknownTable { .. })
    ));
    bed.stores.set_paused("sales-volume", true).await.unwrap();
    assert_eq!(
        bed.stores.head("sales-volume").await.unwrap().condition,
        Condition::Paused
    );
    bed.stores.set_error(&lease.id, Some("broken")).await.unwrap();
    let failed = bed.stores.head("sales-volume").await.unwrap().condition;
    assert_eq!(failed, Condition::Failed("broken".to_owned()));
}

#[tokio::test]
async fn a_cancelled_reader_leaves_no_transaction_behind() {
    let bed = Bed::with(|options| options.connections_max = 2).await;
    let (projection, lease) = bed.begun("sales-volume").await;
    projection
        .commit(&lease, commit(0, 1, vec![row("A", 1, Some(1))]))
        .await
        .unwrap();
    for patience in 0..200_u64 {
        let read = bed.snapshot("sales-volume", None);
        let _timed_out = tokio::time::timeout(std::time::Duration::from_micros(patience * 20), read).await;
    }
    projection
        .commit(&lease, commit(1, 2, vec![row("B", 1, Some(1))]))
        .await
        .unwrap();
    let idle: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and state like 'idle in transaction%' and xact_start < now() - interval '5 seconds'",
    )
    .fetch_one(&bed.pool)
    .await
    .unwrap();
    assert_eq!(idle, 0);
    let seen: i64 = sqlx::query_scalar("select count(*) from sales_volume_1.rows")
        .fetch_one(&bed.pool)
        .await
        .unwrap();
    assert_eq!(seen, 2, "written in a transaction that nobody committed");
}
