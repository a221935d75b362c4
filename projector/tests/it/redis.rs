//! The view in Redis: lost keys are made again from the log, and nothing is mixed.

use plimsoll_contracts::Position;
use plimsoll_views::{Revenue, View};

use crate::{
    random::payments,
    support::{Bed, eventually},
};

/// Seen to fail when `renew` does not compare the stored checkpoint with its own (an idle view
/// stays empty for ever), and when `claim` does not wipe what a partial loss has left.
#[tokio::test]
async fn a_redis_that_lost_its_keys_heals_from_the_log_while_idle_and_while_running() {
    let bed = Bed::new().await;
    let process = bed.project(|options| options.batch_max_events = 5).await;
    let end = bed.import(&payments(200, 40)).await;
    bed.reached(Revenue::NAME, end).await;
    let before = bed.assert_right::<Revenue>().await;

    bed.lose_redis_keys("*").await;
    eventually("it is made again while idle", || async {
        let head = bed.stores.head(Revenue::NAME).await.unwrap();
        head.position >= end
    })
    .await;
    assert_eq!(bed.shown::<Revenue>().await, before);

    bed.plant_redis_row("*:rows:main:rows").await;
    bed.lose_redis_keys("*checkpoint").await;
    let end = bed.import(&payments(201, 40)).await;
    bed.reached(Revenue::NAME, end).await;
    bed.assert_right::<Revenue>().await;

    let end = bed.import(&payments(202, 40)).await;
    bed.lose_redis_keys("*").await;
    eventually("it is made again while running", || async {
        let head = bed.stores.head(Revenue::NAME).await.unwrap();
        head.position >= end
    })
    .await;
    bed.assert_right::<Revenue>().await;
    process.stop().await;
}

/// Seen to fail when the rebuilt version writes under the keys of the old one.
#[tokio::test]
async fn a_rebuild_in_redis_switches_to_keys_of_its_own_and_drops_the_old_ones() {
    let bed = Bed::new().await;
    let process = bed
        .project(|options| options.retired_keep = std::time::Duration::from_millis(100))
        .await;
    let end = bed.import(&payments(210, 20)).await;
    bed.reached(Revenue::NAME, end).await;
    process.projector.rebuild(Revenue::NAME, "tester").await.unwrap();
    eventually("the new version serves", || async {
        let head = bed.stores.head(Revenue::NAME).await.unwrap();
        assert!(
            head.position >= end || head.position == Position::ZERO,
            "{head:?}"
        );
        head.version == 2
    })
    .await;
    bed.assert_right::<Revenue>().await;
    eventually("the old keys are gone", || async {
        bed.redis_keys("*:revenue:1}*").await.is_empty()
    })
    .await;
    bed.assert_right::<Revenue>().await;
    process.stop().await;
}
