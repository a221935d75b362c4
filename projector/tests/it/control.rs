//! The admin API: who may ask, and what is answered.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use plimsoll_contracts::TenantId;
use plimsoll_host::{Claims, Keys, problem::no_such_path};
use plimsoll_projector::router;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    random::sales,
    support::{Bed, SALES},
};

async fn ask(router: &Router, method: &str, path: &str, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn operations_need_the_scope_operate_and_are_recorded_with_who_asked() {
    let bed = Bed::new().await;
    let process = bed.project(|_| ()).await;
    let end = bed.import(&sales(120, 5)).await;
    bed.reached(SALES, end).await;
    let keys = Keys::from_secret(&[7; 32]).unwrap();
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    let boss = Claims::everything("boss", TenantId::main(), until);
    let guest = Claims {
        scope: vec!["view:sales-volume".to_owned()],
        ..boss.clone()
    };
    let (boss, guest) = (keys.issue(&boss).unwrap(), keys.issue(&guest).unwrap());
    let router = router(process.projector.clone(), keys).fallback(no_such_path);

    assert_eq!(
        ask(&router, "GET", "/v1/projections", None).await.0,
        StatusCode::UNAUTHORIZED
    );
    for (method, path) in [
        ("GET", "/v1/projections"),
        ("POST", "/v1/projections/sales-volume/pause"),
    ] {
        assert_eq!(
            ask(&router, method, path, Some(&guest)).await.0,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let (status, list) = ask(&router, "GET", "/v1/projections", Some(&boss)).await;
    assert_eq!(status, StatusCode::OK);
    let sales = list["projections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == SALES)
        .unwrap();
    assert_eq!(
        (&sales["serving"], &sales["position"]),
        (&Value::Bool(true), &end.get().into())
    );
    let (_, one) = ask(&router, "GET", "/v1/projections/sales-volume", Some(&boss)).await;
    assert_eq!(one["versions"].as_array().unwrap().len(), 1);
    for (method, path) in [
        ("GET", "/v1/projections/nothing"),
        ("POST", "/v1/projections/nothing/rebuild"),
        ("POST", "/v1/projections/nothing/verify"),
        ("GET", "/v1/operations/none"),
        ("GET", "/v1/operations/0198c0de-0000-7000-8000-000000000000"),
    ] {
        assert_eq!(
            ask(&router, method, path, Some(&boss)).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let (status, operation) = ask(
        &router,
        "POST",
        "/v1/projections/sales-volume/rebuild",
        Some(&boss),
    )
    .await;
    assert_eq!(
        (status, &operation["actor"]),
        (StatusCode::ACCEPTED, &"boss".into())
    );
    let path = format!("/v1/operations/{}", operation["id"].as_str().unwrap());
    let (status, found) = ask(&router, "GET", &path, Some(&boss)).await;
    assert_eq!((status, &found["id"]), (StatusCode::OK, &operation["id"]));
    process.stop().await;
}
