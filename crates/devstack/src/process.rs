//! Starting, watching and ending a child process, whatever it is.
//! Children stand in a group of their own, so that Ctrl-C reaches only their owner, who stops them in order.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::{Error, account::Account};

/// Everything that starting one program takes.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) dir: PathBuf,
    pub(crate) account: Option<Account>,
}

/// Starts it with its output appended to a log file.
pub(crate) fn spawn(launch: &Launch, log: &Path) -> Result<Child, Error> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(Error::io("open", log))?;
    let errors = output.try_clone().map_err(Error::io("open", log))?;
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.arguments)
        .current_dir(&launch.dir)
        .process_group(0);
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    if let Some(Account { uid, gid }) = launch.account {
        command.uid(uid).gid(gid);
    }
    command.spawn().map_err(Error::io("start", &launch.program))
}

/// Sends a signal to a child that has not been waited for, so the number cannot be another process's.
pub(crate) fn signal(child: &Child, signal: Signal) -> io::Result<()> {
    Ok(kill_process(Pid::from_child(child), signal)?)
}

/// Waits for the end of a child; `false` when it still runs after `patience`.
pub(crate) async fn ended(child: &mut Child, patience: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        pause().await;
    }
}

/// Waits until none of these processes is there; `false` when one is after `patience`.
pub(crate) async fn all_gone(pids: &[u32], patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while pids.iter().any(|pid| is_alive(*pid)) {
        if Instant::now() >= deadline {
            return false;
        }
        pause().await;
    }
    true
}

/// The processes whose parent is this one.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
        .filter(|pid| parent_of(*pid) == Some(parent))
        .collect()
}

/// Whether a process of this number runs in this folder: a server left over from an owner that was killed.
pub(crate) fn runs_in(pid: u32, dir: &Path) -> bool {
    is_alive(pid) && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == dir)
}

/// Kills a process that is not our child.
pub(crate) fn kill_stranger(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _gone_already = kill_process(pid, Signal::KILL);
    }
}

/// The rhythm of everything that waits for a condition here.
pub(crate) async fn pause() {
    sleep(Duration::from_millis(10)).await;
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    const WINDOW_BYTES: u64 = 8 * 1024;
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(WINDOW_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..]
        .iter()
        .fold(String::new(), |tail, line| tail + "\n    " + line)
}

fn parent_of(pid: u32) -> Option<u32> {
    status_field(pid, "PPid:")?.parse().ok()
}

fn is_alive(pid: u32) -> bool {
    status_field(pid, "State:").is_some_and(|state| !state.starts_with(['Z', 'X']))
}

fn status_field(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .map(|value| value.trim().to_owned())
}
