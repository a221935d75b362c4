//! `cargo xtask`: the one door to building, running and checking this repository.
//! It knows how the pieces are put together, and nothing of what they do.

mod cli;
mod codegen;
mod command;
mod files;
mod say;
mod tally;
mod test;
mod tidy;
mod up;
mod web;
mod workspace;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    let workspace = workspace::Workspace::find()?;
    match cli::Cli::parse().verb {
        cli::Verb::Up { arguments } => up::run(&workspace, &arguments),
        cli::Verb::Test { only, skip } => test::run(&workspace, &only, &skip),
        cli::Verb::Tidy => tidy::run(&workspace),
        cli::Verb::Codegen { check } => codegen::run(&workspace, check),
        cli::Verb::Bench { arguments } => up::bench(&workspace, &arguments),
        cli::Verb::Doc { open } => up::doc(&workspace, open),
    }
}
