//! `POST /v1/commands/{context}/{Command}`: shape, keys, versions, and everything that can be wrong.

use plimsoll_devstack::unique_name;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{House, answer, code};

pub(crate) fn order(id: &str) -> Value {
    json!({"order_id": id, "channel": "web", "region": "KR", "currency": "KRW", "order_discount_minor": 0,
        "shipping_minor": 0, "occurred_at": "2026-03-01T14:30:00.000Z", "lines": [{"line_no": 1, "product_id": "P1",
        "category": "C1", "uom": "ea", "kind": "goods", "qty": 3, "unit_price_micros": 1_000_000_000,
        "discount_minor": 0, "tax_minor": 0}]})
}

#[tokio::test]
async fn a_command_is_answered_with_its_place_in_the_log() {
    let house = House::new().await;
    let response = house
        .command("orders/PlaceOrder", "k1", &order("O1"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["location"], "/v1/streams/order-O1");
    let token = response.headers()["view-position"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let position = body["position"].as_u64().unwrap();
    assert_eq!(token, format!("{}.{position:012}", house.log.epoch()));
    assert_eq!(
        body,
        json!({"position": position, "epoch": house.log.epoch(), "stream": "order-O1", "version": 1,
            "events": ["OrderPlaced"]})
    );
    let (_, page) = house.get("/v1/streams/order-O1").await;
    let event = &page["events"][0];
    assert_eq!(event["position"], position);
    assert_eq!(event["occurred_at"], "2026-03-01T14:30:00.000Z");
    assert_eq!(event["actor"], json!({"kind": "user", "id": "U1"}));
    assert_eq!(event["data"]["total_minor"], 3_000);
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_appends_nothing() {
    let house = House::new().await;
    let first = answer(
        house
            .command("orders/PlaceOrder", "k1", &order("O1"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    house
        .accepted(
            "orders/CancelOrder",
            json!({"order_id": "O1", "reason": "customer"}),
        )
        .await;
    let again = answer(
        house
            .command("orders/PlaceOrder", "k1", &order("O1"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(first, again);
    assert_eq!(house.types("order-O1").await, ["OrderPlaced", "OrderCancelled"]);
    let (status, problem) = answer(
        house
            .command("orders/PlaceOrder", "k1", &order("O2"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, code(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused")
    );
    assert!(house.types("order-O2").await.is_empty());
}

#[tokio::test]
async fn a_refusal_is_repeated_under_its_key_even_when_the_world_has_changed() {
    let house = House::new().await;
    let ship = json!({"order_id": "O1", "reason": "customer"});
    let first = answer(
        house
            .command("orders/CancelOrder", "k1", &ship)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (first.0, code(&first.1)),
        (StatusCode::NOT_FOUND, "stream-not-found")
    );
    house.accepted("orders/PlaceOrder", order("O1")).await;
    let again = answer(
        house
            .command("orders/CancelOrder", "k1", &ship)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_repeat_without_effect_is_accepted_without_events() {
    let house = House::new().await;
    house.accepted("orders/PlaceOrder", order("O1")).await;
    let cancel = json!({"order_id": "O1", "reason": "customer"});
    house.accepted("orders/CancelOrder", cancel.clone()).await;
    let again = house.accepted("orders/CancelOrder", cancel).await;
    assert_eq!(
        (again["version"].as_u64(), &again["events"]),
        (Some(2), &json!([]))
    );
}

#[tokio::test]
async fn an_expected_version_that_is_not_there_is_a_conflict_that_names_the_current_one() {
    let house = House::new().await;
    house.accepted("orders/PlaceOrder", order("O1")).await;
    let cancel = json!({"order_id": "O1", "reason": "customer"});
    let at = |version: &str| {
        house
            .command("orders/CancelOrder", &unique_name("k"), &cancel)
            .header("If-Match", version.to_owned())
    };
    let (status, problem) = answer(at("\"7\"").send().await.unwrap()).await;
    assert_eq!(
        (status, code(&problem), problem["current"].as_u64()),
        (StatusCode::CONFLICT, "version-conflict", Some(1))
    );
    assert_eq!(
        answer(at("7").send().await.unwrap()).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        answer(at("\"1\"").send().await.unwrap()).await.0,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn a_rule_of_the_domain_refuses_by_its_name() {
    let house = House::new().await;
    house.accepted("orders/PlaceOrder", order("O1")).await;
    house
        .refused("orders/PlaceOrder", order("O1"), "AlreadyExists")
        .await;
    house
        .refused("orders/ShipOrder", json!({"order_id": "O1"}), "NotConfirmed")
        .await;
}

#[tokio::test]
async fn a_wrong_body_is_named_by_pointer() {
    let house = House::new().await;
    let mut body = order("O1");
    body["lines"][0]["qty"] = json!("three");
    let (status, problem) = answer(
        house
            .command("orders/PlaceOrder", "k1", &body)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, code(&problem)),
        (StatusCode::BAD_REQUEST, "invalid-command")
    );
    assert_eq!(problem["errors"][0]["pointer"], "/lines/0/qty");
    let garbage = house
        .request(Method::POST, "/v1/commands/orders/PlaceOrder")
        .header("Idempotency-Key", "k1")
        .header("Content-Type", "application/json")
        .body("{\"order_id\":");
    assert_eq!(
        answer(garbage.send().await.unwrap()).await.0,
        StatusCode::BAD_REQUEST
    );
    // Nothing of this used the key up.
    assert_eq!(
        house
            .command("orders/PlaceOrder", "k1", &order("O1"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn every_wrong_request_gets_its_problem() {
    let house = House::new().await;
    let path = "/v1/commands/orders/PlaceOrder";
    let body = order("O1");
    let keyed = |method, path| house.request(method, path).header("Idempotency-Key", "k1");
    let mut narrow = house.claims();
    narrow.scope = vec!["command:payments".to_owned()];
    let narrow = house
        .bare(Method::POST, path)
        .bearer_auth(house.token(&narrow))
        .header("Idempotency-Key", "k1");
    let large = format!("{{\"order_id\":\"{}\"}}", "x".repeat(1 << 20));
    for (request, status, expected) in [
        (house.bare(Method::POST, path).json(&body), 401, "unauthenticated"),
        (narrow.json(&body), 403, "forbidden"),
        (
            house.request(Method::POST, path).json(&body),
            400,
            "missing-idempotency-key",
        ),
        (
            house.command("orders/PlaceOrder", &"k".repeat(65), &body),
            400,
            "invalid-idempotency-key",
        ),
        (
            keyed(Method::POST, "/v1/commands/orders/EatOrder").json(&body),
            404,
            "not-found",
        ),
        (
            keyed(Method::POST, "/v1/commands/orders").json(&body),
            404,
            "not-found",
        ),
        (keyed(Method::GET, path), 405, "method-not-allowed"),
        (keyed(Method::POST, path).body("x"), 415, "unsupported-media-type"),
        (
            keyed(Method::POST, path)
                .header("Content-Type", "application/json")
                .body(large),
            413,
            "payload-too-large",
        ),
        (
            keyed(Method::POST, path)
                .header("Correlation-Id", "a b")
                .json(&body),
            400,
            "invalid-parameter",
        ),
    ] {
        let (found, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((found.as_u16(), code(&problem)), (status, expected), "{problem}");
    }
    assert!(house.types("order-O1").await.is_empty());
}

#[tokio::test]
async fn nobody_reads_or_writes_across_tenants() {
    let (house, other) = (House::new().await, House::new().await);
    house.accepted("orders/PlaceOrder", order("O1")).await;
    assert_eq!(other.get("/v1/streams/order-O1").await.0, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/v1/events").await.1["events"], json!([]));
    other.accepted("orders/PlaceOrder", order("O1")).await;
    assert_eq!(
        house.get("/v1/events").await.1["events"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
