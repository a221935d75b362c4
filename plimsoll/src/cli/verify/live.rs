//! `--live`: what a WebSocket client has accumulated against what HTTP answers for the same
//! position, table by table, as the tenant of the token.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{client::Client, live_client::LiveClient};

/// How long deltas are accumulated before the comparison, where there are any.
const ACCUMULATE: Duration = Duration::from_secs(2);
/// Longest time to bring both sides to one position.
const MEET_WITHIN: Duration = Duration::from_secs(60);
/// Rows of one page over HTTP.
const PAGE: usize = 10_000;
/// Differences that are spelt out.
const DIFFERENCES_TOLD: usize = 100;

/// What was compared of one table.
#[derive(Debug, Serialize)]
pub(super) struct Live {
    pub(super) view: String,
    pub(super) table: String,
    pub(super) position: u64,
    /// Deltas that the accumulated state consists of, beside the snapshot.
    pub(super) deltas: u64,
    pub(super) rows: usize,
    pub(super) cells: usize,
    pub(super) differences_total: usize,
    pub(super) differences: Vec<LiveDifference>,
}

/// A cell that the socket and HTTP show differently; null = no such row or column.
#[derive(Debug, Serialize)]
pub(super) struct LiveDifference {
    pub(super) key: String,
    pub(super) column: String,
    pub(super) socket: Value,
    pub(super) http: Value,
}

/// Compares every table of a view.
pub(super) async fn view(client: &Client, view: &str, reach: u64) -> anyhow::Result<Vec<Live>> {
    let mut compared = Vec::new();
    for table in tables(client, view).await? {
        let live = one(client, view, &table, reach).await;
        compared.push(live.with_context(|| format!("table {table}"))?);
    }
    Ok(compared)
}

async fn tables(client: &Client, view: &str) -> anyhow::Result<Vec<String>> {
    let views = client.get("/v1/views").await?;
    let described = views["views"]
        .as_array()
        .and_then(|views| views.iter().find(|described| described["name"] == view))
        .with_context(|| format!("the server has no view {view}"))?;
    let tables = described["tables"].as_array().context("a view without tables")?;
    let name = |table: &Value| table["name"].as_str().map(str::to_owned);
    Ok(tables.iter().filter_map(name).collect())
}

async fn one(client: &Client, view: &str, table: &str, reach: u64) -> anyhow::Result<Live> {
    let params = Map::from_iter([("table".to_owned(), table.into())]);
    let mut socket = LiveClient::subscribe(client, view, &params).await?;
    let until = Instant::now() + MEET_WITHIN;
    while socket.position() < reach {
        step(&mut socket, until).await?;
    }
    socket.follow(ACCUMULATE).await?;
    loop {
        // The answer is the same from `changed` to `position`: any state in between must be equal.
        if let Some(answer) = answer(client, view, table).await? {
            while socket.position() < answer.changed {
                step(&mut socket, until).await?;
            }
            if socket.position() <= answer.position {
                return Ok(compare(view, table, &socket, &answer.rows));
            }
        }
        if Instant::now() > until {
            bail!("the socket and HTTP did not stand at one position within {MEET_WITHIN:?}");
        }
    }
}

async fn step(socket: &mut LiveClient, until: Instant) -> anyhow::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    tokio::time::timeout(left, socket.step())
        .await
        .with_context(|| format!("the socket stays at {}", socket.position()))?
}

/// A whole answer over HTTP.
struct Answer {
    position: u64,
    changed: u64,
    rows: BTreeMap<String, Value>,
}

/// The answer of all pages; none when it changed between two of them.
async fn answer(client: &Client, view: &str, table: &str) -> anyhow::Result<Option<Answer>> {
    let path = format!("/v1/views/{view}?table={table}&limit={PAGE}");
    let mut page = client.get(&path).await?;
    let number = |page: &Value, name: &str| page[name].as_u64().context("an answer without position");
    let mut whole = Answer {
        position: number(&page, "position")?,
        changed: number(&page, "changed")?,
        rows: BTreeMap::new(),
    };
    loop {
        for row in page["rows"].as_array().into_iter().flatten() {
            let key = row["key"].as_str().context("a row without a key")?;
            whole.rows.insert(key.to_owned(), row.clone());
        }
        let Some(next) = page["next"].as_str() else {
            return Ok(Some(whole));
        };
        page = client.get(&format!("{path}&next={next}")).await?;
        if number(&page, "changed")? != whole.changed {
            return Ok(None);
        }
    }
}

fn compare(view: &str, table: &str, socket: &LiveClient, http: &BTreeMap<String, Value>) -> Live {
    let mut live = Live {
        view: view.to_owned(),
        table: table.to_owned(),
        position: socket.position(),
        deltas: socket.deltas(),
        rows: 0,
        cells: 0,
        differences_total: 0,
        differences: Vec::new(),
    };
    let keys: BTreeSet<&String> = socket.rows().keys().chain(http.keys()).collect();
    let empty = Map::new();
    for key in keys {
        live.rows += 1;
        let side = |rows: &BTreeMap<String, Value>| rows.get(key).and_then(Value::as_object).cloned();
        let (pushed, asked) = (side(socket.rows()), side(http));
        let (pushed, asked) = (
            pushed.as_ref().unwrap_or(&empty),
            asked.as_ref().unwrap_or(&empty),
        );
        let columns: BTreeSet<&String> = pushed.keys().chain(asked.keys()).collect();
        for column in columns {
            live.cells += 1;
            let of = |row: &Map<String, Value>| row.get(column).cloned().unwrap_or(Value::Null);
            let (socket, http) = (of(pushed), of(asked));
            if socket == http {
                continue;
            }
            live.differences_total += 1;
            if live.differences.len() < DIFFERENCES_TOLD {
                live.differences.push(LiveDifference {
                    key: key.clone(),
                    column: column.clone(),
                    socket,
                    http,
                });
            }
        }
    }
    live
}
