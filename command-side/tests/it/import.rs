//! `POST /v1/events:import`: in order, once, a batch at a time; a bad line says where and what.

use std::io::Write as _;

use plimsoll_contracts::StreamId;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{House, answer, code};

fn line(order: &str) -> Value {
    json!({"id": Uuid::now_v7(), "stream": format!("order-{order}"), "version": 1, "type": "OrderCancelled",
        "schema": 1, "occurred_at": "2026-03-01T14:30:00.000Z", "correlation_id": "feed",
        "actor": {"kind": "system", "id": "feed"}, "data": {"order_id": order}})
}

fn lines(count: usize) -> Vec<Value> {
    (0..count).map(|n| line(&format!("I{n}"))).collect()
}

fn ndjson(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn import(house: &House, body: impl Into<reqwest::Body>) -> RequestBuilder {
    house
        .request(Method::POST, "/v1/events:import")
        .header("Content-Type", "application/x-ndjson")
        .body(body)
}

/// The lines of the answer.
async fn told(request: RequestBuilder) -> Vec<Value> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    response
        .text()
        .await
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn events_are_imported_in_order_and_a_repeat_is_nothing() {
    let house = House::new().await;
    let body = ndjson(&lines(2_500));
    let first = told(import(&house, body.clone())).await;
    assert_eq!(first.len(), 4, "{first:?}");
    assert_eq!(
        (&first[0]["line"], &first[0]["appended"]),
        (&json!(1_000), &json!(1_000))
    );
    let last = first.last().unwrap();
    assert_eq!((&last["appended"], &last["repeated"]), (&json!(2_500), &json!(0)));
    assert!(last["position"].as_u64().unwrap() >= 2_500);
    let again = told(import(&house, body)).await;
    assert_eq!(
        (&again[3]["appended"], &again[3]["repeated"]),
        (&json!(0), &json!(2_500))
    );
    let stream: StreamId = "order-I7".parse().unwrap();
    let events = house
        .log
        .read_stream(&house.tenant, &stream, 1, 10)
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].schema, 2, "read in the newest schema");
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_of_its_batch_is_appended() {
    let house = House::new().await;
    for (case, (broken, what)) in [
        (json!({"type": "OrderEaten"}), "not in the catalogue"),
        (json!({"data": {}}), "missing field `order_id`"),
        (json!({"tenant": "main"}), "tenant `main`"),
        (json!({"version": 7}), "version 7 of stream"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut all: Vec<Value> = (0..1_500).map(|n| line(&format!("{case}.{n}"))).collect();
        for (field, value) in broken.as_object().unwrap() {
            all[1_200][field] = value.clone();
        }
        let told = told(import(&house, ndjson(&all))).await;
        assert_eq!(told[1]["line"], 1_201, "{told:?}");
        assert_eq!(code(&told[1]["problem"]), "invalid-event");
        assert!(
            told[1]["problem"]["detail"].as_str().unwrap().contains(what),
            "{what}: {told:?}"
        );
        assert_eq!(told.last().unwrap()["appended"], 1_000);
        assert!(house.types(&format!("order-{case}.1100")).await.is_empty());
    }
}

#[tokio::test]
async fn a_packed_body_is_unpacked_as_it_comes() {
    let house = House::new().await;
    let mut packed = Vec::new();
    packed.write_all(ndjson(&lines(3)).as_bytes()).unwrap();
    let gzip = async_compression::tokio::bufread::GzipEncoder::new(std::io::Cursor::new(packed.clone()));
    let zstd = async_compression::tokio::bufread::ZstdEncoder::new(std::io::Cursor::new(packed));
    let gzip = read(gzip).await;
    let zstd = read(zstd).await;
    let first = told(import(&house, gzip).header("Content-Encoding", "gzip")).await;
    assert_eq!(first.last().unwrap()["appended"], 3);
    let second = told(import(&house, zstd).header("Content-Encoding", "zstd")).await;
    assert_eq!(second.last().unwrap()["repeated"], 3);
    let broken = told(import(&house, "no gzip").header("Content-Encoding", "gzip")).await;
    assert_eq!(code(&broken[0]["problem"]), "body-incomplete");
}

async fn read(mut reader: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut all = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut all)
        .await
        .unwrap();
    all
}

/// Seen with `TenantConfigured` on an order's stream: every view of the tenant followed it.
#[tokio::test]
async fn an_event_on_a_stream_that_is_not_its_own_is_refused_and_configuration_needs_operate() {
    let house = House::new().await;
    let mut stray = line("S1");
    stray["stream"] = json!("order-S2");
    let mut configured = line("S1");
    configured["type"] = json!("TenantConfigured");
    configured["data"] = json!({"changes": {"cut": "05:00"}});
    let mut own = configured.clone();
    own["stream"] = json!(format!("config-{}", house.tenant));
    let mut feeder = house.claims();
    feeder.scope = vec!["import".to_owned()];
    let feeder = house.token(&feeder);
    for (line, what) in [
        (&stray, "belongs on `order-S1`"),
        (&configured, "belongs on `config-"),
        (&own, "`operate`"),
    ] {
        let request = house
            .bare(Method::POST, "/v1/events:import")
            .bearer_auth(&feeder)
            .header("Content-Type", "application/x-ndjson");
        let told = told(request.body(ndjson(std::slice::from_ref(line)))).await;
        let detail = told[0]["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains(what), "{what}: {told:?}");
        assert_eq!(told[1]["appended"], 0);
    }
    assert_eq!(told(import(&house, ndjson(&[own]))).await[1]["appended"], 1);
    assert_eq!(house.get("/v1/config").await.1["cut"], "05:00");
}

#[tokio::test]
async fn every_wrong_import_gets_its_problem() {
    let house = House::new().await;
    let mut narrow = house.claims();
    narrow.scope = vec!["command:*".to_owned()];
    let path = "/v1/events:import";
    let narrow = house.bare(Method::POST, path).bearer_auth(house.token(&narrow));
    for (request, status, expected) in [
        (house.bare(Method::POST, path).body("{}"), 401, "unauthenticated"),
        (narrow.body("{}"), 403, "forbidden"),
        (
            house.request(Method::POST, path).body("{}"),
            415,
            "unsupported-media-type",
        ),
        (
            import(&house, "{}").header("Content-Encoding", "br"),
            415,
            "unsupported-media-type",
        ),
        (house.request(Method::GET, path), 405, "method-not-allowed"),
    ] {
        let (found, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((found.as_u16(), code(&problem)), (status, expected), "{problem}");
    }
    let mut long = line("I1");
    long["data"]["note"] = json!("x".repeat(513 << 10));
    let told = told(import(&house, ndjson(&[long]))).await;
    assert_eq!(
        (code(&told[0]["problem"]), &told[0]["line"]),
        ("payload-too-large", &json!(1))
    );
    assert_eq!(told[1]["appended"], 0);
}
