//! `plimsoll up`: servers, services, pages and a live simulation in one process, on one origin.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use chrono::Utc;
use indicatif::ProgressBar;
use plimsoll_contracts::{TenantConfig, TenantId};
use plimsoll_devstack::{Data, Progress as Step, Source, Stack, StackOptions};
use plimsoll_host::{Claims, Keys, ServeOptions, serve, telemetry};
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output::{line, note, spinner};
use crate::{
    client::{Client, RunFile},
    demo::{Demo, Progress},
    house::{Addresses, House, HouseOptions, Services},
    signal,
};

/// Hours for which the token of the command line holds.
const TOKEN_HOURS: i64 = 24 * 7;

/// Arguments of `plimsoll up`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "PLIMSOLL_LISTEN", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Where data and fetched servers are kept.
    #[arg(long, env = "PLIMSOLL_DIR", default_value = ".plimsoll")]
    dir: PathBuf,
    /// Empty the data of the private servers first.
    #[arg(long)]
    fresh: bool,
    /// Run no simulation.
    #[arg(long)]
    no_demo: bool,
    /// Run the simulation even into a log of one's own that it did not fill.
    #[arg(long, conflicts_with = "no_demo")]
    demo: bool,
    /// Seed of the simulation; the same seed tells the same stories.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Configuration of the tenant `main` (a JSON object), put there at the first start.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A Postgres of one's own.
    #[arg(long, env = "PLIMSOLL_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<String>,
    /// A NATS server (2.12 or later, with JetStream) of one's own.
    #[arg(long, env = "PLIMSOLL_NATS_URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// A Redis or Valkey of one's own.
    #[arg(long, env = "PLIMSOLL_REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,
    /// Folder of the built web pages.
    #[arg(long, env = "PLIMSOLL_WEB_DIR")]
    web_dir: Option<PathBuf>,
    /// Log JSON lines.
    #[arg(long, env = "PLIMSOLL_LOG_JSON")]
    log_json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    telemetry::init(args.log_json, "warn,sqlx=error");
    let config = args.config.as_deref().map(read_config).transpose()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        note(&format!(
            "WARNING: {address} is not a loopback address, and `up` gives tokens with every scope without asking \
             who wants one: every program that reaches it may read and change everything. Listen on 127.0.0.1, or \
             run the services one by one with keys of your own."
        ));
    }
    let url = format!("http://{address}");
    let stack = start_servers(&args).await?;
    let outcome = run_on(&args, &stack, listener, &url, config).await;
    note("stopping the servers");
    let stopped = stack.stop().await.context("a private server did not stop");
    let code = outcome?;
    stopped?;
    note("stopped; data is kept in the data folder");
    Ok(code)
}

fn read_config(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let change: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let typed = serde_json::from_value(change.clone())
        .with_context(|| format!("{} is not a JSON object of configuration keys", path.display()))?;
    TenantConfig::default()
        .changed(&typed)
        .with_context(|| format!("in {}", path.display()))?;
    Ok(change)
}

async fn start_servers(args: &Args) -> anyhow::Result<Stack> {
    let source = |url: &Option<String>| url.clone().map_or(Source::Private, Source::Existing);
    let mut options = StackOptions::keep(&args.dir);
    options.data = if args.fresh { Data::Fresh } else { Data::Keep };
    options.postgres = source(&args.postgres_url);
    options.nats = source(&args.nats_url);
    options.redis = source(&args.redis_url);
    let show = spinner("starting servers");
    let stack = Stack::start(options, |step| tell(&show, &step)).await;
    show.finish_and_clear();
    stack.context("the servers could not be started")
}

/// A step of starting: in the spinner on a terminal, as a line elsewhere.
fn tell(spinner: &ProgressBar, step: &Step) {
    // Without a terminal a transfer is told once, when it has arrived.
    let under_way =
        matches!(step, Step::Fetching { received_bytes, total_bytes, .. } if received_bytes < total_bytes);
    if !spinner.is_hidden() {
        spinner.set_message(step.to_string());
    } else if !under_way {
        note(&step.to_string());
    }
}

