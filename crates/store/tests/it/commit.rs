//! Invariant 4 in both stores: rows and checkpoint move together, under the holder's fence only.

use plimsoll_contracts::Position;
use plimsoll_store::{CommitError, DocWrite, Lookup, MetaWrite, Restatement, StoreError};

use crate::support::{Bed, TTL, VIEWS, commit, epoch, keys, main, row};

/// Seen to fail without `position = $1` in `checkpoint_advance.sql`, and without the first `if` of
/// `commit.lua`.
#[tokio::test]
async fn a_commit_from_another_position_writes_nothing() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        projection
            .commit(&lease, commit(0, 5, vec![row("A", 1, Some(10))]))
            .await
            .unwrap();
        let again = projection
            .commit(&lease, commit(0, 5, vec![row("B", 1, Some(10))]))
            .await;
        assert!(
            matches!(again, Err(CommitError::Fenced { .. })),
            "{view}: {again:?}"
        );
        let snapshot = bed.snapshot(view, None).await;
        assert_eq!(keys(&snapshot), ["A"], "{view}");
        assert_eq!(snapshot.head.position, Position::new(5), "{view}");
    }
}

/// Seen to fail without `fence = $2` in `checkpoint_advance.sql`, and with only the position
/// compared in `commit.lua`.
#[tokio::test]
async fn a_holder_with_a_lower_fence_cannot_write_or_claim_any_more() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, stale) = bed.begun(view).await;
        bed.stores.release(&stale).await.unwrap();
        let lease = bed
            .stores
            .acquire(&stale.id, "second", TTL)
            .await
            .unwrap()
            .unwrap();
        assert!(lease.fence > stale.fence);
        projection.claim(&lease).await.unwrap();
        let refused = projection
            .commit(&stale, commit(0, 1, vec![row("A", 1, Some(10))]))
            .await;
        assert!(
            matches!(refused, Err(CommitError::Fenced { .. })),
            "{view}: {refused:?}"
        );
        let refused = projection.claim(&stale).await;
        assert!(
            matches!(refused, Err(CommitError::Fenced { .. })),
            "{view}: {refused:?}"
        );
        projection
            .commit(&lease, commit(0, 1, vec![row("B", 1, Some(10))]))
            .await
            .unwrap();
        assert_eq!(keys(&bed.snapshot(view, None).await), ["B"], "{view}");
    }
}

/// Seen to fail when the checkpoint is moved outside the transaction.
#[tokio::test]
async fn a_commit_that_fails_in_the_middle_moves_nothing() {
    let bed = Bed::new().await;
    let (projection, lease) = bed.begun(VIEWS[0]).await;
    let mut broken = row("B", 1, Some(10));
    broken.body = broken
        .body
        .map(|body| body.replace("\"hour\":1", "\"hour\":\"noon\""));
    let failed = projection
        .commit(&lease, commit(0, 1, vec![row("A", 1, Some(1)), broken]))
        .await;
    assert!(
        matches!(failed, Err(CommitError::Store(StoreError::Database(_)))),
        "{failed:?}"
    );
    let snapshot = bed.snapshot(VIEWS[0], None).await;
    assert_eq!(
        (keys(&snapshot).len(), snapshot.head.position),
        (0, Position::ZERO)
    );
}

/// Seen to fail without `fits`: the figure vanishes and nobody is told.
#[tokio::test]
async fn a_figure_without_a_column_is_refused_and_not_dropped() {
    let bed = Bed::new().await;
    let (projection, lease) = bed.begun(VIEWS[0]).await;
    let mut wider = row("A", 1, Some(1));
    wider.body = wider
        .body
        .map(|body| body.replacen('{', "{\"bonus_minor\":7,", 1));
    let refused = projection.commit(&lease, commit(0, 1, vec![wider])).await;
    assert!(
        matches!(refused, Err(CommitError::Store(StoreError::Layout { .. }))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_a_fold_asks_for_is_what_was_written_last() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        let mut first = commit(0, 1, vec![row("A", 1, Some(1)), row("B", 1, Some(2))]);
        let doc = |key: &str, body: Option<&str>| DocWrite {
            tenant: main(),
            key: key.to_owned(),
            body: body.map(str::to_owned),
        };
        first.docs = vec![
            doc("order/1", Some(r#"{"n":1}"#)),
            doc("order/2", Some(r#"{"n":2}"#)),
        ];
        first.metas = vec![MetaWrite {
            tenant: main(),
            body: r#"{"parked":1}"#.to_owned(),
        }];
        projection.commit(&lease, first).await.unwrap();
        let mut second = commit(1, 2, vec![row("A", 1, None), row("B", 2, Some(3))]);
        second.docs = vec![doc("order/1", None), doc("order/2", Some(r#"{"n":3}"#))];
        projection.commit(&lease, second).await.unwrap();
        let lookup = Lookup {
            docs: vec![(main(), "order/1".to_owned()), (main(), "order/2".to_owned())],
            rows: vec![(main(), "rows", "A".to_owned()), (main(), "rows", "B".to_owned())],
        };
        let found = projection.lookup(lookup).await.unwrap();
        assert_eq!(
            found.docs,
            [(main(), "order/2".to_owned(), r#"{"n":3}"#.to_owned())],
            "{view}"
        );
        assert_eq!(found.rows.len(), 1, "{view}");
        assert!(found.rows[0].2.body.get().contains("2026-03-02"), "{view}");
        assert_eq!(
            projection.meta(&main()).await.unwrap().as_deref(),
            Some(r#"{"parked":1}"#),
            "{view}"
        );
        assert_eq!(projection.metas().await.unwrap().len(), 1, "{view}");
    }
}

#[tokio::test]
async fn restatements_are_listed_in_log_order_with_old_and_new_value() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (projection, lease) = bed.begun(view).await;
        let mut changed = commit(0, 9, Vec::new());
        changed.restatements = [8, 7, 9]
            .map(|position| Restatement {
                tenant: main(),
                table: "rows",
                key: "A".to_owned(),
                position: Position::new(position),
                revision: 1,
                cause: uuid::Uuid::nil(),
                before: r#"{"a":1}"#.to_owned(),
                after: Some(r#"{"a":2}"#.to_owned()),
            })
            .to_vec();
        projection.commit(&lease, changed).await.unwrap();
        let listed = bed
            .stores
            .restatements(view, &main(), Position::new(7), 10)
            .await
            .unwrap();
        let positions: Vec<u64> = listed.iter().map(|restated| restated.position.get()).collect();
        assert_eq!(positions, [8, 9], "{view}");
        assert_eq!(listed[0].before.as_ref().unwrap().get(), r#"{"a":1}"#, "{view}");
        assert_eq!(listed[0].after.as_ref().unwrap().get(), r#"{"a":2}"#, "{view}");
    }
}

#[tokio::test]
async fn a_store_of_another_history_is_not_claimed() {
    let bed = Bed::new().await;
    let (projection, mut lease) = bed.begun(VIEWS[0]).await;
    assert_eq!(lease.id.epoch, epoch());
    lease.id.epoch = "zzzz".parse().unwrap();
    let refused = projection.claim(&lease).await;
    assert!(
        matches!(refused, Err(CommitError::Store(StoreError::OtherEpoch { .. }))),
        "{refused:?}"
    );
}
