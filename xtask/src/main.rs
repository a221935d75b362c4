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

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match run(cli::Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::line(format_args!("\nxtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(verb: cli::Verb) -> anyhow::Result<()> {
    let workspace = workspace::Workspace::find()?;
    match verb {
        cli::Verb::Up { arguments } => up::run(&workspace, &arguments),
        cli::Verb::Test { only, skip } => test::run(&workspace, &only, &skip),
        cli::Verb::Tidy => tidy::run(&workspace),
        cli::Verb::Codegen { check } => codegen::run(&workspace, check),
        cli::Verb::Bench { arguments } => up::bench(&workspace, &arguments),
        cli::Verb::Doc { open } => up::doc(&workspace, open),
    }
}
