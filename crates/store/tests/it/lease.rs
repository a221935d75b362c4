//! Leases and the pointer to the version that serves.

use std::time::Duration;

use plimsoll_store::{Phase, Progress};

use crate::support::{Bed, TTL, VIEWS, commit, epoch, keys, row};

/// Seen to fail when `lease_acquire.sql` does not look at `lease_until`.
#[tokio::test]
async fn a_lease_is_held_by_one_until_it_runs_out_by_the_databases_clock() {
    let bed = Bed::new().await;
    let (_, first) = bed.begun(VIEWS[0]).await;
    assert_eq!(bed.stores.acquire(&first.id, "second", TTL).await.unwrap(), None);
    assert!(
        bed.stores
            .renew(&first, Duration::ZERO, &Progress::default())
            .await
            .unwrap()
    );
    let second = bed
        .stores
        .acquire(&first.id, "second", TTL)
        .await
        .unwrap()
        .unwrap();
    assert!(second.fence > first.fence);
    assert!(!bed.stores.renew(&first, TTL, &Progress::default()).await.unwrap());
    bed.stores.release(&first).await.unwrap();
    assert_eq!(
        bed.stores.acquire(&first.id, "third", TTL).await.unwrap(),
        None,
        "a stale release frees nothing"
    );
}

/// Seen to fail when `version_serve.sql` does not ask for the fence.
#[tokio::test]
async fn only_the_holder_switches_and_the_old_version_is_retired_with_it() {
    let bed = Bed::new().await;
    for view in VIEWS {
        let (old, old_lease) = bed.begun(view).await;
        old.commit(&old_lease, commit(0, 3, vec![row("old", 1, Some(1))]))
            .await
            .unwrap();
        let version = bed.stores.begin_version(view, 1, &epoch()).await.unwrap();
        assert_eq!(version, 2);
        assert_eq!(
            bed.stores.begin_version(view, 1, &epoch()).await.unwrap(),
            2,
            "one at a time"
        );
        let id = bed.id(view).await;
        let stale = bed
            .stores
            .acquire(&id, "builder", Duration::ZERO)
            .await
            .unwrap()
            .unwrap();
        let lease = bed.stores.acquire(&id, "builder", TTL).await.unwrap().unwrap();
        let new = bed.stores.projection(&id).await.unwrap();
        new.claim(&lease).await.unwrap();
        new.commit(&lease, commit(0, 3, vec![row("new", 1, Some(1))]))
            .await
            .unwrap();
        assert!(!bed.stores.switch(&stale).await.unwrap());
        assert_eq!(keys(&bed.snapshot(view, None).await), ["old"], "{view}");
        assert!(bed.stores.switch(&lease).await.unwrap());
        assert_eq!(keys(&bed.snapshot(view, None).await), ["new"], "{view}");
        assert!(
            !bed.stores
                .renew(&old_lease, TTL, &Progress::default())
                .await
                .unwrap()
        );
        let records = bed.stores.versions(Some(view)).await.unwrap();
        let phases: Vec<Phase> = records.iter().map(|record| record.phase).collect();
        assert_eq!(phases, [Phase::Retired, Phase::Serving], "{view}");
        bed.stores.drop_version(&old_lease.id).await.unwrap();
        bed.stores.drop_version(&old_lease.id).await.unwrap();
        assert!(
            old.commit(&old_lease, commit(3, 4, Vec::new())).await.is_err(),
            "{view}"
        );
        assert_eq!(keys(&bed.snapshot(view, None).await), ["new"], "{view}");
    }
}
