//! `bench live`: from the acceptance of a command to the frame on a client's socket, under a
//! steady rate and many sockets, beside the floor of commit, publish and deliver. Server, load and
//! sockets share one machine and one process: the figures are above what a server alone would give.

mod floor;
mod load;
mod sockets;

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use chrono::Utc;
use hdrhistogram::Histogram;
use plimsoll::{
    client::Client,
    house::{Addresses, House, HouseOptions, Services},
};
use plimsoll_contracts::TenantId;
use plimsoll_devstack::{Stack, StackOptions};
use plimsoll_host::{Claims, Keys, ServeOptions, serve};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::report::{Report, round as round2};

/// How the push path is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Commands per second; each appends one event
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Sockets
    #[arg(long, default_value_t = 200)]
    sockets: usize,
    /// Seconds of measuring a round, after a warm-up of three
    #[arg(long, default_value_t = 15)]
    seconds: u32,
}

/// Sockets of one user; a bound of the server.
const SOCKETS_PER_USER: usize = 10;
/// Load before the measuring begins.
const WARM_UP: Duration = Duration::from_secs(3);

/// Gathers a round's leftovers before the next one begins.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(plimsoll_devstack::unique_name("bench_live"));
    let stack = Stack::start(StackOptions::temporary(&folder), |_| {}).await?;
    let addresses = Addresses {
        postgres_url: stack.postgres_url().to_owned(),
        nats_url: stack.nats_url().to_owned(),
        redis_url: stack.redis_url().to_owned(),
    };
    let floor = floor::measure(&addresses).await?;
    let keys = Keys::from_secret(&[42; 32])?;
    let services = Services {
        command_side: true,
        projector: true,
        query_api: true,
    };
    let house = House::open(&addresses, services, &keys, HouseOptions::default()).await?;
    house.serving().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let router = house.router.clone();
    let server = tokio::spawn(serve(listener, router, stop.clone(), ServeOptions::default()));

    let bed = Bed::new(options, address, &keys)?;
    let shared = bed.round(Questions::Shared).await?;
    tokio::time::sleep(SETTLE).await;
    let each = bed.round(Questions::PerProduct).await?;
    report(options, &shared, &each, &floor);

    house.close_queries().await;
    stop.cancel();
    server.await??;
    house.close().await;
    stack.stop().await?;
    Ok(())
}

/// What the sockets ask.
#[derive(Debug, Clone, Copy)]
enum Questions {
    /// All the same: one topic that changes with every event, so its pace decides.
    Shared,
    /// One product each: a topic is idle when its next event comes, and is told at once.
    PerProduct,
}

/// A running server and who talks to it.
struct Bed<'a> {
    options: &'a Options,
    address: SocketAddr,
    client: Client,
    tokens: Vec<String>,
}

/// One round's figures.
struct Round {
    /// Commands accepted per second.
    rate: f64,
    /// From the 202's arrival to the frame's, microseconds.
    accepted: Histogram<u64>,
    /// From the sending of the command to the frame's arrival, microseconds.
    sent: Histogram<u64>,
}

impl<'a> Bed<'a> {
    fn new(options: &'a Options, address: SocketAddr, keys: &Keys) -> anyhow::Result<Self> {
        let token = |user: usize| {
            let until = Utc::now() + chrono::Duration::hours(1);
            keys.issue(&Claims::everything(
                &format!("bench-{user}"),
                TenantId::main(),
                until,
            ))
        };
        let users = options.sockets.div_ceil(SOCKETS_PER_USER);
        Ok(Self {
            options,
            address,
            client: Client::new(&format!("http://{address}"), &token(0)?)?,
            tokens: (1..=users).map(token).collect::<Result<_, _>>()?,
        })
    }

    /// Opens the sockets, runs the load, and measures what came after the warm-up.
    async fn round(&self, questions: Questions) -> anyhow::Result<Round> {
        let stop = CancellationToken::new();
        let mut listening = Vec::new();
        for number in 0..self.options.sockets {
            let params = match questions {
                Questions::Shared => json!({"group_by": "product"}),
                Questions::PerProduct => json!({"product_id": load::product(number as u64)}),
            };
            let token = &self.tokens[number / SOCKETS_PER_USER];
            let listener = sockets::Listener::open(self.address, token, &params).await?;
            let task = tokio::spawn(listener.listen(stop.clone()));
            listening.push((load::product(number as u64), task));
        }
        let length = WARM_UP + Duration::from_secs(u64::from(self.options.seconds));
        let mut commands = load::run(&self.client, self.options.rate, length).await?;
        commands.retain(|command| command.after >= WARM_UP);
        tokio::time::sleep(SETTLE).await;
        stop.cancel();
        let mut round = Round {
            rate: f64::from(u32::try_from(commands.len())?) / f64::from(self.options.seconds),
            accepted: histogram()?,
            sent: histogram()?,
        };
        for (product, task) in listening {
            let frames = task.await?;
            let asked = |command: &&load::Accepted| match questions {
                Questions::Shared => true,
                Questions::PerProduct => command.product == product,
            };
            for command in commands.iter().filter(asked) {
                let first = frames.partition_point(|frame| frame.position < command.position);
                let frame = frames
                    .get(first)
                    .context("a socket never heard of an accepted command")?;
                round
                    .accepted
                    .record(micros(frame.at.saturating_duration_since(command.at)))?;
                round
                    .sent
                    .record(micros(frame.at.saturating_duration_since(command.sent)))?;
            }
        }
        Ok(round)
    }
}

/// Microseconds up to a minute.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn report(options: &Options, shared: &Round, each: &Round, floor: &Histogram<u64>) {
    let mut report = Report::new("bench live: from a command to the frame on a socket");
    report.line("sockets, all on loopback", options.sockets.to_string());
    let mut line = |what: &str, times: &Histogram<u64>| {
        let (p50, p99) = (millis(times, 0.5), millis(times, 0.99));
        report.line(what, format!("{p50:.1} / {p99:.1} ms"));
    };
    line(
        "floor: commit + publish + deliver, one at a time, p50 / p99",
        floor,
    );
    line(
        "one question for all, 50 ms pace: accepted → frame",
        &shared.accepted,
    );
    line("  sent → frame", &shared.sent);
    line(
        "a question per product, told at once: accepted → frame",
        &each.accepted,
    );
    line("  sent → frame", &each.sent);
    report.line(
        "commands accepted, one question / per product",
        format!("{:.0} / {:.0} per s", shared.rate, each.rate),
    );
    let figures = |round: &Round| {
        json!({
            "rate_per_s": round2(round.rate),
            "deliveries": round.accepted.len(),
            "p50_ms": round2(millis(&round.accepted, 0.5)),
            "p99_ms": round2(millis(&round.accepted, 0.99)),
            "sent_p50_ms": round2(millis(&round.sent, 0.5)),
            "sent_p99_ms": round2(millis(&round.sent, 0.99)),
            "sent_p50_ratio_to_floor": round2(millis(&round.sent, 0.5) / millis(floor, 0.5)),
        })
    };
    report.print(&json!({
        "bench": "live",
        "sockets": options.sockets,
        "floor_p50_ms": round2(millis(floor, 0.5)),
        "floor_p99_ms": round2(millis(floor, 0.99)),
        "shared": figures(shared),
        "per_product": figures(each),
    }));
}

fn millis(times: &Histogram<u64>, quantile: f64) -> f64 {
    let micros = times.value_at_quantile(quantile);
    f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1_000.0
}
