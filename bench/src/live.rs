//! `bench live`: from the acceptance of a command to the frame on a client's socket, under a
//! steady rate and many sockets, beside the floor of commit, publish and deliver.

mod floor;
mod load;
mod sockets;

use std::time::Duration;

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

use crate::report::{Report, round};

/// How the push path is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Commands per second; each appends one event.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Sockets that all ask the same question.
    #[arg(long, default_value_t = 200)]
    sockets: usize,
    /// Seconds of measuring, after a warm-up of three.
    #[arg(long, default_value_t = 15)]
    seconds: u32,
}

/// Sockets of one user; a bound of the server.
const SOCKETS_PER_USER: usize = 10;
/// Load before the measuring begins.
const WARM_UP: Duration = Duration::from_secs(3);

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
    let server = tokio::spawn(serve(
        listener,
        house.router.clone(),
        stop.clone(),
        ServeOptions::default(),
    ));

    let token = |sub: usize| {
        let until = Utc::now() + chrono::Duration::hours(1);
        keys.issue(&Claims::everything(
            &format!("bench-{sub}"),
            TenantId::main(),
            until,
        ))
    };
    let client = Client::new(&format!("http://{address}"), &token(0)?)?;
    let mut tokens = Vec::new();
    for user in 0..options.sockets.div_ceil(SOCKETS_PER_USER) {
        tokens.push(token(user + 1)?);
    }
    let (warm, heard) = drive(options, &client, address, &tokens).await?;
    let latency = latencies(&warm, &heard)?;
    report(options, &warm, &latency, &floor);

    house.close_queries().await;
    stop.cancel();
    server.await??;
    house.close().await;
    stack.stop().await?;
    Ok(())
}

/// Opens the sockets, runs the load, and gives what was accepted after the warm-up and what each
/// socket heard.
async fn drive(
    options: &Options,
    client: &Client,
    address: std::net::SocketAddr,
    tokens: &[String],
) -> anyhow::Result<(Vec<load::Accepted>, Vec<Vec<sockets::Heard>>)> {
    // The first order makes the question's answer non-empty, and the cohort warm.
    client
        .command("orders", "PlaceOrder", "bench-0", &load::order(0))
        .await?;
    let stop = CancellationToken::new();
    let mut listening = Vec::new();
    for number in 0..options.sockets {
        let listener = sockets::Listener::open(address, &tokens[number / SOCKETS_PER_USER]).await?;
        listening.push(tokio::spawn(listener.listen(stop.clone())));
    }
    let length = WARM_UP + Duration::from_secs(u64::from(options.seconds));
    let mut accepted = load::run(client, options.rate, length).await?;
    accepted.retain(|command| command.after >= WARM_UP);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    let mut heard = Vec::new();
    for task in listening {
        heard.push(task.await?);
    }
    Ok((accepted, heard))
}

/// For each command and each socket, from the 202 to the first frame at or past its position, in
/// microseconds; a frame that was faster than the 202 counts as 0.
fn latencies(accepted: &[load::Accepted], heard: &[Vec<sockets::Heard>]) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    for frames in heard {
        for command in accepted {
            let first = frames.partition_point(|frame| frame.position < command.position);
            let frame = frames
                .get(first)
                .context("a socket never heard of an accepted command")?;
            let waited = frame.at.saturating_duration_since(command.at);
            histogram.saturating_record(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX));
        }
    }
    Ok(histogram)
}

fn report(options: &Options, accepted: &[load::Accepted], latency: &Histogram<u64>, floor: &Histogram<u64>) {
    let ms = |histogram: &Histogram<u64>, quantile: f64| millis(histogram.value_at_quantile(quantile));
    let mut report = Report::new("bench live: command accepted → frame on the socket");
    let rate = f64::from(u32::try_from(accepted.len()).unwrap_or(u32::MAX)) / f64::from(options.seconds);
    report.line("commands accepted", format!("{rate:.0} /s"));
    report.line("sockets on one question", options.sockets.to_string());
    report.line("frame pacing", "at most one per 50 ms");
    report.line("accepted → frame, p50", format!("{:.1} ms", ms(latency, 0.5)));
    report.line("accepted → frame, p99", format!("{:.1} ms", ms(latency, 0.99)));
    report.line(
        "floor (commit + publish + deliver, one at a time), p50",
        format!("{:.1} ms", ms(floor, 0.5)),
    );
    report.line("floor, p99", format!("{:.1} ms", ms(floor, 0.99)));
    report.print(&json!({
        "bench": "live",
        "rate_per_s": round(rate),
        "sockets": options.sockets,
        "deliveries": latency.len(),
        "p50_ms": round(ms(latency, 0.5)),
        "p99_ms": round(ms(latency, 0.99)),
        "floor_p50_ms": round(ms(floor, 0.5)),
        "floor_p99_ms": round(ms(floor, 0.99)),
        "p50_ratio_to_floor": round(ms(latency, 0.5) / ms(floor, 0.5).max(0.001)),
    }));
}

fn millis(micros: u64) -> f64 {
    f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1_000.0
}
