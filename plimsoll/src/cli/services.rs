//! `plimsoll command-side | projector | query-api`: each service by itself, same code as in `up`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use plimsoll_host::{Keys, ServeOptions, serve, telemetry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output::line;
use crate::{
    house::{Addresses, House, HouseOptions, Services},
    signal,
};

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    CommandSide,
    Projector,
    QueryApi,
}

/// Arguments of a service.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Postgres: log and views.
    #[arg(long, env = "PLIMSOLL_POSTGRES_URL", hide_env_values = true)]
    postgres_url: String,
    /// NATS: stream and change feed.
    #[arg(long, env = "PLIMSOLL_NATS_URL", hide_env_values = true)]
    nats_url: String,
    /// Redis or Valkey: views.
    #[arg(long, env = "PLIMSOLL_REDIS_URL", hide_env_values = true)]
    redis_url: String,
    /// Where to listen.
    #[arg(long, env = "PLIMSOLL_LISTEN", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Public keys that tokens are checked with: a JSON Web Key Set (Ed25519, RSA).
    #[arg(
        long,
        env = "PLIMSOLL_JWKS",
        conflicts_with = "secret",
        required_unless_present = "secret"
    )]
    jwks: Option<PathBuf>,
    /// Secret that tokens are checked with (HS256), at least 32 bytes.
    #[arg(long, env = "PLIMSOLL_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Folder of the built web pages (query-api).
    #[arg(long, env = "PLIMSOLL_WEB_DIR")]
    web_dir: Option<PathBuf>,
    /// Origins of foreign pages that may open sockets (query-api), separated by commas.
    #[arg(long, env = "PLIMSOLL_ORIGINS", value_delimiter = ',')]
    origins: Vec<String>,
    /// Log JSON lines.
    #[arg(long, env = "PLIMSOLL_LOG_JSON")]
    log_json: bool,
}

pub(super) async fn run(service: Service, args: Args) -> anyhow::Result<ExitCode> {
    telemetry::init(args.log_json, "info");
    let keys = match (&args.jwks, &args.secret) {
        (Some(path), _) => Keys::from_jwks_file(path)?,
        (None, Some(secret)) => Keys::from_secret(secret.as_bytes())?,
        (None, None) => anyhow::bail!("give --jwks or --secret"),
    };
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let addresses = Addresses {
        postgres_url: args.postgres_url,
        nats_url: args.nats_url,
        redis_url: args.redis_url,
    };
    let services = Services {
        command_side: service == Service::CommandSide,
        projector: service == Service::Projector,
        query_api: service == Service::QueryApi,
    };
    let options = HouseOptions {
        web_dir: args.web_dir,
        dev_tokens: false,
        origins: args.origins,
    };
    let house = House::open(&addresses, services, &keys, options).await?;
    let stop = CancellationToken::new();
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(
        listener,
        house.router.clone(),
        stop.clone(),
        ServeOptions::default(),
    ));
    house.serving().await?;
    line(&format!("ready http://{address}"));
    signal::asked_to_stop().await;
    house.close_queries().await;
    stop.cancel();
    server.await??;
    house.close().await;
    Ok(ExitCode::SUCCESS)
}
