//! What several tests need: temporary stacks that share fetched programs, and waiting for a condition.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use plimsoll_devstack::{Source, Stack, StackOptions};

/// A fresh folder that everybody may walk through (Postgres may run as another user).
pub(crate) fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(plimsoll_devstack::unique_name(&format!("plimsoll_{name}")))
}

/// Programs are fetched once for all tests, into the target folder.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("PLIMSOLL_CACHE").map_or_else(
        || {
            PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .parent()
                .unwrap()
                .join("devstack")
                .join("servers")
        },
        PathBuf::from,
    )
}

pub(crate) fn temporary(name: &str) -> StackOptions {
    StackOptions {
        cache_dir: Some(cache()),
        ..StackOptions::temporary(folder(name))
    }
}

pub(crate) fn only_redis(options: StackOptions) -> StackOptions {
    StackOptions {
        postgres: Source::Absent,
        nats: Source::Absent,
        ..options
    }
}

pub(crate) async fn start(options: StackOptions) -> Stack {
    Stack::start(options, |progress| println!("{progress}"))
        .await
        .expect("the stack starts")
}

/// Waits for a condition with a deadline.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a process is there and is not merely waiting to be reaped.
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| !status.contains("State:\tZ"))
}

pub(crate) fn accepts(url: &str) -> bool {
    TcpStream::connect(address(url)).is_ok()
}

/// One inline command and its one-line answer.
pub(crate) fn redis(url: &str, command: &str) -> String {
    let mut stream = TcpStream::connect(address(url)).unwrap();
    stream
        .write_all(format!("{command}\r\nQUIT\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.trim_end_matches("+OK\r\n").trim().to_owned()
}

fn address(url: &str) -> &str {
    let authority = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    authority.rsplit('@').next().unwrap()
}
