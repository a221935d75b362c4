//! The real data sets through the whole system: the views show exactly the published totals.

use std::{collections::BTreeMap, process::Command};

use plimsoll::{
    client::Client,
    import::{DataSet, events},
};
use serde_json::{Value, json};

use crate::{
    data,
    rig::{Rig, import, rows},
};

/// Starts a server under the data set's configuration and imports it; `None` where there is no data.
async fn imported(name: &str, data_set: DataSet) -> Option<(Rig, Client, u64, Value)> {
    let (file, totals) = (data::file(&format!("{name}/{name}.csv.xz"))?, data::totals(name)?);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    std::fs::write(&config, totals["config"].to_string()).unwrap();
    let rig = Rig::start_with(&["--no-demo", "--config", config.to_str().unwrap()]);
    let client = rig.client("main").await;
    let position = import(&client, &events(data_set, &file).unwrap()).await;
    Some((rig, client, position, totals))
}

/// Sum of a column over the rows of an answer.
fn sum(answer: &Value, column: &str) -> i64 {
    answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[column].as_i64().unwrap())
        .sum()
}

/// Compares every column that the totals show, row by row.
fn assert_rows(what: &str, expected: &Value, answer: &Value) {
    let expected = expected.as_array().unwrap();
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), expected.len(), "{what}: number of rows");
    for (row, expected) in rows.iter().zip(expected) {
        for (column, value) in expected.as_object().unwrap() {
            assert_eq!(&row[column], value, "{what}: {column} of {expected}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retail_shows_the_published_totals() {
    let Some((_rig, client, position, totals)) = imported("retail", DataSet::Retail).await else {
        return;
    };
    let by_day = rows(&client, "sales-volume", &[("group_by", "day")], position).await;
    assert_rows("sales by day", &totals["sales_by_day"], &by_day);
    let cohort = [("group_by", "day"), ("attribution", "cohort")];
    let cohort = rows(&client, "sales-volume", &cohort, position).await;
    assert_rows("cohort by day", &totals["cohort_by_day"], &cohort);
    let revenue = rows(&client, "revenue", &[("group_by", "day")], position).await;
    assert_rows("revenue by day", &totals["revenue_by_day"], &revenue);
    assert_eq!(
        sum(&by_day, "net_minor"),
        sum(&revenue, "net_minor"),
        "revenue is net sales"
    );
    let top = rows(
        &client,
        "sales-volume",
        &[("top", "10"), ("measure", "net_units")],
        position,
    )
    .await;
    let expected = totals["top_net_units_goods"].as_array().unwrap();
    let ranked: Vec<Value> = top["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["product_id"], row["net_units"]]))
        .collect();
    assert_eq!(ranked[..], expected[..ranked.len()], "top ten by net units");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_show_the_published_totals() {
    let Some((_rig, client, position, totals)) = imported("calls", DataSet::Calls).await else {
        return;
    };
    let by_day = rows(&client, "call-time", &[("group_by", "day")], position).await;
    let centre = rows(&client, "call-time", &[("table", "centre")], position).await;
    let mut days = by_day.clone();
    for (day, centre) in days["rows"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(centre["rows"].as_array().unwrap())
    {
        assert_eq!(day["business_date"], centre["business_date"]);
        day["contacts_handled"] = centre["contacts_handled"].clone();
    }
    assert_rows("calls by day", &totals["by_day"], &days);
    let agents = rows(&client, "call-time", &[], position).await;
    let mut shown: Vec<Value> = agents["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let columns = [
                "agent_id",
                "business_date",
                "call_s",
                "busy_s",
                "handled",
                "longest_s",
            ];
            Value::Array(columns.iter().map(|column| row[*column].clone()).collect())
        })
        .collect();
    let mut expected = totals["agents"].as_array().unwrap().clone();
    shown.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(shown, expected, "agents by day");
    let queues = rows(&client, "call-time", &[("table", "queues")], position).await;
    for (column, total) in totals["queues_total"].as_object().unwrap() {
        assert_eq!(sum(&queues, column), total.as_i64().unwrap(), "queues: {column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_show_the_published_totals() {
    let Some((_rig, client, position, totals)) = imported("policies", DataSet::Policies).await else {
        return;
    };
    let components = ledger(&client, "component", position).await;
    for (component, total) in totals["by_component"].as_object().unwrap() {
        let shown = components.get(component).copied().unwrap_or(0);
        assert_eq!(shown, total.as_i64().unwrap(), "component {component}");
    }
    let planners = ledger(&client, "planner", position).await;
    for (planner, total) in totals["by_payee"].as_object().unwrap() {
        assert_eq!(planners.get(planner).copied(), total.as_i64(), "{planner}");
    }
    assert_eq!(
        components.values().sum::<i64>(),
        totals["total"]["amount_minor"].as_i64().unwrap()
    );
}

/// Sums of the ledger's lines by one column, in spans that one question may hold.
async fn ledger(client: &Client, by: &str, position: u64) -> BTreeMap<String, i64> {
    let spans = [
        ("1990-01", "1997-12"),
        ("1998-01", "2000-12"),
        ("2001-01", "2003-12"),
        ("2004-01", "2012-12"),
    ];
    let mut sums = BTreeMap::new();
    for (from, to) in spans {
        let params = [("table", "lines"), ("group_by", by), ("from", from), ("to", to)];
        let answer = rows(client, "commission", &params, position).await;
        for row in answer["rows"].as_array().unwrap() {
            let name = row[by].as_str().or_else(|| row["planner_id"].as_str()).unwrap();
            *sums.entry(name.to_owned()).or_default() += row["amount_minor"].as_i64().unwrap();
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn the_import_command_finds_the_running_server_and_repeats_nothing() {
    let Some(file) = data::file("retail/retail.csv.xz") else {
        return;
    };
    let rig = Rig::start();
    let client = rig.client("main").await;
    let run = |url: &str| {
        let answer: Value =
            serde_json::from_slice(&std::fs::read(rig.dir.path().join("run.json")).unwrap()).unwrap();
        Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["import", "retail", file.to_str().unwrap(), "--url", url])
            .args(["--token", answer["token"].as_str().unwrap()])
            .output()
            .unwrap()
    };
    let first = run(&rig.url);
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert!(String::from_utf8_lossy(&first.stdout).starts_with("14269 events appended, 0 were there"));
    let again = run(&rig.url);
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("0 events appended, 14269 were there"));
    let log = client.get("/v1/log").await.unwrap();
    assert_eq!(log["position"], 14_269);
}
