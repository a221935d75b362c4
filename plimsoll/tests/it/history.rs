//! The past over HTTP: what every view answered while events flowed is what it answers later, asked
//! as of then.

use plimsoll::client::Client;
use plimsoll_contracts::ImportedEvent;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    rig::{Rig, import, rows},
    vectors::{CALLS, COMMISSION, REVENUE, SALES, importable, mapped, shown, sorted},
};

type Question = &'static [(&'static str, &'static str)];

const QUESTIONS: &[(&str, &str, &[Question])] = &[
    (
        "sales-volume",
        SALES,
        &[
            &[],
            &[("attribution", "cohort")],
            &[("group_by", "product,day")],
            &[("top", "3")],
            &[("table", "products")],
        ],
    ),
    (
        "call-time",
        CALLS,
        &[
            &[],
            &[("table", "queues")],
            &[("table", "centre")],
            &[("table", "live")],
            &[("table", "marked")],
            &[("group_by", "day")],
        ],
    ),
    (
        "revenue",
        REVENUE,
        &[
            &[],
            &[("table", "minutes")],
            &[("failures", "true")],
            &[("group_by", "day")],
        ],
    ),
    (
        "commission",
        COMMISSION,
        &[
            &[],
            &[("table", "lines")],
            &[("table", "policies")],
            &[("table", "persistency")],
        ],
    ),
];

/// An answer as it was given.
struct Recorded {
    view: &'static str,
    question: Question,
    answer: Value,
}

