//! `POST /v1/commands:batch`: together in one append, or one by one.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    commands::order,
    support::{House, answer, code},
};

fn place(id: &str) -> Value {
    json!({"context": "orders", "command": "PlaceOrder", "data": order(id)})
}

fn cancel(id: &str) -> Value {
    json!({"context": "orders", "command": "CancelOrder", "data": {"order_id": id, "reason": "customer"}})
}

fn ship(id: &str) -> Value {
    json!({"context": "orders", "command": "ShipOrder", "data": {"order_id": id}})
}

fn batch(house: &House, key: &str, atomic: bool, commands: &[Value]) -> RequestBuilder {
    house
        .request(Method::POST, "/v1/commands:batch")
        .header("Idempotency-Key", key)
        .json(&json!({"atomic": atomic, "commands": commands}))
}

#[tokio::test]
async fn an_atomic_batch_is_one_append_and_later_commands_see_earlier_ones() {
    let house = House::new().await;
    let request = || batch(&house, "k1", true, &[place("O1"), place("O2"), cancel("O1")]);
    let (status, first) = answer(request().send().await.unwrap()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let last = first["position"].as_u64().unwrap();
    let results = first["results"].as_array().unwrap();
    let seen: Vec<(u64, u64)> = results
        .iter()
        .map(|r| {
            (
                last - r["position"].as_u64().unwrap(),
                r["version"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [(2, 1), (1, 1), (0, 2)]);
    assert_eq!(answer(request().send().await.unwrap()).await, (status, first));
    assert_eq!(house.types("order-O1").await, ["OrderPlaced", "OrderCancelled"]);
}

#[tokio::test]
async fn an_atomic_batch_with_one_refusal_writes_nothing() {
    let house = House::new().await;
    let commands = [place("O1"), ship("O1"), place("O2")];
    let (status, problem) = answer(batch(&house, "k1", true, &commands).send().await.unwrap()).await;
    assert_eq!(
        (status, problem["reason"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("NotConfirmed"))
    );
    assert_eq!(problem["index"], 1);
    assert!(house.types("order-O1").await.is_empty());
    let wrong = [
        place("O1"),
        json!({"context": "orders", "command": "PlaceOrder", "data": {}}),
    ];
    let (status, problem) = answer(batch(&house, "k2", true, &wrong).send().await.unwrap()).await;
    assert_eq!(
        (status, problem["index"].as_u64()),
        (StatusCode::BAD_REQUEST, Some(1))
    );
    assert!(house.types("order-O1").await.is_empty());
}

#[tokio::test]
async fn one_by_one_each_command_has_its_own_result() {
    let house = House::new().await;
    let request = || batch(&house, "k1", false, &[place("O1"), ship("O1"), place("O2")]);
    let (status, first) = answer(request().send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let statuses: Vec<u64> = first["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [202, 422, 202]);
    assert_eq!(first["results"][1]["problem"]["reason"], "NotConfirmed");
    assert_eq!(answer(request().send().await.unwrap()).await.1, first);
    assert_eq!(house.types("order-O2").await, ["OrderPlaced"]);
}

#[tokio::test]
async fn an_expected_version_and_a_key_can_come_with_the_item() {
    let house = House::new().await;
    let mut stale = place("O1");
    stale["if_match"] = json!("\"4\"");
    stale["idempotency_key"] = json!("own");
    let bare = house
        .request(Method::POST, "/v1/commands:batch")
        .json(&json!([stale]));
    let (_, answered) = answer(bare.send().await.unwrap()).await;
    assert_eq!(answered["results"][0]["problem"]["current"], 0, "{answered}");
}

#[tokio::test]
async fn every_wrong_batch_gets_its_problem() {
    let house = House::new().await;
    let many: Vec<Value> = (0..101).map(|n| place(&format!("O{n}"))).collect();
    let keyless = house.request(Method::POST, "/v1/commands:batch");
    let mut narrow = house.claims();
    narrow.scope = vec!["command:payments".to_owned()];
    let narrow = house
        .bare(Method::POST, "/v1/commands:batch")
        .bearer_auth(house.token(&narrow));
    let body = json!({"atomic": true, "commands": [place("O1")]});
    for (request, status, expected) in [
        (batch(&house, "k", true, &many), 413, "payload-too-large"),
        (batch(&house, "k", true, &[]), 400, "invalid-command"),
        (
            batch(&house, "k", true, &[json!({"context": "orders"})]),
            400,
            "invalid-command",
        ),
        (keyless.json(&body), 400, "missing-idempotency-key"),
        (
            narrow.header("Idempotency-Key", "k").json(&body),
            403,
            "forbidden",
        ),
    ] {
        let (found, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((found.as_u16(), code(&problem)), (status, expected), "{problem}");
    }
    assert!(house.types("order-O1").await.is_empty());
}
