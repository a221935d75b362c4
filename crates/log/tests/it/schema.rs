//! History cannot be rewritten, by whomever.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{Bed, append, shipped};
use plimsoll_log::Expected;

const CHANGES: [&str; 5] = [
    "update log.events set tenant = 'x'",
    "delete from log.events",
    "truncate log.events",
    "delete from log.log_head",
    "update log.log_head set position = position - 1",
];

/// Seen failing: without migration 0003 the owner's update, delete and truncate all go through.
#[tokio::test]
async fn not_even_the_owner_can_change_or_remove_events() {
    let bed = Bed::new().await;
    bed.log
        .append(append("order-O1", Expected::Any, shipped(3)))
        .await
        .unwrap();
    for change in CHANGES {
        let error = sqlx::query(change).execute(&bed.pool).await.expect_err(change);
        assert_eq!(
            error.as_database_error().and_then(|e| e.code()).as_deref(),
            Some("42501"),
            "{change}: {error}"
        );
    }
    assert_eq!(bed.assert_gapless().await, 3);
}

#[tokio::test]
async fn the_log_s_own_role_has_no_right_to_change_events() {
    let bed = Bed::new().await;
    let mut connection = PgConnection::connect(&bed.url).await.unwrap();
    sqlx::query("set role plimsoll_log")
        .execute(&mut connection)
        .await
        .unwrap();
    for change in &CHANGES[..4] {
        let error = sqlx::query(*change)
            .execute(&mut connection)
            .await
            .expect_err(change);
        assert!(
            error.to_string().contains("permission denied"),
            "{change}: {error}"
        );
    }
    let disable = "alter table log.events disable trigger all".to_owned();
    sqlx::query(AssertSqlSafe(disable))
        .execute(&mut connection)
        .await
        .expect_err("the role does not own the table");
}

#[tokio::test]
async fn a_log_opened_again_keeps_its_epoch_until_an_operator_names_a_new_one() {
    let bed = Bed::new().await;
    let again = bed.other_process().await;
    assert_eq!(bed.log.epoch(), again.epoch());
    let new = bed.log.begin_new_epoch().await.unwrap();
    assert_ne!(&new, bed.log.epoch());
    assert_eq!(bed.other_process().await.epoch(), &new);
}
