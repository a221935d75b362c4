//! The house rules that no compiler checks. Each rule is a pure function from what is in the repository to complaints,
//! with tests that show it failing.

mod arrows;
mod dependencies;
mod shape;
mod sizes;
mod sql;
mod words;

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{
    command,
    files::{self, Text},
    say,
    workspace::Workspace,
};

/// What `cargo metadata` tells of our packages.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None`, `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// Set for our own crates.
    pub(crate) path: Option<String>,
}

impl Dependency {
    fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// Extensions of the files that rules look at.
const TEXTS: [&str; 9] = ["rs", "ts", "svelte", "js", "css", "sql", "sh", "lua", "toml"];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut cargo = command::cargo(workspace);
    let metadata = command::output(cargo.args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Metadata =
        serde_json::from_str(&metadata).context("reading what cargo metadata printed")?;
    let texts = files::texts(workspace, &TEXTS)?;
    let packages_of_npm = npm_manifests(workspace)?;
    let explained = fs::read_to_string(workspace.path(dependencies::PAGE)).unwrap_or_default();

    let complaints: Vec<String> = [
        arrows::check(&metadata),
        sizes::check(&texts),
        words::check(&texts),
        shape::check(&texts),
        sql::check(&texts),
        dependencies::check(&metadata, &packages_of_npm, &explained),
    ]
    .concat();
    say::line(sizes::summary(&texts));
    for complaint in &complaints {
        say::line(format_args!("tidy: {complaint}"));
    }
    match complaints.len() {
        0 => {
            say::line("tidy: nothing to complain about");
            Ok(())
        }
        count => {
            bail!("tidy: {count} house rules broken, listed above; they are explained in ARCHITECTURE.md")
        }
    }
}

fn npm_manifests(workspace: &Workspace) -> Result<Vec<Text>> {
    let manifests = files::texts(workspace, &["json"])?;
    Ok(manifests
        .into_iter()
        .filter(|text| text.file_name() == "package.json")
        .collect())
}
