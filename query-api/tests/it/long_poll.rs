//! Waiting for news over plain HTTP.

use std::time::Duration;

use reqwest::StatusCode;

use crate::{
    bed::{Bed, PATIENCE, VIEW, header},
    writer::cell,
};

#[tokio::test]
async fn a_long_poll_waits_for_a_change_and_answers_with_it() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let path = format!("/v1/views/{VIEW}");
    let tag = header(&bed.get_with(&path, &[]).await, "etag").to_owned();
    let headers = [("if-none-match", tag.as_str()), ("prefer", "wait=20")];
    let waiting = bed.get_with(&path, &headers);
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut waiting)
            .await
            .is_err(),
        "nothing to tell"
    );
    bed.writer.write(&[cell("P1", 4)]).await;
    let response = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "preference-applied"), "wait=20");
    assert_eq!(header(&response, "view-position"), "k3f9.000000000002");
    bed.end().await;
}

#[tokio::test]
async fn a_long_poll_without_news_ends_with_304_and_says_that_it_waited() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let path = format!("/v1/views/{VIEW}");
    let tag = header(&bed.get_with(&path, &[]).await, "etag").to_owned();
    let started = std::time::Instant::now();
    let response = bed
        .get_with(&path, &[("if-none-match", &tag), ("prefer", "wait=1")])
        .await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert!(started.elapsed() >= Duration::from_millis(900));
    assert_eq!(header(&response, "preference-applied"), "wait=1");
    bed.end().await;
}

#[tokio::test]
async fn a_caller_reads_its_own_write_even_where_it_touches_nothing_here() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    bed.answer("channel=web").await;
    let path = format!("/v1/views/{VIEW}?channel=web&min_position=3");
    let headers = [("prefer", "wait=20")];
    let waiting = bed.get_with(&path, &headers);
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), &mut waiting)
            .await
            .is_err()
    );
    bed.writer.move_on(2).await;
    let response = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "view-position"), "k3f9.000000000003");
    bed.end().await;
}

#[tokio::test]
async fn a_long_poll_ends_early_when_the_server_goes() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let path = format!("/v1/views/{VIEW}");
    let tag = header(&bed.get_with(&path, &[]).await, "etag").to_owned();
    let headers = [("if-none-match", tag.as_str()), ("prefer", "wait=50")];
    let waiting = bed.get_with(&path, &headers);
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), &mut waiting)
            .await
            .is_err()
    );
    bed.shutdown.cancel();
    let response = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert!(matches!(
        response.status(),
        StatusCode::NOT_MODIFIED | StatusCode::SERVICE_UNAVAILABLE
    ));
    bed.end().await;
}
