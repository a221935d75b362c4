//! Nobody reads across tenants or beyond their scope (invariant 10).

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    bed::{Bed, VIEW, ids, keys},
    client::Heard,
    writer::cell,
};

async fn as_user(bed: &Bed, token: &str, path: &str) -> (StatusCode, Value) {
    let response = bed
        .http
        .get(bed.url(path))
        .bearer_auth(token)
        .header("prefer", "wait=20")
        .send()
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap())
}

/// Seen failing with the changes of all tenants applied.
#[tokio::test]
async fn tenants_never_see_each_other() {
    let mut bed = Bed::new().await;
    bed.writer
        .write(&[cell("P1", 3), cell("P2", 5).of("other")])
        .await;
    let other = bed.token(|claims| claims.tenant = "other".parse().unwrap());
    let (mut theirs, _) = bed.connect_as(&other).await;
    let topic = theirs.subscribe("a", json!({}), None).await.topic;
    let mut mine = bed.connect().await;
    let my_topic = mine.subscribe("a", json!({}), None).await.topic;
    assert_ne!(topic, my_topic);
    let position = bed
        .writer
        .write(&[cell("P3", 7), cell("P4", 9).of("other")])
        .await;
    let (_, answer) = as_user(&bed, &other, &format!("/v1/views/{VIEW}?min_position={position}")).await;
    assert!(
        keys(&answer)
            .iter()
            .all(|key| key.contains("P2") || key.contains("P4")),
        "{answer}"
    );
    let replica = theirs.until(topic, position).await;
    assert_eq!(replica.rows.len(), 2);
    assert!(
        replica
            .rows
            .keys()
            .all(|key| key.contains("P2") || key.contains("P4"))
    );
    assert_eq!(mine.until(my_topic, position).await.rows.len(), 2);
    bed.end().await;
}

#[tokio::test]
async fn a_view_outside_of_the_scope_is_forbidden_on_every_transport() {
    let bed = Bed::new().await;
    let token = bed.token(|claims| claims.scope = vec!["view:revenue".to_owned()]);
    for path in [format!("/v1/views/{VIEW}"), format!("/v1/views/{VIEW}/changes")] {
        let (status, _) = as_user(&bed, &token, &path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, list) = as_user(&bed, &token, "/v1/views").await;
    assert_eq!(list["views"].as_array().unwrap().len(), 1);
    let (mut client, _) = bed.connect_as(&token).await;
    for frame in [
        json!({"type": "subscribe", "id": "a", "view": VIEW, "params": {}}),
        json!({"type": "wait", "id": "a", "view": VIEW, "position": 1, "timeout_ms": 10}),
    ] {
        client.say(frame).await;
        let Heard::Text(text) = client.hear().await else {
            panic!("closed")
        };
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&error["type"], &error["id"], &error["problem"]["status"]),
            (&json!("error"), &json!("a"), &json!(403))
        );
    }
    bed.end().await;
}

#[tokio::test]
async fn another_own_claim_is_another_cohort_and_a_refreshed_token_moves_the_subscription() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let narrow = bed.token(|claims| claims.own = Some(ids(&["A1"])));
    let (mut client, _) = bed.connect_as(&narrow).await;
    let first = client.subscribe("a", json!({}), None).await;
    let mut wide = bed.connect().await;
    assert_ne!(wide.subscribe("a", json!({}), None).await.topic, first.topic);
    client
        .say(json!({"type": "auth", "token": bed.token(|_| {})}))
        .await;
    let again = loop {
        if let plimsoll_contracts::wire::ServerFrame::Subscribed(again) = client.frame().await {
            break again;
        }
    };
    assert_eq!(again.id, "a");
    assert_ne!(again.topic, first.topic);
    assert!(client.heard.contains(&"reset".to_owned()));
    let none = bed.token(|claims| claims.scope = vec!["operate".to_owned()]);
    client.say(json!({"type": "auth", "token": none})).await;
    loop {
        if let plimsoll_contracts::wire::ServerFrame::Unsubscribed(ended) = client.frame().await {
            assert_eq!(ended.problem.unwrap().status, 403);
            break;
        }
    }
    client
        .say(json!({"type": "auth", "token": bed.token(|claims| claims.sub = "U2".to_owned())}))
        .await;
    assert_eq!(client.close_code().await, 4503);
    bed.end().await;
}
