//! Streams, the feed, the log's end, the configuration, and the end of the service.

use std::time::Duration;

use plimsoll_command_side::run;
use plimsoll_contracts::StreamId;
use plimsoll_devstack::unique_name;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    commands::order,
    support::{House, answer, code},
};

#[tokio::test]
async fn a_stream_is_read_in_pages_of_versions() {
    let house = House::new().await;
    house.accepted("orders/PlaceOrder", order("O1")).await;
    for no in 1..=3 {
        let body = json!({"order_id": "O1", "return_id": format!("R{no}"), "line_no": 1, "qty": 1});
        house.accepted("orders/ReturnItem", body).await;
    }
    let (_, page) = house.get("/v1/streams/order-O1?limit=3").await;
    assert_eq!(
        (page["events"].as_array().unwrap().len(), &page["next"]),
        (3, &json!(4))
    );
    let (_, page) = house.get("/v1/streams/order-O1?from=4&limit=3").await;
    assert_eq!(
        (page["events"].as_array().unwrap().len(), &page["next"]),
        (1, &json!(null))
    );
    for (path, status) in [
        ("/v1/streams/order-O9", 404),
        ("/v1/streams/order-O9?from=2", 404),
        ("/v1/streams/order-O1?from=9", 200),
        ("/v1/streams/Order", 400),
        ("/v1/streams/order-O1?limit=0", 400),
        ("/v1/streams/order-O1?form=2", 400),
    ] {
        assert_eq!(house.get(path).await.0.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn the_feed_is_the_tenants_events_in_log_order_from_where_one_left_off() {
    let house = House::new().await;
    for id in ["O1", "O2", "O3"] {
        house.accepted("orders/PlaceOrder", order(id)).await;
    }
    house
        .accepted(
            "orders/CancelOrder",
            json!({"order_id": "O2", "reason": "customer"}),
        )
        .await;
    let types = |page: &Value| -> Vec<String> {
        page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut after, mut seen) = (0, Vec::new());
    while seen.len() < 4 {
        let (_, page) = house.get(&format!("/v1/events?after={after}&limit=2")).await;
        let next = page["position"].as_u64().unwrap();
        assert!(next > after, "{page}");
        after = next;
        seen.extend(types(&page));
    }
    assert_eq!(
        seen,
        ["OrderPlaced", "OrderPlaced", "OrderPlaced", "OrderCancelled"]
    );
    let (_, cancelled) = house.get("/v1/events?type=OrderCancelled,OrderShipped").await;
    assert_eq!(types(&cancelled), ["OrderCancelled"]);
    let token = format!("{}.{after:012}", house.log.epoch());
    assert_eq!(
        house.get(&format!("/v1/events?after={token}")).await.1["events"],
        json!([])
    );
    for wrong in [
        "after=zzz.1",
        "after=x",
        "type=OrderEaten",
        "limit=many",
        "since=1",
    ] {
        let (status, problem) = house.get(&format!("/v1/events?{wrong}")).await;
        assert_eq!(
            (status, code(&problem)),
            (StatusCode::BAD_REQUEST, "invalid-parameter"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn raw_events_need_their_scope_and_no_row_restriction() {
    let house = House::new().await;
    house.accepted("orders/PlaceOrder", order("O1")).await;
    let ask = async |scope: &str, own: bool, path: &str| {
        let mut claims = house.claims();
        claims.scope = vec![scope.to_owned()];
        claims.own = own.then(|| ["A".to_owned()].into());
        let request = house.bare(Method::GET, path).bearer_auth(house.token(&claims));
        answer(request.send().await.unwrap()).await.0.as_u16()
    };
    assert_eq!(ask("audit", false, "/v1/events").await, 200);
    assert_eq!(ask("command:orders", false, "/v1/events").await, 403);
    assert_eq!(ask("command:orders", false, "/v1/streams/order-O1").await, 200);
    assert_eq!(ask("command:calls", false, "/v1/streams/order-O1").await, 403);
    assert_eq!(ask("command:orders", true, "/v1/streams/order-O1").await, 403);
    assert_eq!(ask("audit", true, "/v1/events").await, 403);
}

#[tokio::test]
async fn the_log_says_where_it_ends() {
    let house = House::new().await;
    let accepted = house.accepted("orders/PlaceOrder", order("O1")).await;
    let (status, log) = house.get("/v1/log").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(log["epoch"], json!(house.log.epoch()));
    assert!(log["position"].as_u64() >= accepted["position"].as_u64());
    assert!(log["stream"].as_object().unwrap().contains_key("sequence"));
}

#[tokio::test]
async fn configuration_changes_by_key_and_each_change_is_an_event() {
    let house = House::new().await;
    let put = |body: Value| house.request(Method::PUT, "/v1/config").json(&body);
    assert_eq!(house.get("/v1/config").await.1["cut"], "00:00");
    let (status, config) = answer(put(json!({"cut": "05:00"})).send().await.unwrap()).await;
    assert_eq!(
        (status, &config["cut"], &config["zone"]),
        (StatusCode::OK, &json!("05:00"), &json!("Asia/Seoul"))
    );
    answer(put(json!({"cut": "05:00"})).send().await.unwrap()).await;
    answer(put(json!({"zone": "Asia/Tokyo"})).send().await.unwrap()).await;
    let stream = format!("config-{}", house.tenant);
    assert_eq!(
        house.types(&stream).await,
        ["TenantConfigured", "TenantConfigured"]
    );
    assert_eq!(house.get("/v1/config").await.1["zone"], "Asia/Tokyo");
    for wrong in [
        json!({"zoen": "x"}),
        json!({"cut": 5}),
        json!([]),
        json!({"effective_from": "2027-01-01"}),
    ] {
        let (status, problem) = answer(put(wrong.clone()).send().await.unwrap()).await;
        assert_eq!(
            (status, code(&problem)),
            (StatusCode::BAD_REQUEST, "invalid-command"),
            "{wrong}"
        );
    }
    let stale = put(json!({"cut": "06:00"})).header("If-Match", "\"1\"");
    assert_eq!(answer(stale.send().await.unwrap()).await.0, StatusCode::CONFLICT);
    let mut claims = house.claims();
    claims.scope = vec!["command:*".to_owned()];
    let forbidden = house
        .bare(Method::PUT, "/v1/config")
        .bearer_auth(house.token(&claims))
        .json(&json!({}));
    assert_eq!(
        answer(forbidden.send().await.unwrap()).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn many_at_once_on_one_stream_all_find_their_turn() {
    let house = House::new().await;
    house.accepted("payments/PublishFxRate", rate(1)).await;
    let all = (2..=12).map(|n| {
        house
            .command("payments/PublishFxRate", &unique_name("k"), &rate(n))
            .send()
    });
    for response in futures::future::join_all(all).await {
        let status = answer(response.unwrap()).await.0;
        assert!(
            status == StatusCode::ACCEPTED || status == StatusCode::CONFLICT,
            "{status}"
        );
    }
    let stream: StreamId = "fxrate-USDKRW".parse().unwrap();
    let events = house
        .log
        .read_stream(&house.tenant, &stream, 1, 100)
        .await
        .unwrap();
    let versions: Vec<u32> = events.iter().map(|event| event.version).collect();
    assert_eq!(
        versions,
        (1..=u32::try_from(versions.len()).unwrap()).collect::<Vec<_>>()
    );
}

fn rate(micros: u32) -> Value {
    json!({"base": "USD", "quote": "KRW", "rate_micros": micros, "effective_from": "2026-03-11"})
}

#[tokio::test]
async fn the_service_ends_with_the_shutdown() {
    let house = House::new().await;
    let shutdown = CancellationToken::new();
    let background = {
        let (side, shutdown) = (house.side.clone(), shutdown.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tokio::spawn(run(side, listener, shutdown))
    };
    house.accepted("orders/PlaceOrder", order("O1")).await;
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(30), background)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
