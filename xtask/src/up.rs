//! `up`, `bench` and `doc`: build one thing, then run it.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result, bail};

use crate::{command, say, web, workspace::Workspace};

/// Builds the page and the server, then becomes `plimsoll up`, so that Ctrl-C and the exit code are its own.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    say::heading("page");
    if !web::is_present(workspace) {
        bail!("web/package.json is not there, so there is no page to serve");
    }
    web::build(workspace)?;

    say::heading("server");
    command::run(command::cargo(workspace).args([
        "build",
        "--profile",
        "quick",
        "--package",
        "plimsoll",
        "--bin",
        "plimsoll",
    ]))?;

    say::heading("plimsoll up");
    let binary = workspace.target().join("quick/plimsoll");
    let mut plimsoll = std::process::Command::new(&binary);
    plimsoll
        .current_dir(workspace.root())
        .env("PLIMSOLL_CACHE", workspace.servers_cache());
    plimsoll
        .arg("up")
        .arg("--web-dir")
        .arg(workspace.path("web/dist"))
        .args(arguments);
    Err(plimsoll.exec()).with_context(|| format!("could not start {}", binary.display()))
}

/// A benchmark with release settings; its last line is JSON on standard output.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut bench = command::cargo(workspace);
    bench.env("PLIMSOLL_CACHE", workspace.servers_cache());
    bench
        .args(["run", "--release", "--package", "plimsoll-bench", "--"])
        .args(arguments);
    command::run(&mut bench)
}

/// The documentation of all our crates.
pub(crate) fn doc(workspace: &Workspace, open: bool) -> Result<()> {
    let mut doc = command::cargo(workspace);
    doc.args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    if open {
        doc.arg("--open");
    }
    command::run(&mut doc)
}
