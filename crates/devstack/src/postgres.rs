//! How Postgres is laid out, started and seen to be ready.
//! A development server: durable (fsync stays on), loopback only, no password, no Unix socket.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::{Error, Kind, account::Account, place, process::Launch};

const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=128MB",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "log_checkpoints=off",
];

/// The major version that wrote a data folder; `None` when it is empty or not Postgres'.
pub(crate) fn data_major(kind: Kind, data: &Path) -> Option<u32> {
    if kind != Kind::Postgres {
        return None;
    }
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Whether the data folder has still to be laid out.
pub(crate) fn needs_layout(data: &Path) -> bool {
    !data.join("PG_VERSION").exists()
}

/// Runs initdb beside the data folder and moves the result there, so that a killed initdb leaves nothing half-done.
pub(crate) async fn lay_out(program: &Path, data: &Path, account: Option<Account>) -> Result<(), Error> {
    let fresh = data.with_extension("new");
    place::remove(&fresh)?;
    place::create_private(&fresh, account)?;
    let mut command = Command::new(program.with_file_name("initdb"));
    command.args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]);
    command
        .arg("--pgdata")
        .arg(&fresh)
        .current_dir(&fresh)
        .stdin(std::process::Stdio::null());
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
    let failed = |reason: String| Error::Prepare {
        dir: data.to_owned(),
        reason,
    };
    let output = command
        .output()
        .await
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    place::remove(data)?;
    fs::rename(&fresh, data).map_err(Error::io("put in place", data))
}

pub(crate) fn launch(program: PathBuf, data: &Path, port: u16, account: Option<Account>) -> Launch {
    let mut arguments: Vec<OsString> = vec!["-D".into(), data.into(), "-p".into(), port.to_string().into()];
    for setting in SETTINGS {
        arguments.extend(["-c".into(), setting.into()]);
    }
    Launch {
        program,
        arguments,
        dir: data.to_owned(),
        account,
    }
}

/// As `pg_ctl` does it: the postmaster writes its own number, and on the eighth line how far it is.
pub(crate) fn is_ready(data: &Path, pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.first() == Some(&pid.to_string().as_str()) && lines.get(7) == Some(&"ready")
}

pub(crate) fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}
