//! `bench fold`: events per second of each view's fold, in memory and on one core, beside the
//! decoding of the same events from JSON. The events are copies of a worked case of each view,
//! twenty minutes apart, each about orders, payments, calls or policies of its own.

use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{Event, ImportedEvent, Position, TenantConfig, time};
use plimsoll_views::{CallTime, Commission, Revenue, SalesVolume, View, Workspace};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::report::{Report, per_s, round};

/// How much to fold.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Events per view
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Events per batch, as the projector takes them
    #[arg(long, default_value_t = 500)]
    batch: usize,
}

/// Business time between two copies.
const APART: TimeDelta = TimeDelta::minutes(20);
/// What a copy has of its own; whatever else an event names is the same for all.
const OWN: [&str; 4] = ["order_id", "payment_id", "call_id", "policy_id"];

/// Runs every view in turn and prints the report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::new("folds in memory, one core");
    let mut figures = Map::new();
    let sales = include_str!("../../crates/views/tests/vectors/sales-volume.json");
    let calls = include_str!("../../crates/views/tests/vectors/call-time.json");
    let revenue = include_str!("../../crates/views/tests/vectors/revenue.json");
    let commission = include_str!("../../crates/views/tests/vectors/commission.json");
    measure::<SalesVolume>(options, (sales, "S1"), &mut report, &mut figures)?;
    measure::<CallTime>(options, (calls, "C1"), &mut report, &mut figures)?;
    measure::<Revenue>(options, (revenue, "R1"), &mut report, &mut figures)?;
    measure::<Commission>(options, (commission, "M1"), &mut report, &mut figures)?;
    report.print(&Value::Object(figures));
    Ok(())
}

fn measure<V: View>(
    options: &Options,
    (file, case): (&str, &str),
    report: &mut Report,
    figures: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let lines = copies(file, case, options.events)?;
    let started = Instant::now();
    let events = decode(&lines)?;
    let decoded = rate(events.len(), started);
    let mut workspace = Workspace::<V>::in_memory(TenantConfig::default());
    let started = Instant::now();
    for batch in events.chunks(options.batch) {
        for event in batch {
            workspace.fold(event)?;
        }
        workspace.take_changes();
    }
    let folded = rate(events.len(), started);
    report.line(&format!("{}: decode alone", V::NAME), per_s(decoded));
    report.line(&format!("{}: fold of decoded events", V::NAME), per_s(folded));
    figures.insert(
        V::NAME.replace('-', "_"),
        json!({
            "events": events.len(), "decode_per_s": decoded.round(), "fold_per_s": folded.round(),
            "fold_to_decode": round(folded / decoded),
        }),
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate is told in a few digits")]
fn rate(events: usize, started: Instant) -> f64 {
    events as f64 / started.elapsed().as_secs_f64()
}

/// Envelope and payload of each line, as a projector gets them.
fn decode(lines: &[String]) -> anyhow::Result<Vec<Event>> {
    let recorded_at: DateTime<Utc> = "2030-01-01T00:00:00Z".parse()?;
    let mut events = Vec::with_capacity(lines.len());
    for (position, line) in (1..).zip(lines) {
        let imported: ImportedEvent = serde_json::from_str(line)?;
        let event = imported.at(Position::new(position), recorded_at).upcast();
        event.payload().map_err(|error| anyhow::anyhow!("{error}"))?;
        events.push(event);
    }
    Ok(events)
}

/// So many events: the case itself, then copies of what it has of its own.
fn copies(file: &str, case: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let file: Value = serde_json::from_str(file)?;
    let cases = file["vectors"].as_array().context("a file of vectors")?;
    let case = cases
        .iter()
        .find(|known| known["name"] == case)
        .context("the case is in the file")?;
    let events = case["events"].as_array().context("a case has events")?;
    let mut lines = Vec::with_capacity(count);
    let mut copy = 0_u32;
    while lines.len() < count {
        let before = lines.len();
        for (index, event) in (0_u32..).zip(events) {
            if copy == 0 || is_own(event) {
                lines.push(copied(event, copy, index)?.to_string());
            }
        }
        anyhow::ensure!(lines.len() > before, "the case has nothing of its own to copy");
        copy += 1;
    }
    lines.truncate(count);
    Ok(lines)
}

fn is_own(event: &Value) -> bool {
    OWN.iter().any(|name| event["data"][*name].is_string())
}

fn copied(event: &Value, copy: u32, index: u32) -> anyhow::Result<Value> {
    let mut event = event.clone();
    event["id"] = json!(Uuid::from_u64_pair(u64::from(copy) + 1, u64::from(index)));
    let at = time::parse(event["occurred_at"].as_str().context("a time")?)?;
    let later = APART * i32::try_from(copy)?;
    event["occurred_at"] = json!(time::format(at + later));
    if copy > 0 {
        let stream = event["stream"].as_str().context("a stream")?;
        event["stream"] = json!(format!("{stream}.{copy}"));
        for name in OWN {
            if let Some(id) = event["data"][name].as_str() {
                event["data"][name] = json!(format!("{id}.{copy}"));
            }
        }
    }
    Ok(event)
}
