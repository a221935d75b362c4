//! `plimsoll projection list|status|rebuild|pause|resume|verify`.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Subcommand;
use plimsoll_contracts::TenantId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ServerArgs,
    output::{bar, line, note, table},
    verify::{How, views_are_right},
};
use crate::client::Client;

/// How often a running operation is asked for its progress.
const POLL: Duration = Duration::from_millis(250);

/// Arguments of `plimsoll projection`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: ServerArgs,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every projection: state, position, lag.
    List,
    /// One projection, whole.
    Status {
        /// Name of the view.
        name: String,
    },
    /// Build a new version from the log beside the one that serves, then switch.
    Rebuild {
        /// Name of the view.
        name: String,
        /// Return at once instead of waiting for the switch.
        #[arg(long)]
        no_wait: bool,
    },
    /// Stop following the log; the rows stay readable and say so.
    Pause {
        /// Name of the view.
        name: String,
    },
    /// Follow the log again.
    Resume {
        /// Name of the view.
        name: String,
    },
    /// Recompute the view from the raw log and compare every cell; exit code 3 if any differs.
    Verify {
        /// Name of the view.
        name: String,
        /// Only this tenant's rows.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.server.client()?;
    match args.verb {
        Verb::List => list(&client, args.json).await,
        Verb::Status { name } => status(&client, &name, args.json).await,
        Verb::Rebuild { name, no_wait } => {
            let operation = post(&client, &name, "rebuild").await?;
            if no_wait {
                show(&operation, args.json)
            } else {
                follow(&client, operation, args.json).await
            }
        }
        Verb::Pause { name } => show(&post(&client, &name, "pause").await?, args.json),
        Verb::Resume { name } => show(&post(&client, &name, "resume").await?, args.json),
        Verb::Verify { name, tenant } => {
            let how = How {
                tenant,
                live: false,
                json: args.json,
            };
            views_are_right(&client, &[name], &how).await
        }
    }
}

async fn post(client: &Client, name: &str, verb: &str) -> anyhow::Result<Value> {
    client
        .send_json(
            Method::POST,
            &format!("/v1/projections/{name}/{verb}"),
            &json!({}),
        )
        .await
}

fn show(answer: &Value, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        line(&serde_json::to_string_pretty(answer)?);
    } else {
        line(&format!(
            "operation {} {}",
            text(answer, "id"),
            text(answer, "state")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, as_json: bool) -> anyhow::Result<ExitCode> {
    let answer = client.get("/v1/projections").await?;
    if as_json {
        line(&serde_json::to_string_pretty(&answer)?);
        return Ok(ExitCode::SUCCESS);
    }
    let projections = answer["projections"]
        .as_array()
        .context("the server answered no list of projections")?;
    let columns = [
        "name",
        "version",
        "state",
        "position",
        "head",
        "lag_events",
        "rate",
        "parked_keys",
        "owner",
    ];
    let mut rows = vec![
        columns
            .iter()
            .map(|column| column.to_uppercase())
            .collect::<Vec<_>>(),
    ];
    rows.extend(
        projections
            .iter()
            .map(|p| columns.iter().map(|column| text(p, column)).collect()),
    );
    line(&table(&rows));
    Ok(ExitCode::SUCCESS)
}

async fn status(client: &Client, name: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let answer = client.get(&format!("/v1/projections/{name}")).await?;
    if as_json {
        line(&serde_json::to_string_pretty(&answer)?);
        return Ok(ExitCode::SUCCESS);
    }
    let empty = serde_json::Map::new();
    let rows: Vec<Vec<String>> = answer
        .as_object()
        .unwrap_or(&empty)
        .keys()
        .map(|key| vec![key.clone(), text(&answer, key)])
        .collect();
    line(&table(&rows));
    Ok(ExitCode::SUCCESS)
}

/// Shows a running operation until it ends; its failure is ours.
async fn follow(client: &Client, started: Value, as_json: bool) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/operations/{}", text(&started, "id"));
    let progress = bar(0, "rebuilding");
    loop {
        let now = client.get(&path).await?;
        progress.set_length(
            now["head"]
                .as_u64()
                .or_else(|| now["target"].as_u64())
                .unwrap_or(0),
        );
        progress.set_position(now["position"].as_u64().unwrap_or(0));
        match now["state"].as_str().unwrap_or_default() {
            "done" => {
                progress.finish_and_clear();
                return show(&now, as_json);
            }
            "failed" => {
                progress.finish_and_clear();
                let reason = now
                    .get("error")
                    .or_else(|| now.get("detail"))
                    .map(Value::to_string);
                note(&format!(
                    "the operation failed: {}",
                    reason.unwrap_or_else(|| "no reason given".to_owned())
                ));
                return Ok(ExitCode::FAILURE);
            }
            _ => tokio::time::sleep(POLL).await,
        }
    }
}

fn text(value: &Value, key: &str) -> String {
    match value.get(key) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number
            .as_f64()
            .filter(|_| number.is_f64())
            .map_or_else(|| number.to_string(), |rounded| format!("{rounded:.1}")),
        Some(other) => other.to_string(),
    }
}
