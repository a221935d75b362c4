//! Development tokens exist only where they are switched on.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bed::Bed;

#[tokio::test]
async fn without_the_switch_there_is_no_such_route() {
    let bed = Bed::new().await;
    let response = bed
        .http
        .post(bed.url("/v1/dev/token"))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    bed.end().await;
}

#[tokio::test]
async fn with_the_switch_a_token_says_what_was_asked_for() {
    let bed = Bed::with(|options| options.dev_tokens = true).await;
    let ask = async |body: &'static str| {
        bed.http
            .post(bed.url("/v1/dev/token"))
            .body(body)
            .send()
            .await
            .unwrap()
    };
    let answer: Value = ask(r#"{"scope":"view:revenue","tenant":"other","own":["A1"]}"#)
        .await
        .json()
        .await
        .unwrap();
    let claims = bed.keys.verify(answer["token"].as_str().unwrap()).unwrap();
    assert_eq!(claims.tenant.as_str(), "other");
    assert_eq!(claims.scope, ["view:revenue"]);
    assert_eq!(claims.own, Some(crate::bed::ids(&["A1"])));
    for body in ["", "{}"] {
        let answer: Value = ask(body).await.json().await.unwrap();
        assert!(
            bed.keys
                .verify(answer["token"].as_str().unwrap())
                .unwrap()
                .allows("view:anything")
        );
    }
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let request = bed.http.post(bed.url("/v1/dev/token")).header(name, value);
        let refused = request.body("{}").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{name}");
    }
    let large = bed.http.post(bed.url("/v1/dev/token")).body("x".repeat(3 << 20));
    let large = large.send().await.unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(large.headers()["content-type"], "application/problem+json");
    let refused = ask(r#"{"scopes":"x"}"#).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["status"], json!(400));
    bed.end().await;
}
