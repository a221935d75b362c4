//! `plimsoll verify` over real servers: clean views are equal, and a planted fault is found and
//! named by table, key and column, with exit code 3.

use std::process::Command;

use plimsoll::client::Client;
use plimsoll_devstack::{Stack, StackOptions};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    rig::{Rig, folder, import, rows},
    vectors::{SALES, importable},
};

/// What the command said.
struct Said {
    code: Option<i32>,
    /// Its report of the one view, where it printed JSON.
    report: Value,
    text: String,
}

/// A running `plimsoll up` on servers whose rows a test can reach.
struct Bed {
    rig: Rig,
    stack: Stack,
    _folder: tempfile::TempDir,
}

impl Bed {
    async fn start() -> Self {
        let folder = folder();
        let stack = Stack::start(StackOptions::temporary(folder.path().join("stack")), |_| {})
            .await
            .unwrap();
        let args = [
            "--no-demo",
            "--postgres-url",
            stack.postgres_url(),
            "--nats-url",
            stack.nats_url(),
            "--redis-url",
            stack.redis_url(),
        ];
        let rig = Rig::start_with(&args);
        Self {
            rig,
            stack,
            _folder: folder,
        }
    }

    /// Does something to the rows behind the projector's back.
    async fn plant(&self, sql: &str) {
        let mut database = PgConnection::connect(self.stack.postgres_url()).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut database)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }
}

/// Runs `plimsoll verify` against the server of a rig.
fn verify(rig: &Rig, args: &[&str]) -> Said {
    let run: Value =
        serde_json::from_slice(&std::fs::read(rig.dir.path().join("run.json")).unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("verify")
        .args(args)
        .args(["--url", &rig.url, "--token", run["token"].as_str().unwrap()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    Said {
        code: output.status.code(),
        report: answer["views"][0].clone(),
        text: format!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Imports every case of a file, each as a tenant of its own, and waits until the view has them.
async fn import_cases(rig: &Rig, view: &str, params: &[(&str, &str)], file: &str) -> usize {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["vectors"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let tenant = name.chars().take(60).collect::<String>();
        let client = rig.client(&tenant).await;
        configure(&client, &case["config"]).await;
        let position = import(&client, &importable(&tenant, &case["events"])).await;
        rows(&client, view, params, position).await;
    }
    cases.len()
}

async fn configure(client: &Client, config: &Value) {
    let mut config = config.as_object().unwrap().clone();
    config.retain(|key, _| key != "queries" && key != "known_at");
    if !config.is_empty() {
        client
            .send_json(Method::PUT, "/v1/config", &Value::Object(config))
            .await
            .unwrap();
    }
}

/// A server with every case of a view's vectors, verified at once.
async fn clean(view: &str, params: &[(&str, &str)], file: &str) -> Bed {
    let bed = Bed::start().await;
    let cases = import_cases(&bed.rig, view, params, file).await;
    let said = verify(&bed.rig, &[view, "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.report["cells"].as_u64().unwrap() > 100, "{}", said.text);
    assert!(said.report["tenants"].as_array().unwrap().len() >= cases);
    bed
}

/// The faults that a report names, as table, key, column, stored and expected.
fn named(said: &Said) -> Vec<(String, String, Value, Value, Value)> {
    assert_eq!(said.code, Some(3), "{}", said.text);
    let differences = said.report["differences"].as_array().unwrap();
    differences
        .iter()
        .map(|d| {
            let text = |name: &str| d[name].as_str().unwrap().to_owned();
            (
                text("table"),
                text("key"),
                d["column"].clone(),
                d["stored"].clone(),
                d["expected"].clone(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_volume_is_equal_and_planted_faults_are_named() {
    let bed = clean("sales-volume", &[], SALES).await;
    let key = "activity|P1|2026-03-01|23|web|KR|C1|KRW";
    let row = format!("tenant = 'S1' and key = '{key}'");
    let table = "sales_volume_1.rows";

    // A cell is corrupted.
    bed.plant(&format!(
        "update {table} set gross_minor = gross_minor + 7 where {row}"
    ))
    .await;
    let said = verify(&bed.rig, &["sales-volume", "--json"]);
    let [(found, at, column, ..)] = &named(&said)[..] else {
        panic!("{}", said.text)
    };
    assert_eq!(
        (found.as_str(), at.as_str(), column),
        ("rows", key, &json!("gross_minor"))
    );
    let words = verify(&bed.rig, &["sales-volume"]);
    assert_eq!(words.code, Some(3));
    for word in ["DIFFERENT", key, "gross_minor", "projection rebuild sales-volume"] {
        assert!(words.text.contains(word), "`{word}` in {}", words.text);
    }
}
