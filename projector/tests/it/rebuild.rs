//! Rebuilding beside the serving version, and switching.

use plimsoll_contracts::Position;
use plimsoll_projector::{OperateError, State};
use plimsoll_views::SalesVolume;

use crate::{
    random::sales,
    support::{Bed, PATIENCE, SALES, eventually, status},
};

/// Seen to fail when the new version starts at the position of the old one, and when the switch
/// comes before the new one has caught up.
#[tokio::test]
async fn a_rebuilt_view_equals_the_live_one_which_serves_meanwhile() {
    let bed = Bed::new().await;
    let process = bed.project(|options| options.batch_max_events = 50).await;
    let end = bed.import(&sales(80, 150)).await;
    bed.reached(SALES, end).await;
    let live = bed.shown::<SalesVolume>().await;
    // A figure that somebody changed by hand is gone after the rebuild.
    sqlx::query("update sales_volume_1.rows set gross_minor = gross_minor + 1")
        .execute(&bed.pool)
        .await
        .unwrap();

    let operation = process.projector.rebuild(SALES, "tester").await.unwrap();
    assert_eq!((operation.version, operation.state.as_str()), (2, "running"));
    let mut seen_serving = Vec::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let head = bed.stores.head(SALES).await.unwrap();
        assert!(
            head.position >= end,
            "a rebuild showed less than before: {head:?}"
        );
        seen_serving.push(head.version);
        let now = process.projector.operation(operation.id).await.unwrap().unwrap();
        if now.state == "done" {
            assert_eq!(now.actor, "tester");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{now:?}");
    }
    assert!(seen_serving.is_sorted(), "{seen_serving:?}");
    assert_eq!(bed.stores.head(SALES).await.unwrap().version, 2);
    assert_eq!(bed.shown::<SalesVolume>().await, live);

    let end = bed.import(&sales(81, 20)).await;
    bed.reached(SALES, end).await;
    bed.assert_right::<SalesVolume>().await;
    process.stop().await;
}

/// Seen to fail when `drop_when_due` is not called: schema and rows stay for ever.
#[tokio::test]
async fn a_retired_version_is_dropped_when_nobody_can_be_reading_it() {
    let bed = Bed::new().await;
    let process = bed
        .project(|options| options.retired_keep = std::time::Duration::from_millis(100))
        .await;
    let end = bed.import(&sales(90, 5)).await;
    bed.reached(SALES, end).await;
    process.projector.rebuild(SALES, "tester").await.unwrap();
    eventually("its schema is gone", || async {
        let schemas: i64 =
            sqlx::query_scalar("select count(*) from pg_namespace where nspname = 'sales_volume_1'")
                .fetch_one(&bed.pool)
                .await
                .unwrap();
        schemas == 0
    })
    .await;
    assert_eq!(status(&process, SALES, 1).await.unwrap().state, State::Retired);
    bed.assert_right::<SalesVolume>().await;
    process.stop().await;
}

/// Seen to fail when the supervisor continues versions that other code has made.
#[tokio::test]
async fn rows_of_older_code_are_replaced_by_a_new_version_and_never_continued() {
    let bed = Bed::new().await;
    bed.stores
        .ensure_first_version(SALES, 0, bed.log.epoch())
        .await
        .unwrap();
    let end = bed.import(&sales(100, 5)).await;
    let process = bed.project(|_| ()).await;
    bed.reached(SALES, end).await;
    assert_eq!(bed.stores.head(SALES).await.unwrap().version, 2);
    bed.assert_right::<SalesVolume>().await;
    process.stop().await;
}

/// Seen to fail when `paused` is not looked at before the next batch.
#[tokio::test]
async fn a_paused_view_stays_where_it_is_and_resumes_from_there() {
    let bed = Bed::new().await;
    let process = bed.project(|_| ()).await;
    let end = bed.import(&sales(110, 5)).await;
    bed.reached(SALES, end).await;
    let paused = process.projector.pause(SALES, "tester").await.unwrap();
    assert_eq!((paused.kind.as_str(), paused.state.as_str()), ("pause", "done"));
    let refused = process.projector.rebuild(SALES, "tester").await;
    assert!(matches!(refused, Err(OperateError::Paused(_))), "{refused:?}");
    eventually("the worker knows", || async {
        status(&process, SALES, 1)
            .await
            .is_some_and(|status| status.state == State::Paused)
    })
    .await;
    // The worker has taken notice when an event does not move it for several of its rounds.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let later = bed.import(&sales(111, 5)).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let held = bed.stores.head(SALES).await.unwrap();
    assert_eq!(
        (held.position, held.condition),
        (end, plimsoll_store::Condition::Paused)
    );
    assert_ne!(held.position, Position::ZERO);
    process.projector.resume(SALES, "tester").await.unwrap();
    bed.reached(SALES, later).await;
    bed.assert_right::<SalesVolume>().await;
    process.stop().await;
}
