//! The verbs and their arguments.

use clap::{Parser, Subcommand};

use crate::test::Step;

/// Builds, runs and checks Plimsoll.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Build the page and the server, then run everything with `plimsoll up`
    Up {
        /// Passed on to `plimsoll up`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Provision what is missing, then run every check and test
    Test {
        /// Run only these steps
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<Step>,
        /// Leave these steps out
        #[arg(long, value_enum, value_delimiter = ',')]
        skip: Vec<Step>,
    },
    /// Check the house rules that no compiler checks
    Tidy,
    /// Write what is generated from the Rust types: TypeScript and the OpenAPI document
    Codegen {
        /// Change nothing; fail when something would change
        #[arg(long)]
        check: bool,
    },
    /// Run a benchmark, built for release
    Bench {
        /// Its name and its arguments; none: the list
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build the documentation of all crates
    Doc {
        /// Open it in a browser
        #[arg(long)]
        open: bool,
    },
}