/// G5. Rows, stamps, parked count and time, to the byte.
#[tokio::test(flavor = "multi_thread")]
async fn g5_a_view_as_of_a_position_is_what_it_answered_then() {
    let rig = Rig::start();
    let client = rig.client("past").await;
    let mut recorded = Vec::new();
    for (number, events) in batches().into_iter().enumerate() {
        if number == 5 {
            // The calendar changes on the way: what was final may be provisional again.
            configure(&client, &json!({"allowed_lateness_h": 1, "cut": "05:00"})).await;
        }
        let position = import(&client, &events).await;
        for (view, _, questions) in QUESTIONS {
            for question in *questions {
                let answer = rows(&client, view, question, position).await;
                recorded.push(Recorded {
                    view,
                    question,
                    answer,
                });
            }
        }
    }
    assert!(
        recorded
            .iter()
            .any(|one| !one.answer["rows"].as_array().unwrap().is_empty())
    );
    // From the end to the beginning, so that a replay cannot simply go on; then forwards.
    let backwards = recorded.iter().rev().step_by(3);
    for one in backwards.chain(recorded.iter()) {
        let position = one.answer["position"].to_string();
        let then = as_of(&client, one, "as_of_position", &position).await;
        for field in ["rows", "position", "as_of", "parked", "epoch"] {
            assert_eq!(
                then[field], one.answer[field],
                "{} {:?} {field} at {position}",
                one.view, one.question
            );
        }
    }
    let last = recorded.last().unwrap();
    let by_time = as_of(
        &client,
        last,
        "as_of_time",
        last.answer["as_of"].as_str().unwrap(),
    )
    .await;
    assert_eq!(by_time["rows"], last.answer["rows"]);
    assert_eq!(by_time["position"], last.answer["position"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_asked_for_in_one_way_and_only_as_far_as_there_is_one() {
    let rig = Rig::start();
    let client = rig.client("past").await;
    let batches = batches();
    let position = import(&client, &batches[0]).await;
    let ask = |query: String| {
        let request = client.request(Method::GET, &format!("/v1/views/sales-volume?{query}"));
        async move {
            let response = request.send().await.unwrap();
            let headers = response.headers().clone();
            (
                response.status(),
                headers,
                response.json::<Value>().await.unwrap_or_default(),
            )
        }
    };
    let (status, headers, answer) = ask(format!("as_of_position={position}")).await;
    assert_eq!((status, &answer["position"]), (StatusCode::OK, &json!(position)));
    assert_eq!(headers["cache-control"], "private, max-age=3600");
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let again = client
        .request(
            Method::GET,
            &format!("/v1/views/sales-volume?as_of_position={position}"),
        )
        .header("If-None-Match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let (status, _, problem) = ask(format!("as_of_position={}", position + 1_000)).await;
    assert_eq!((status.as_u16(), &problem["behind"]), (412, &json!(1_000)));
    for (query, parameter) in [
        (
            format!("as_of_position={position}&min_position=1"),
            "min_position",
        ),
        (
            format!("as_of_position={position}&as_of_time=2030-01-01T00:00:00Z"),
            "as_of_time",
        ),
        ("as_of_position=zzzz.000000000001".to_owned(), "as_of_position"),
        ("as_of_time=soon".to_owned(), "as_of_time"),
        ("known_at=2030-01-01T00:00:00Z".to_owned(), "known_at"),
    ] {
        let (status, _, problem) = ask(query.clone()).await;
        assert_eq!(
            (status.as_u16(), &problem["parameter"]),
            (400, &json!(parameter)),
            "{query}"
        );
    }
    let changes = client
        .request(Method::GET, "/v1/views/sales-volume/changes?as_of_position=1")
        .send()
        .await
        .unwrap();
    assert_eq!(changes.status(), StatusCode::BAD_REQUEST);
    let (_, _, before) = ask("as_of_time=1999-01-01T00:00:00Z".to_owned()).await;
    assert_eq!((&before["position"], &before["rows"]), (&json!(0), &json!([])));
}

/// M-R2. The vector of that name, through the whole system.
#[tokio::test(flavor = "multi_thread")]
async fn m_r2_known_at_folds_only_what_had_occurred_by_then() {
    let rig = Rig::start();
    let file: Value = serde_json::from_str(COMMISSION).unwrap();
    let mut cases = 0;
    for case in file["vectors"].as_array().unwrap() {
        let Some(known_at) = case["config"]["known_at"].as_str() else {
            continue;
        };
        let tenant: String = case["name"].as_str().unwrap().chars().take(60).collect();
        let client = rig.client(&tenant).await;
        import(&client, &importable(&tenant, &case["events"])).await;
        for (table, expected) in case["expect"].as_object().unwrap() {
            let path = format!("/v1/views/commission?table={table}&known_at={known_at}");
            let answer: Value = client.get(&path).await.unwrap();
            assert_eq!(
                shown(answer["rows"].as_array().unwrap(), expected, &tenant),
                sorted(&mapped(expected, &tenant)),
                "{tenant} {table}"
            );
            cases += 1;
        }
    }
    assert!(cases > 0, "no case asks for known_at");
}

async fn as_of(client: &Client, one: &Recorded, name: &str, value: &str) -> Value {
    let mut query: Vec<String> = one
        .question
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query.push(format!("{name}={value}"));
    let path = format!("/v1/views/{}?{}", one.view, query.join("&"));
    client.get(&path).await.unwrap()
}

async fn configure(client: &Client, change: &Value) {
    client.send_json(Method::PUT, "/v1/config", change).await.unwrap();
}

/// Events of a rich case of each view, in small batches that alternate between the views.
fn batches() -> Vec<Vec<ImportedEvent>> {
    let mut views: Vec<Vec<ImportedEvent>> = QUESTIONS.iter().map(|(_, file, _)| richest(file)).collect();
    // The files number their events alike, and one log takes an id once.
    for (view, events) in (1..).zip(&mut views) {
        for event in events {
            event.id = uuid::Uuid::from_u128(event.id.as_u128() ^ view);
        }
    }
    let mut batches = Vec::new();
    while views.iter().any(|events| !events.is_empty()) {
        let batch = views.iter_mut().flat_map(|events| {
            let count = events.len().min(3);
            events.drain(..count).collect::<Vec<_>>()
        });
        batches.push(batch.collect());
    }
    batches
}

/// The case with the most events.
fn richest(file: &str) -> Vec<ImportedEvent> {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["vectors"].as_array().unwrap().iter();
    let plain = cases.filter(|case| case["events"].as_array().unwrap().len() <= 60);
    let case = plain
        .max_by_key(|case| case["events"].as_array().unwrap().len())
        .unwrap();
    importable("past", &case["events"])
}

/// G8 through the whole system: every row that a view holds explains itself over HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn g8_every_row_explains_itself_over_http() {
    let rig = Rig::start();
    let client = rig.client("past").await;
    let mut position = 0;
    for events in batches() {
        position = import(&client, &events).await;
    }
    let mut explained = 0;
    for (view, _, questions) in QUESTIONS {
        for question in *questions {
            if question.iter().any(|(name, _)| *name == "top") {
                continue;
            }
            let answer = rows(&client, view, question, position).await;
            for row in answer["rows"].as_array().unwrap() {
                let why = explain(&client, view, row["key"].as_str().unwrap(), question).await;
                assert_eq!(why["row"], *row, "{view} {question:?}");
                assert_eq!(why["complete"], json!(true), "{view} {question:?}: {why}");
                assert_leads_to(&why, row);
                explained += 1;
            }
        }
    }
    assert!(explained > 50, "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_never_was_or_is_not_the_asker_s_is_not_found() {
    let rig = Rig::start();
    let client = rig.client("past").await;
    let mut position = 0;
    for events in batches() {
        position = import(&client, &events).await;
    }
    let statements = rows(&client, "commission", &[], position).await;
    let row = &statements["rows"][0];
    let (key, planner) = (row["key"].as_str().unwrap(), row["planner_id"].as_str().unwrap());
    let status = |client: Client, key: String| async move {
        let path = explain_path("commission", &key, &[]);
        client
            .request(Method::GET, &path)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status(client.clone(), key.to_owned()).await, 200);
    assert_eq!(status(client.clone(), "NOBODY|2026-03|KRW".to_owned()).await, 404);
    assert_eq!(status(rig.client("another").await, key.to_owned()).await, 404);
    assert_eq!(
        status(rig.client_of("past", &[planner]).await, key.to_owned()).await,
        200
    );
    assert_eq!(
        status(rig.client_of("past", &["NOBODY"]).await, key.to_owned()).await,
        404
    );
    let compared = client
        .request(Method::GET, &explain_path("sales-volume", "1", &[("top", "3")]))
        .send()
        .await
        .unwrap();
    assert_eq!(compared.status(), StatusCode::BAD_REQUEST);
}

fn explain_path(view: &str, key: &str, question: &[(&str, &str)]) -> String {
    let key: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let query: Vec<String> = question
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("/v1/views/{view}/rows/{key}/explain?{}", query.join("&"))
}

async fn explain(client: &Client, view: &str, key: &str, question: &[(&str, &str)]) -> Value {
    client.get(&explain_path(view, key, question)).await.unwrap()
}

/// The changes are a chain, and the last of them is the row.
fn assert_leads_to(why: &Value, row: &Value) {
    let mut stands = serde_json::Map::new();
    let mut last = 0;
    for change in why["changes"].as_array().unwrap() {
        let position = change["position"].as_u64().unwrap();
        assert!(position > last, "{why}");
        last = position;
        for (name, value) in change["before"].as_object().into_iter().flatten() {
            assert_eq!(stands.get(name), Some(value), "{name} before {position}: {why}");
        }
        match change["after"].as_object() {
            Some(after) => stands.extend(after.clone()),
            None => stands.clear(),
        }
    }
    for (name, value) in &stands {
        assert_eq!(row[name], *value, "{name}: {why}");
    }
    assert_eq!(row["position"], json!(last), "{why}");
}
