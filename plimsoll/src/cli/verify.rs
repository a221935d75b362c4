//! `plimsoll verify VIEW|--all`: asks the projector to recompute views from the raw log, waits, and
//! says in words what it found; `--live` also holds a socket against HTTP. Exit codes: 0 equal, 1 not compared, 3 a cell differs.

mod live;
mod told;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, bail};
use plimsoll_contracts::TenantId;
use plimsoll_projector::{Verdict, VerifyReport};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ServerArgs,
    output::{line, note, spinner},
};
use crate::client::Client;

/// Exit code of a difference.
const DIFFERENT: u8 = 3;
/// How often a running verification is asked for its end.
const POLL: Duration = Duration::from_millis(200);

/// Arguments of `plimsoll verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the view.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    view: Option<String>,
    /// Every view, one after the other.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    server: ServerArgs,
}

/// How a verification is asked for.
#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Only this tenant's rows.
    #[arg(long)]
    pub(super) tenant: Option<TenantId>,
    /// Also compare what a WebSocket client accumulates with what HTTP answers at the same position,
    /// for the tenant of the token.
    #[arg(long)]
    pub(super) live: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.server.client()?;
    let views = match args.view {
        Some(view) => vec![view],
        None => names(&client).await?,
    };
    views_are_right(&client, &views, &args.how).await
}

/// Verifies views one after the other; the worst outcome is the exit code.
pub(super) async fn views_are_right(
    client: &Client,
    views: &[String],
    how: &How,
) -> anyhow::Result<ExitCode> {
    let (mut different, mut failed) = (false, false);
    let (mut reports, mut live) = (Vec::new(), Vec::new());
    for view in views {
        match one(client, view, how).await {
            Ok(report) => {
                if !how.json {
                    line(&told::report(&report));
                }
                different |= report.verdict == Verdict::Different;
                failed |= report.verdict == Verdict::Refused;
                reports.push(serde_json::to_value(&report)?);
            }
            Err(error) => {
                note(&format!("{view} was not verified: {error:#}"));
                failed = true;
            }
        }
    }
    if how.live {
        for view in views {
            match pushed(client, view).await {
                Ok(tables) => {
                    if !how.json {
                        line(&told::live(&tables));
                    }
                    different |= tables.iter().any(|table| table.differences_total > 0);
                    live.extend(tables);
                }
                Err(error) => {
                    note(&format!("{view} was not compared over a socket: {error:#}"));
                    failed = true;
                }
            }
        }
    }
    if how.json {
        line(&serde_json::to_string_pretty(
            &json!({"views": reports, "live": live}),
        )?);
    }
    Ok(match (different, failed) {
        (true, _) => ExitCode::from(DIFFERENT),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}

/// A socket's tables once it has reached where the view stands now.
async fn pushed(client: &Client, view: &str) -> anyhow::Result<Vec<live::Live>> {
    let standing = client.get(&format!("/v1/projections/{view}")).await?;
    let reach = standing["position"]
        .as_u64()
        .context("a projection without position")?;
    let waiting = spinner(&format!("{view}: accumulating over a socket"));
    let tables = live::view(client, view, reach).await;
    waiting.finish_and_clear();
    tables
}

async fn names(client: &Client) -> anyhow::Result<Vec<String>> {
    let answer = client.get("/v1/projections").await?;
    let projections = answer["projections"]
        .as_array()
        .context("the server answered no list of projections")?;
    let mut names: Vec<String> = projections
        .iter()
        .filter_map(|projection| projection["name"].as_str().map(str::to_owned))
        .collect();
    names.dedup();
    Ok(names)
}

async fn one(client: &Client, view: &str, how: &How) -> anyhow::Result<VerifyReport> {
    let asked = how
        .tenant
        .as_ref()
        .map_or_else(|| json!({}), |tenant| json!({"tenant": tenant}));
    let started = client
        .send_json(Method::POST, &format!("/v1/projections/{view}/verify"), &asked)
        .await?;
    let id = started["id"]
        .as_str()
        .context("the server answered no operation")?;
    let path = format!("/v1/operations/{id}");
    let waiting = spinner(&format!("{view}: recomputing from the log"));
    let ended = loop {
        let now = client.get(&path).await?;
        if now["state"] != "running" {
            break now;
        }
        tokio::time::sleep(POLL).await;
    };
    waiting.finish_and_clear();
    match &ended["result"] {
        Value::Null => bail!("{}", ended["error"].as_str().unwrap_or("no reason given")),
        result => Ok(serde_json::from_value(result.clone())?),
    }
}
