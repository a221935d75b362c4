//! `bench log`: the event log beside plain inserts and plain publishes, in one run on one machine.
//! It measures through the log's public API only.

mod append;
mod relay;
mod setup;
mod tail;

use std::time::Duration;

use plimsoll_contracts::Position;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::report::{self, Report, per_s};
use setup::Bed;

/// How long and how hard to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Commands at once
    #[arg(long, default_value_t = 256)]
    concurrency: usize,
    /// Seconds per round of appends, both ways
    #[arg(long, default_value_t = 2)]
    round_s: u64,
    /// Rounds, each with both ways in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Events for import and relay
    #[arg(long, default_value_t = 150_000)]
    events: usize,
    /// Seconds of load under which the tail is joined
    #[arg(long, default_value_t = 5)]
    tail_s: u64,
}

/// Runs everything and prints the report.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let bed = Bed::new().await?;
    let round = Duration::from_secs(options.round_s);
    let (mut plain, mut grouped, mut keyed) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..options.rounds {
        plain = plain.max(append::plain(&bed, options.concurrency, round).await?);
        grouped = grouped.max(append::grouped(&bed, options.concurrency, round, false).await?);
        keyed = keyed.max(append::grouped(&bed, options.concurrency, round / 2, true).await?);
    }
    let mut report = Report::new("the event log");
    let commands = options.concurrency;
    report.line(
        &format!("{commands} commands at once, plain insert … bigserial, one each"),
        per_s(plain),
    );
    report.line(
        &format!("{commands} commands at once, group-committed"),
        per_s(grouped),
    );
    report.line("the same with idempotency keys", per_s(keyed));

    let import = append::import(&bed, options.events).await?;
    report.line("import in batches of 2,500", per_s(import));

    let stop = CancellationToken::new();
    let relayed = relay::relay(&bed, &stop).await?;
    let (bare, messages) = relay::bare(&bed).await?;
    report.line(
        &format!("bare pipelined publish of the same {messages} messages"),
        per_s(bare),
    );
    report.line("relay, Postgres to acknowledged", per_s(relayed));

    let tail = tail::join_under_load(&bed, Duration::from_secs(options.tail_s), &stop).await?;
    report.line(
        &format!("tail: {} readers joined under load", tail.readers),
        format!("{} holes", tail.holes),
    );
    report.line(
        "tail: appended to read, p50 / p99",
        format!("{:.1} ms / {:.1} ms", tail.p50_ms, tail.p99_ms),
    );
    stop.cancel();
    let gapless = bed.is_gapless().await?;
    report.line("max(position) = count(*)", if gapless { "yes" } else { "NO" });
    report.print(&json!({
        "append_ratio": report::round(grouped / plain),
        "append_per_s": report::round(grouped),
        "append_keyed_per_s": report::round(keyed),
        "append_plain_per_s": report::round(plain),
        "import_per_s": report::round(import),
        "relay_per_s": report::round(relayed),
        "relay_bare_per_s": report::round(bare),
        "relay_ratio": report::round(relayed / bare),
        "tail_holes": tail.holes,
        "tail_p50_ms": report::round(tail.p50_ms),
        "tail_p99_ms": report::round(tail.p99_ms),
        "gapless": gapless,
    }));
    anyhow::ensure!(gapless && tail.holes == 0, "the log lost or repeated a position");
    Ok(())
}

/// The rate of `count` things in `elapsed`.
fn rate(count: u64, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64()
}

/// The log's end.
async fn head(bed: &Bed) -> anyhow::Result<Position> {
    Ok(bed.log.head().await?.position)
}
