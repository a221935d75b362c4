//! `plimsoll import retail|calls|policies FILE`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use plimsoll_contracts::TenantConfig;
use serde_json::Value;

use super::{
    ServerArgs,
    output::{bar, line, note},
};
use crate::{
    client::Client,
    import::{DataSet, events, upload},
};

/// Arguments of `plimsoll import`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which data set the file belongs to.
    data_set: DataSet,
    /// Its rows: CSV, or CSV compressed with xz.
    file: PathBuf,
    /// Only say how many events the file makes; send nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (data_set, file) = (args.data_set, args.file.clone());
    note(&format!("reading {}", file.display()));
    let events = tokio::task::spawn_blocking(move || events(data_set, &file)).await??;
    if args.dry_run {
        line(&format!("{} events", events.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let client = args.server.client()?;
    check_config(&client, data_set).await?;
    let progress = bar(events.len() as u64, "importing");
    let uploaded = upload(&client, &events, &progress).await?;
    progress.finish_and_clear();
    line(&format!(
        "{} events appended, {} were there before; the log is at position {}",
        uploaded.appended, uploaded.repeated, uploaded.position
    ));
    Ok(ExitCode::SUCCESS)
}

/// Says loudly when the tenant's calendar or currency is not the data set's: business days would
/// be cut elsewhere than in the published totals.
async fn check_config(client: &Client, data_set: DataSet) -> anyhow::Result<()> {
    let now = client
        .get("/v1/config")
        .await
        .context("cannot read the tenant's configuration")?;
    let wanted = data_set.config();
    let Value::Object(keys) = &wanted else {
        return Ok(());
    };
    let defaults = serde_json::to_value(TenantConfig::default())?;
    let differs = |key: &String, value: &Value| now.get(key).or_else(|| defaults.get(key)) != Some(value);
    if keys.iter().any(|(key, value)| differs(key, value)) {
        note(&format!(
            "note: the totals of this data set hold under the configuration {wanted}; this server has another \
             (start an empty one with `plimsoll up --fresh --no-demo --config FILE`)"
        ));
    }
    Ok(())
}
