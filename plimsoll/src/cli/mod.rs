//! The command line: one enum of verbs, one file per verb. Exit codes: 0 done, 1 failed, 2 usage,
//! 3 difference found.

mod import;
mod log;
mod openapi;
mod output;
mod projection;
mod services;
mod token;
mod up;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use output::fail;

/// CQRS read models that know exactly how far they have followed the log.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run everything on this machine: servers, services, pages, and a live simulation.
    Up(up::Args),
    /// Run the command side alone: commands over HTTP, and the relay.
    CommandSide(services::Args),
    /// Run the projector alone.
    Projector(services::Args),
    /// Run the query API alone: views over HTTP and WebSocket, and the pages.
    QueryApi(services::Args),
    /// Turn a public data set into events and import them.
    Import(import::Args),
    /// Look at projections, rebuild, pause or resume them.
    Projection(projection::Args),
    /// Recompute views from the raw log and compare every cell; exit code 3 if any differs.
    Verify(verify::Args),
    /// Care for the event log itself.
    Log(log::Args),
    /// Make a bearer token by hand.
    Token(token::Args),
    /// Print the OpenAPI document.
    Openapi,
}

/// Which server, and as whom; beside a running `plimsoll up` neither is needed.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Data folder of the running `plimsoll up`, which says how to reach it
    #[arg(long, env = "PLIMSOLL_DIR", global = true, default_value = ".plimsoll")]
    dir: PathBuf,
    /// Base URL of the server [default: the one of the data folder, else <http://127.0.0.1:7070>]
    #[arg(long, env = "PLIMSOLL_URL", global = true)]
    url: Option<String>,
    /// Bearer token
    #[arg(long, env = "PLIMSOLL_TOKEN", global = true, hide_env_values = true)]
    token: Option<String>,
}

impl ServerArgs {
    fn client(&self) -> anyhow::Result<crate::client::Client> {
        crate::client::Client::find(&self.dir, self.url.as_deref(), self.token.as_deref())
    }
}

/// Does what the command line says.
///
/// # Errors
/// What failed, with its causes.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.verb {
        Verb::Up(args) => up::run(args).await,
        Verb::CommandSide(args) => services::run(services::Service::CommandSide, args).await,
        Verb::Projector(args) => services::run(services::Service::Projector, args).await,
        Verb::QueryApi(args) => services::run(services::Service::QueryApi, args).await,
        Verb::Import(args) => import::run(args).await,
        Verb::Projection(args) => projection::run(args).await,
        Verb::Verify(args) => verify::run(args).await,
        Verb::Log(args) => log::run(args).await,
        Verb::Token(args) => token::run(&args),
        Verb::Openapi => openapi::run(),
    }
}
