//! What happens to the servers when the process that started them is killed.
//! The process is this test binary again, running only the test named in `OWNER`.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use plimsoll_devstack::{Data, Kind, StackOptions, shared_for_tests};

use crate::support::{accepts, cache, eventually, folder, is_alive, start};

const OWNER: &str = "owner::an_owner_that_only_lives_to_be_killed";

/// Does nothing in an ordinary run.
#[tokio::test]
async fn an_owner_that_only_lives_to_be_killed() {
    let Some(dir) = env::var_os("DEVSTACK_TEST_OWNER_DIR") else {
        return;
    };
    let data = if env::var_os("DEVSTACK_TEST_OWNER_KEEPS").is_some() {
        Data::Keep
    } else {
        Data::Temporary
    };
    let stack = start(StackOptions {
        data,
        cache_dir: Some(cache()),
        ..StackOptions::temporary(dir)
    })
    .await;
    let pids = Kind::ALL.map(|kind| stack.server(kind).unwrap().pid().unwrap().to_string());
    println!("\npids {}", pids.join(" "));
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn servers_die_with_an_owner_that_is_killed_without_warning() {
    let dir = folder("owner");
    let (mut owner, pids) = owner_of(&dir, false);
    assert!(pids.iter().all(|pid| is_alive(*pid)), "they run before: {pids:?}");
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the servers end and their data is removed", || {
        pids.iter().all(|pid| !is_alive(*pid)) && !dir.exists()
    })
    .await;
}

#[tokio::test]
async fn data_of_a_killed_owner_is_taken_over_at_the_next_start() {
    let dir = folder("takeover");
    let (mut owner, pids) = owner_of(&dir, true);
    owner.kill().unwrap();
    owner.wait().unwrap();
    // At once, while the old servers may still be on their way out.
    let options = StackOptions {
        cache_dir: Some(cache()),
        ..StackOptions::keep(&dir)
    };
    let stack = start(options).await;
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
    assert!(accepts(stack.postgres_url()) && accepts(stack.nats_url()) && accepts(stack.redis_url()));
    stack.stop().await.unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn all_test_processes_of_a_run_get_the_same_servers() {
    let servers = shared_for_tests().await.unwrap();
    assert_eq!(shared_for_tests().await.unwrap(), servers);
    assert!(accepts(&servers.postgres_url) && accepts(&servers.nats_url) && accepts(&servers.redis_url));
}

fn owner_of(dir: &std::path::Path, keeps: bool) -> (Child, Vec<u32>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([OWNER, "--exact", "--nocapture"])
        .env("DEVSTACK_TEST_OWNER_DIR", dir);
    if keeps {
        command.env("DEVSTACK_TEST_OWNER_KEEPS", "1");
    }
    let mut owner = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let pids = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("pids ").map(str::to_owned));
    let pids = pids.expect("the owner tells its servers");
    (owner, pids.split(' ').map(|pid| pid.parse().unwrap()).collect())
}
