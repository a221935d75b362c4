//! `plimsoll verify` over real servers: clean views are equal, and a planted fault is found and
//! named by table, key and column, with exit code 3.

use std::process::Command;

use plimsoll_devstack::{Stack, StackOptions};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    rig::{Rig, folder, import, on_servers, rows},
    vectors::{CALLS, COMMISSION, REVENUE, SALES, configure, importable},
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
        let args = [&["--no-demo"], &on_servers(&stack)[..]].concat();
        let rig = Rig::start_with(&args);
        Self {
            rig,
            stack,
            _folder: folder,
        }
    }

    async fn postgres(&self) -> PgConnection {
        PgConnection::connect(self.stack.postgres_url()).await.unwrap()
    }

    /// Does something to one row behind the projector's back.
    async fn plant(&self, sql: &str) {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut self.postgres().await)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }

    async fn text(&self, sql: &str) -> String {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql)
            .fetch_one(&mut self.postgres().await)
            .await
            .unwrap()
    }

    /// Keeps a table as it is, to be put back by [`Self::repair`].
    async fn keep(&self, table: &str) {
        let sql = format!("create table public.kept as select * from {table}");
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut self.postgres().await)
            .await
            .unwrap();
    }

    async fn repair(&self, table: &str) {
        let sql = format!("delete from {table}; insert into {table} select * from public.kept");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.postgres().await)
            .await
            .unwrap();
    }

    fn redis(&self) -> redis::Connection {
        redis::Client::open(self.stack.redis_url())
            .unwrap()
            .get_connection()
            .unwrap()
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

/// Holds that exactly these columns of one row are named, with exit code 3; `None` = the whole row.
fn assert_named(said: &Said, table: &str, key: &str, columns: &[Option<&str>]) {
    assert_eq!(said.code, Some(3), "{}", said.text);
    let differences = said.report["differences"].as_array().unwrap();
    let mut named: Vec<(&str, &str, Option<&str>)> = differences
        .iter()
        .map(|d| {
            (
                d["table"].as_str().unwrap(),
                d["key"].as_str().unwrap(),
                d["column"].as_str(),
            )
        })
        .collect();
    named.sort_unstable();
    let mut planted: Vec<_> = columns.iter().map(|column| (table, key, *column)).collect();
    planted.sort_unstable();
    assert_eq!(named, planted, "{}", said.text);
    assert_eq!(said.report["differences_total"], planted.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_volume_is_equal_and_planted_faults_are_named() {
    let bed = clean("sales-volume", &[], SALES).await;
    let table = "sales_volume_1.rows";
    bed.keep(table).await;
    let key = "activity|P1|2026-03-01|23|web|KR|C1|KRW";
    let row = format!("tenant = 'S1' and key = '{key}'");
    let check = |key: &str, columns: &[Option<&str>]| {
        assert_named(
            &verify(&bed.rig, &["sales-volume", "--json"]),
            "rows",
            key,
            columns,
        );
    };

    // A cell is corrupted; the words for a person name it too.
    bed.plant(&format!(
        "update {table} set gross_minor = gross_minor + 7 where {row}"
    ))
    .await;
    check(key, &[Some("gross_minor")]);
    let words = verify(&bed.rig, &["sales-volume"]);
    assert_eq!(words.code, Some(3));
    for word in ["DIFFERENT", key, "gross_minor", "projection rebuild sales-volume"] {
        assert!(words.text.contains(word), "`{word}` in {}", words.text);
    }
    bed.repair(table).await;

    // A row is gone; a row is there that nothing made.
    bed.plant(&format!("delete from {table} where {row}")).await;
    check(key, &[None]);
    bed.repair(table).await;
    let stray = key.replace("|P1|", "|P9|");
    bed.plant(&format!(
        "insert into {table} select (jsonb_populate_record(r, jsonb_build_object('key', '{stray}'))).* \
         from {table} r where {row}"
    ))
    .await;
    check(&stray, &[None]);
    bed.repair(table).await;

    // An order was folded twice: two units of 20,000 once more.
    bed.plant(&format!(
        "update {table} set units_sold = units_sold + 2, net_units = net_units + 2, lines = lines + 1, \
         gross_minor = gross_minor + 20000, net_minor = net_minor + 20000 where {row}"
    ))
    .await;
    let doubled = ["units_sold", "net_units", "lines", "gross_minor", "net_minor"].map(Some);
    check(key, &doubled);
    bed.repair(table).await;

    // A return or cancel was never folded.
    let taken = format!(
        "select key from {table} where tenant = 'S1' and attribution = 'cohort' and units_returned > 0 limit 1"
    );
    let taken = bed.text(&taken).await;
    bed.plant(&format!(
        "update {table} set net_units = net_units + units_returned, net_minor = net_minor + returned_minor, \
         units_returned = 0, returned_minor = 0 where tenant = 'S1' and key = '{taken}'"
    ))
    .await;
    let dropped = ["units_returned", "returned_minor", "net_units", "net_minor"].map(Some);
    check(&taken, &dropped);
    bed.repair(table).await;
    assert_eq!(verify(&bed.rig, &["sales-volume"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn call_time_is_equal_and_planted_faults_are_named() {
    let bed = clean("call-time", &[], CALLS).await;
    let table = "call_time_1.agents";
    bed.keep(table).await;
    let key = bed
        .text("select key from call_time_1.agents where tenant = 'C1' and call_s > 600 order by key limit 1")
        .await;
    let row = format!("tenant = 'C1' and key = '{key}'");
    let check = |columns: &[Option<&str>]| {
        assert_named(
            &verify(&bed.rig, &["call-time", "--json"]),
            "agents",
            &key,
            columns,
        );
    };

    bed.plant(&format!("update {table} set busy_s = busy_s - 1 where {row}"))
        .await;
    check(&[Some("busy_s")]);
    bed.repair(table).await;

    bed.plant(&format!("delete from {table} where {row}")).await;
    check(&[None]);
    bed.repair(table).await;

    // A segment of 600 seconds was folded twice.
    bed.plant(&format!(
        "update {table} set call_s = call_s + 600, talk_s = talk_s + 600, handle_s = handle_s + 600, \
         handled = handled + 1 where {row}"
    ))
    .await;
    check(&["call_s", "talk_s", "handle_s", "handled"].map(Some));
    bed.repair(table).await;

    // The boundary of the day moved: an instant is a cell as well.
    bed.plant(&format!(
        "update {table} set last_at = last_at + interval '1 second' where {row}"
    ))
    .await;
    check(&[Some("last_at")]);
    bed.repair(table).await;

    // A quarantined segment is not listed any more.
    let marked = bed
        .text("select key from call_time_1.marked where mark = 'quarantined' order by key limit 1")
        .await;
    bed.plant(&format!("delete from call_time_1.marked where key = '{marked}'"))
        .await;
    let said = verify(&bed.rig, &["call-time", "--json"]);
    assert_named(&said, "marked", &marked, &[None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn revenue_is_equal_and_planted_faults_in_redis_are_named() {
    let bed = clean("revenue", &[], REVENUE).await;
    let mut redis = bed.redis();
    let hash: Vec<String> = redis::cmd("keys")
        .arg("*:rows:R1:rows")
        .query(&mut redis)
        .unwrap();
    let [hash] = &hash[..] else { panic!("{hash:?}") };
    let all: Vec<(String, String)> = redis::cmd("hgetall").arg(hash).query(&mut redis).unwrap();
    let (key, value) = all
        .iter()
        .find(|(_, value)| !value.contains("\"captures\":0"))
        .unwrap();
    let check = |key: &str, columns: &[Option<&str>]| {
        assert_named(&verify(&bed.rig, &["revenue", "--json"]), "rows", key, columns);
    };
    let mut put = |key: &str, value: &str| {
        redis::cmd("hset")
            .arg(hash)
            .arg(key)
            .arg(value)
            .exec(&mut redis)
            .unwrap();
    };
    let changed = |columns: &[&str], by: i64| {
        let (head, body) = value.rsplit_once('\t').unwrap();
        let mut body: Value = serde_json::from_str(body).unwrap();
        for column in columns {
            body[*column] = json!(body[*column].as_i64().unwrap() + by);
        }
        format!("{head}\t{body}")
    };

    put(key, &changed(&["captured_tax_minor"], 1));
    check(key, &[Some("captured_tax_minor")]);

    // A capture of 5,000 was folded twice.
    let doubled = [
        "captured_minor",
        "net_minor",
        "net_supply_minor",
        "reporting_minor",
    ];
    put(key, &changed(&doubled, 5_000));
    check(key, &doubled.map(Some));

    // A row that nothing made, and then one that is gone.
    put(key, value);
    let stray = format!("{key}X");
    put(&stray, value);
    check(&stray, &[None]);
    redis::cmd("hdel")
        .arg(hash)
        .arg(&stray)
        .arg(key)
        .exec(&mut redis)
        .unwrap();
    check(key, &[None]);
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
async fn commission_is_equal_and_planted_faults_are_named() {
    let bed = clean("commission", &[("table", "policies")], COMMISSION).await;

    // A line pays more than it should.
    let line = "tenant = 'M1' and planner_id = 'A' and component = 'new'";
    bed.plant(&format!(
        "update commission_1.lines set amount_minor = amount_minor + 1 where {line}"
    ))
    .await;
    // A statement is lost.
    bed.plant("delete from commission_1.statements where tenant = 'M1' and key = 'A|2025-09|KRW'")
        .await;
    let said = verify(&bed.rig, &["commission", "--json"]);
    let found = named(&said);
    let [paid, lost] = &found[..] else {
        panic!("{}", said.text)
    };
    assert_eq!((paid.0.as_str(), &paid.2), ("lines", &json!("amount_minor")));
    assert!(paid.1.starts_with("A|2025-03|X|new|1|"), "{}", paid.1);
    assert_eq!((&paid.3, &paid.4), (&json!(700_001), &json!(700_000)));
    let key = (lost.0.as_str(), lost.1.as_str());
    assert_eq!(key, ("statements", "A|2025-09|KRW"));
    assert_eq!(
        (&lost.2, &lost.3),
        (&Value::Null, &Value::Null),
        "a row as a whole"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_verified_while_events_arrive_and_a_socket_shows_the_same() {
    let rig = Rig::start();
    let client = rig.client("main").await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (writer, stopped) = (client.clone(), stop.clone());
    let writing = tokio::spawn(async move {
        let mut placed = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let order = order(placed);
            let key = format!("place-{placed}");
            writer
                .command("orders", "PlaceOrder", &key, &order)
                .await
                .unwrap();
            if placed % 3 == 0 {
                let cancel = json!({"order_id": order["order_id"], "reason": "customer"});
                let key = format!("cancel-{placed}");
                writer
                    .command("orders", "CancelOrder", &key, &cancel)
                    .await
                    .unwrap();
            }
            placed += 1;
        }
        placed
    });
    for _ in 0..3 {
        let said = tokio::task::block_in_place(|| verify(&rig, &["sales-volume", "--live", "--json"]));
        assert_eq!(said.code, Some(0), "{}", said.text);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let placed = writing.await.unwrap();
    assert!(placed > 3, "{placed} orders were placed meanwhile");
    let said = verify(&rig, &["--all"]);
    assert_eq!(said.code, Some(0), "{}", said.text);
}

/// A small order of two lines with a discount to be split.
fn order(number: u64) -> Value {
    let line = |line_no: u64, qty: u64| {
        json!({
            "line_no": line_no, "product_id": format!("P{}", number % 7), "category": "C1", "uom": "ea",
            "kind": "goods", "qty": qty, "unit_price_micros": 1_000_000_000_u64, "discount_minor": 0,
            "tax_minor": 0
        })
    };
    json!({
        "order_id": format!("L{number}"), "channel": "web", "region": "KR", "currency": "KRW",
        "lines": [line(1, 1), line(2, 2)], "order_discount_minor": 100, "shipping_minor": 0
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recomputed_is_refused_and_never_called_equal() {
    let rig = Rig::start();
    import_cases(&rig, "call-time", &[], CALLS).await;
    let client = rig.client("C2").await;
    configure(&client, &json!({"cut": "03:00"})).await;
    let log = client.get("/v1/log").await.unwrap();
    rows(&client, "call-time", &[], log["position"].as_u64().unwrap()).await;
    let said = verify(&rig, &["call-time"]);
    assert_eq!(said.code, Some(1), "{}", said.text);
    for word in ["NOT VERIFIED", "C2 NOT COMPARED", "`cut` was changed"] {
        assert!(said.text.contains(word), "`{word}` in {}", said.text);
    }
    let other = verify(&rig, &["call-time", "--tenant", "C1"]);
    assert_eq!(other.code, Some(0), "{}", other.text);
    let unknown = verify(&rig, &["no-such-view"]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.text);
}
