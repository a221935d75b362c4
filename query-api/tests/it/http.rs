//! Answers, their conditions and their refusals.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    bed::{Bed, VIEW, header, keys, problem_code, until},
    writer::{cell, gone},
};

#[tokio::test]
async fn an_answer_says_where_it_stands_and_an_entity_tag_saves_it() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3), cell("P2", 5)]).await;
    let first = bed.get_with(&format!("/v1/views/{VIEW}"), &[]).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(header(&first, "view-position"), "k3f9.000000000001");
    assert_eq!(header(&first, "cache-control"), "private, no-cache");
    assert_eq!(header(&first, "view-state"), "live");
    assert!(header(&first, "vary").contains("Authorization"));
    assert!(!header(&first, "view-as-of").is_empty());
    let tag = header(&first, "etag").to_owned();
    assert!(tag.starts_with("\"k3f9."), "{tag} is strong");
    let body: serde_json::Value = first.json().await.unwrap();
    assert_eq!(body["position"], json!(1));
    assert_eq!(body["epoch"], json!("k3f9"));
    assert_eq!(body["stale"], json!(null));
    assert_eq!(body["parked"], json!(0));
    assert_eq!(body["rows"][0]["units_sold"], json!(3));
    assert_eq!(
        body["rows"][0]["order_ids"],
        json!(null),
        "what only the store needs stays there"
    );

    bed.writer.move_on(1).await;
    bed.answer_now("").await;
    let same = bed
        .get_with(&format!("/v1/views/{VIEW}"), &[("if-none-match", &tag)])
        .await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(
        header(&same, "view-position"),
        "k3f9.000000000002",
        "a 304 says how fresh it is"
    );
    assert_eq!(header(&same, "view-state"), "live");
    assert!(!header(&same, "view-as-of").is_empty());

    bed.writer.write(&[cell("P1", 4)]).await;
    bed.answer_now("").await;
    let other = bed
        .get_with(&format!("/v1/views/{VIEW}"), &[("if-none-match", &tag)])
        .await;
    assert_eq!(other.status(), StatusCode::OK);
    bed.end().await;
}

#[tokio::test]
async fn the_tag_of_another_question_or_format_does_not_match() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let path = format!("/v1/views/{VIEW}");
    let tag = header(&bed.get_with(&path, &[]).await, "etag").to_owned();
    for (path, accept) in [
        (format!("{path}?limit=1"), "application/json"),
        (format!("{path}?sort=-units_sold"), "application/json"),
        (format!("{path}?channel=web"), "application/json"),
        (path.clone(), "text/csv"),
    ] {
        let response = bed
            .get_with(&path, &[("if-none-match", &tag), ("accept", accept)])
            .await;
        assert_eq!(response.status(), StatusCode::OK, "{path} {accept}");
    }
    bed.end().await;
}

#[tokio::test]
async fn a_view_that_is_behind_says_by_how_much() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    let response = bed
        .get_with(&format!("/v1/views/{VIEW}?min_position=11"), &[])
        .await;
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    assert_eq!(header(&response, "retry-after"), "1");
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(
        (problem_code(&problem), &problem["behind"]),
        ("view-behind", &json!(10))
    );
    bed.end().await;
}

#[tokio::test]
async fn a_parameter_that_does_not_exist_or_parse_is_refused_by_name() {
    let bed = Bed::new().await;
    for (query, name) in [
        ("colour=red", "colour"),
        ("as_of_position=then", "as_of_position"),
        ("from=yesterday", "from"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("next=nonsense", "next"),
        ("sort=no_such", "sort"),
        ("min_position=soon", "min_position"),
        ("min_position=zzzz.000000000001", "min_position"),
        ("at=2026-03-01&at=2026-03-02", "at"),
        ("table=no_such", "table"),
    ] {
        let (status, problem) = bed.get(&format!("/v1/views/{VIEW}?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {problem}");
        assert_eq!(problem_code(&problem), "invalid-parameter", "{query}");
        assert_eq!(problem["parameter"], json!(name), "{query}");
    }
    bed.end().await;
}

#[tokio::test]
async fn what_is_not_there_and_who_may_not_are_told_as_problems() {
    let bed = Bed::new().await;
    let (status, problem) = bed.get("/v1/views/no-such-view").await;
    assert_eq!(
        (status, problem_code(&problem)),
        (StatusCode::NOT_FOUND, "not-found")
    );
    let (status, _) = bed.get("/v1/no/such/path").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, problem) = bed.get("/v1/views/call-time").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem_code(&problem), "not-yet-projected");
    let bare = bed.http.get(bed.url("/v1/views")).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let wrong = bed.http.post(bed.url("/v1/views")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    let picky = bed
        .get_with(&format!("/v1/views/{VIEW}"), &[("accept", "image/png")])
        .await;
    assert_eq!(picky.status(), StatusCode::NOT_ACCEPTABLE);
    bed.end().await;
}

#[tokio::test]
async fn the_list_names_views_parameters_columns_and_positions() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 3)]).await;
    until("the list shows the position", async || {
        bed.get("/v1/views").await.1["views"][0]["position"] == json!(1)
    })
    .await;
    let (status, list) = bed.get("/v1/views").await;
    assert_eq!(status, StatusCode::OK);
    let views = list["views"].as_array().unwrap();
    assert_eq!(views.len(), 4);
    let sales = views.iter().find(|view| view["name"] == VIEW).unwrap();
    assert_eq!(
        (&sales["position"], &sales["version"], &sales["state"]),
        (&json!(1), &json!(1), &json!("live"))
    );
    assert_eq!(sales["tables"][0]["name"], json!("rows"));
    let (_, answer) = bed.get(&format!("/v1/views/{VIEW}")).await;
    let described: Vec<&str> = sales["tables"][0]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    let row = answer["rows"][0].as_object().unwrap();
    for column in row
        .keys()
        .filter(|c| !["key", "position", "revision", "state"].contains(&c.as_str()))
    {
        assert!(described.contains(&column.as_str()), "{column}");
    }
    bed.end().await;
}

#[tokio::test]
async fn a_ranking_loses_a_row_and_takes_another_in() {
    let mut bed = Bed::new().await;
    bed.writer
        .write(&[cell("P1", 30), cell("P2", 20), cell("P3", 10)])
        .await;
    let top = bed.answer_now("top=2").await;
    assert!(
        keys(&top)[0].contains("P1") && keys(&top)[1].contains("P2"),
        "{top}"
    );
    bed.writer.write(&[gone("P1")]).await;
    let top = bed.answer_now("top=2").await;
    assert!(
        keys(&top)[0].contains("P2") && keys(&top)[1].contains("P3"),
        "{top}"
    );
    bed.end().await;
}
