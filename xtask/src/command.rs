//! Running the tools: cargo, npm and the rest, from the repository's root.

use std::{
    env,
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// The cargo that runs us.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    // What cargo told us about ourselves would make other crates' build scripts run again.
    for name in [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_PKG_NAME",
        "CARGO_PKG_VERSION",
    ] {
        command.env_remove(name);
    }
    command
}

/// npm in the web folder.
pub(crate) fn npm(workspace: &Workspace) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(workspace.path("web"));
    command
}

/// Runs it to its end; the error names what failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| not_started(&shown))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs it and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| not_started(&shown))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not text"))
}

/// As a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_else(|| command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where a program lies on PATH.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Node and npm, new enough for the web's tools.
pub(crate) fn require_node() -> Result<()> {
    const OLDEST_MAJOR: u32 = 20;
    let version = match Command::new("node").arg("--version").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("Node is not on PATH. Install Node {OLDEST_MAJOR} or newer, with npm")
        }
        answer => String::from_utf8_lossy(&answer.context("`node --version` did not run")?.stdout)
            .trim()
            .to_owned(),
    };
    let major: Option<u32> = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_none_or(|major| major < OLDEST_MAJOR) {
        bail!("Node {version} is too old. Install Node {OLDEST_MAJOR} or newer");
    }
    if which("npm").is_none() {
        bail!("npm is not on PATH, although Node is. Install it (on Debian: apt install npm)");
    }
    Ok(())
}

fn not_started(shown: &str) -> String {
    format!("`{shown}` did not start: is it installed and on PATH?")
}
