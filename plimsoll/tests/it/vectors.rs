//! The worked cases through the whole system: imported, read over HTTP, and accumulated by a
//! WebSocket client. Each case is a tenant of its own on one server, so isolation is held too.

use std::collections::BTreeMap;

use plimsoll::client::Client;
use plimsoll_contracts::ImportedEvent;
use reqwest::Method;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    asked::questions,
    columns::Columns,
    rig::{Rig, import, rows},
    socket::Watcher,
};

pub(crate) const SALES: &str = include_str!("../../../crates/views/tests/vectors/sales-volume.json");
pub(crate) const CALLS: &str = include_str!("../../../crates/views/tests/vectors/call-time.json");
pub(crate) const REVENUE: &str = include_str!("../../../crates/views/tests/vectors/revenue.json");
pub(crate) const COMMISSION: &str = include_str!("../../../crates/views/tests/vectors/commission.json");

/// Tables of the vectors that are one question each; the others hold more than rows.
pub(crate) fn question(view: &str, table: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match (view, table) {
        ("sales-volume", "activity") | ("call-time", "agents") | ("revenue", "rows") => &[],
        ("sales-volume", "cohort") => &[("attribution", "cohort")],
        ("sales-volume", "activity_by_product_day") => &[("group_by", "product,day")],
        ("sales-volume", "cohort_by_product_day") => {
            &[("attribution", "cohort"), ("group_by", "product,day")]
        }
        ("sales-volume", "activity_by_day") | ("revenue", "by_day") => &[("group_by", "day")],
        ("call-time", "queues") => &[("table", "queues")],
        ("revenue", "by_day_hour") => &[("group_by", "day,hour")],
        ("revenue", "by_day_channel") => &[("group_by", "day,channel")],
        ("revenue", "failures") => &[("failures", "true")],
        ("commission", "lines") => &[("table", "lines")],
        ("commission", "statements") => &[("table", "statements")],
        ("commission", "policies") => &[("table", "policies")],
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_volume_cases_hold_through_the_whole_system() {
    check("sales-volume", SALES, &["S1", "S2", "S4", "S5", "S6", "S7", "S8"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn call_time_cases_hold_through_the_whole_system() {
    check("call-time", CALLS, &["C1", "C2", "C4", "C5"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revenue_cases_hold_through_the_whole_system() {
    check("revenue", REVENUE, &["R1", "R3", "R4", "R5", "R6", "R7"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commission_cases_hold_through_the_whole_system() {
    check("commission", COMMISSION, &["M1", "M2", "M4", "M10"]).await;
}

async fn check(view: &str, file: &str, families: &[&str]) {
    let rig = Rig::start();
    let file: Value = serde_json::from_str(file).unwrap();
    let (mut tables, mut columns) = (0, Columns::default());
    for case in file["vectors"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if families.contains(&name.split('-').next().unwrap()) {
            tables += check_case(&rig, view, case, &mut columns).await;
        }
    }
    columns.check(&rig.client("main").await, view).await;
    assert!(tables > 0, "no table was compared");
}

/// Puts a case's configuration, less what is a parameter of its questions.
pub(crate) async fn configure(client: &Client, config: &Value) {
    let mut config = config.as_object().unwrap().clone();
    config.retain(|key, _| key != "queries" && key != "known_at");
    if !config.is_empty() {
        client
            .send_json(Method::PUT, "/v1/config", &Value::Object(config))
            .await
            .unwrap();
    }
}

async fn check_case(rig: &Rig, view: &str, case: &Value, columns: &mut Columns) -> usize {
    let name = case["name"].as_str().unwrap();
    let tenant = name.chars().take(60).collect::<String>();
    let client = rig.client(&tenant).await;
    configure(&client, &case["config"]).await;
    let tables = case["expect"].as_object().unwrap().iter();
    let asked: Vec<_> = tables
        .flat_map(|(table, expected)| questions(view, case, table, expected))
        .collect();
    let mut watchers = Vec::new();
    for question in &asked {
        watchers.push(Watcher::open(rig, &tenant, view, &question.params()).await);
    }
    let position = import(&client, &importable(&tenant, &case["events"])).await;
    columns.look(&client, view, position).await;
    for (question, watcher) in asked.iter().zip(&mut watchers) {
        let (what, expected) = (format!("{name} {}", question.what), &question.expected);
        let answer = rows(&client, view, &question.params(), position).await;
        let over_http = answer["rows"].as_array().unwrap();
        let like = mapped(expected, &tenant);
        if question.ranked {
            let ranked: Vec<String> = picked(over_http, &like).iter().map(Value::to_string).collect();
            let expected: Vec<String> = like.iter().map(Value::to_string).collect();
            assert_eq!(ranked, expected, "{what}: the order");
        }
        assert_eq!(
            shown(over_http, expected, &tenant),
            sorted(&like),
            "{what} over HTTP"
        );
        watcher.reach(position).await;
        let accumulated: Vec<Value> = watcher.rows.values().cloned().collect();
        assert_eq!(
            shown(&accumulated, expected, &tenant),
            sorted(&like),
            "{what} over a socket"
        );
    }
    if view == "revenue" {
        check_queries(&client, case, position).await;
    }
    asked.len()
}

/// R-R1, R-R5: the questions that are asked at an instant.
async fn check_queries(client: &Client, case: &Value, position: u64) {
    let Some(queries) = case["config"]["queries"].as_object() else {
        return;
    };
    for (kind, questions) in queries {
        let expected = &case["expect"]["queries"][kind];
        for (question, expected) in questions
            .as_array()
            .unwrap()
            .iter()
            .zip(expected.as_array().unwrap())
        {
            let text = |name: &str| question[name].to_string();
            let (window_s, days_back, profile_bp) = (text("window_s"), text("days_back"), text("profile_bp"));
            let mut params = vec![("now", question["now"].as_str().unwrap())];
            match kind.as_str() {
                "sliding" => params.push(("sliding_s", &window_s)),
                "to_date" => params.push(("compare", &days_back)),
                _ => params.extend([("run_rate", "profile"), ("profile_bp", profile_bp.as_str())]),
            }
            let answer = rows(client, "revenue", &params, position).await;
            let row = &answer["rows"][0];
            let shown = match expected.as_object() {
                None => row["net_minor"].clone(),
                Some(like) => {
                    let column = |name: &String| (name.clone(), row[name].clone());
                    Value::Object(like.keys().map(column).collect())
                }
            };
            assert_eq!(&shown, expected, "{} {kind} {question}", case["name"]);
        }
    }
}

/// The case's events as a log takes them: each once, versions in order, ids of this tenant's own.
pub(crate) fn importable(tenant: &str, events: &Value) -> Vec<ImportedEvent> {
    let mut seen = BTreeMap::new();
    let mut events: Vec<ImportedEvent> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| serde_json::from_str::<ImportedEvent>(&event.to_string()).unwrap())
        .filter(|event| seen.insert(event.id, ()).is_none())
        .collect();
    // A stream's events take the places that the stream has, in the order of their versions.
    let mut by_stream: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        by_stream.entry(event.stream.clone()).or_default().push(place);
    }
    let original = events.clone();
    for places in by_stream.values() {
        let mut order = places.clone();
        order.sort_by_key(|place| original[*place].version);
        for ((place, from), version) in places.iter().zip(order).zip(1..) {
            events[*place] = original[from].clone();
            events[*place].version = version;
            events[*place].id = own_id(tenant, original[from].id);
            events[*place].tenant = tenant.parse().unwrap();
        }
    }
    events
}

/// Event ids are unique over all tenants, and cases repeat each other's.
fn own_id(tenant: &str, id: Uuid) -> Uuid {
    let digest = Sha256::digest(format!("{tenant}:{id}"));
    Uuid::new_v8(digest[..16].try_into().unwrap())
}

/// Expected rows with ids of events mapped as the events' own were.
pub(crate) fn mapped(expected: &Value, tenant: &str) -> Vec<Value> {
    let map = |row: &Value| {
        let mut row = row.clone();
        if let Some(cause) = row.get("cause").and_then(Value::as_str) {
            row["cause"] = own_id(tenant, cause.parse().unwrap()).to_string().into();
        }
        row
    };
    expected.as_array().unwrap().iter().map(map).collect()
}

/// The columns that the expected rows show, of the rows that there are.
pub(crate) fn shown(rows: &[Value], expected: &Value, tenant: &str) -> Vec<String> {
    sorted(&picked(rows, &mapped(expected, tenant)))
}

/// The columns of the first of `like`; whole rows where there is none.
fn picked(rows: &[Value], like: &[Value]) -> Vec<Value> {
    let Some(Value::Object(columns)) = like.first() else {
        return rows.to_vec();
    };
    let pick = |row: &Value| {
        let value = |name: &String| (name.clone(), row.get(name).cloned().unwrap_or(Value::Null));
        Value::Object(columns.keys().map(value).collect::<Map<_, _>>())
    };
    rows.iter().map(pick).collect()
}

pub(crate) fn sorted(rows: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    lines.sort();
    lines
}