async fn run_on(
    args: &Args,
    stack: &Stack,
    listener: TcpListener,
    url: &str,
    config: Option<Value>,
) -> anyhow::Result<ExitCode> {
    let keys = Keys::from_secret(&secret(&args.dir)?)?;
    let addresses = Addresses {
        postgres_url: stack.postgres_url().to_owned(),
        nats_url: stack.nats_url().to_owned(),
        redis_url: stack.redis_url().to_owned(),
    };
    let services = Services {
        command_side: true,
        projector: true,
        query_api: true,
    };
    let options = HouseOptions {
        web_dir: args.web_dir.clone(),
        dev_tokens: true,
        origins: Vec::new(),
    };
    let house = House::open(&addresses, services, &keys, options).await?;
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(
        listener,
        house.router.clone(),
        stop.clone(),
        ServeOptions::default(),
    ));

    house.serving().await?;
    let until = Utc::now() + chrono::Duration::hours(TOKEN_HOURS);
    let token = keys.issue(&Claims::everything("operator", TenantId::main(), until))?;
    let client = Client::new(url, &token)?;
    let first_start = house.log_is_empty().await?;
    if let Some(config) = config {
        put_config(&client, first_start, &config).await?;
    }
    let run_file = RunFile {
        url: url.to_owned(),
        token,
        pid: std::process::id(),
    }
    .write(&args.dir)?;
    line(&format!("ready {url}"));
    note("Ctrl-C stops everything");

    let demo_stop = CancellationToken::new();
    let tells = wants_demo(args, &house, first_start).await?;
    let demo = tells.then(|| start_demo(args.seed, client, first_start, demo_stop.clone()));
    signal::asked_to_stop().await;
    note("draining: commands under way, projections, open sockets");
    demo_stop.cancel();
    if let Some(demo) = demo {
        demo.await?;
    }
    house.close_queries().await;
    stop.cancel();
    server.await??;
    house.close().await;
    std::fs::remove_file(run_file).ok();
    Ok(ExitCode::SUCCESS)
}

/// Whether to run the simulation: not into somebody's own log, unless it is asked for.
async fn wants_demo(args: &Args, house: &House, first_start: bool) -> anyhow::Result<bool> {
    if args.no_demo || args.demo || first_start || args.postgres_url.is_none() {
        return Ok(!args.no_demo);
    }
    let ours = house.log_is_simulated().await?;
    if !ours {
        note(
            "no simulation: the log at --postgres-url holds events that are not the simulation's; --demo runs it all the same",
        );
    }
    Ok(ours)
}

async fn put_config(client: &Client, first_start: bool, config: &Value) -> anyhow::Result<()> {
    if !first_start {
        note("the log is not empty: --config is left aside (change it with PUT /v1/config)");
        return Ok(());
    }
    client
        .send_json(Method::PUT, "/v1/config", config)
        .await
        .context("the configuration was not taken")?;
    Ok(())
}

fn start_demo(
    seed: u64,
    client: Client,
    with_history: bool,
    stop: CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let progress = Progress::default();
    let told = progress.clone();
    tokio::spawn(async move {
        let answer = client.get("/v1/config").await.unwrap_or_default();
        let config = serde_json::from_value(answer).unwrap_or_default();
        let reporter = async {
            loop {
                tokio::time::sleep(Duration::from_secs(10)).await;
                let (accepted, refused, lost) = told.counts();
                tracing::info!(accepted, refused, lost, "the simulation's commands so far");
            }
        };
        tokio::select! {
            () = Demo { seed, client, config, with_history }.run(progress, stop) => {}
            () = reporter => {}
        }
        let (accepted, refused, lost) = told.counts();
        note(&format!(
            "the simulation sent {accepted} commands; {refused} were refused by a rule, {lost} given up"
        ));
    })
}

/// The secret that tokens of this folder are made with; made at the first start.
fn secret(dir: &Path) -> anyhow::Result<Vec<u8>> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let path = dir.join("secret");
    match std::fs::read(&path) {
        Ok(secret) => return Ok(secret),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let mut bytes = [0_u8; 32];
    rand::Rng::fill(&mut rand::rng(), &mut bytes);
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(secret.as_bytes())?;
    Ok(secret.into_bytes())
}
