//! `plimsoll log new-epoch`: says that the database holds another history than before, after it
//! was restored or replaced. Streams, checkpoints and cursors of the old history are refused then.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use plimsoll_log::{Log, LogOptions};

use super::output::line;

/// Arguments of `plimsoll log`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Begin a new epoch, with every service stopped; views are then built from the log again.
    NewEpoch {
        /// Postgres of the log.
        #[arg(long, env = "PLIMSOLL_POSTGRES_URL", hide_env_values = true)]
        postgres_url: String,
        /// NATS of the log's stream.
        #[arg(long, env = "PLIMSOLL_NATS_URL", hide_env_values = true)]
        nats_url: String,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Verb::NewEpoch {
        postgres_url,
        nats_url,
    } = args.verb;
    let log = Log::open(&postgres_url, LogOptions::new(nats_url))
        .await
        .context("cannot open the event log")?;
    let before = log.epoch().clone();
    let epoch = log.begin_new_epoch().await.context("the epoch was not changed")?;
    log.close().await;
    line(&format!(
        "the log's epoch is {epoch}, it was {before}; start the services again"
    ));
    Ok(ExitCode::SUCCESS)
}
