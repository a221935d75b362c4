//! `cargo xtask bench NAME`: each prints a table for people and, as its last line, one JSON object.

mod fold;
mod live;
mod log;
mod report;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures Plimsoll against a baseline taken in the same run")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Events per second of each view's fold, in memory
    Fold(fold::Options),
    /// Group-committed appends, import, relay and tail of the event log
    Log(log::Options),
    /// From an accepted command to the frame on a WebSocket
    Live(live::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().bench {
        Bench::Fold(options) => fold::run(&options),
        Bench::Log(options) => log::run(&options).await,
        Bench::Live(options) => live::run(&options).await,
    }
}
