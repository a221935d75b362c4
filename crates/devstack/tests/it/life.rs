use std::fs;

use plimsoll_devstack::{Data, Error, Kind, Progress, Source, StackOptions};

use crate::support::{accepts, eventually, folder, is_alive, only_redis, redis, start, temporary};

#[tokio::test]
async fn three_servers_answer_on_ports_below_the_outgoing_range_and_leave_nothing() {
    let options = temporary("three");
    let dir = options.dir.clone();
    let stack = start(options).await;
    let urls = [stack.postgres_url(), stack.nats_url(), stack.redis_url()].map(str::to_owned);
    let pids = Kind::ALL.map(|kind| stack.server(kind).unwrap().pid().unwrap());
    for url in &urls {
        assert!(accepts(url), "{url}");
        let port: u16 = url
            .rsplit(':')
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(port < 32_768, "{url}");
    }

    stack.stop().await.unwrap();
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
    assert!(!dir.exists(), "temporary data is removed");
}

#[tokio::test]
async fn postgres_killed_without_warning_starts_again_at_once_on_the_same_port() {
    let stack = start(StackOptions {
        nats: Source::Absent,
        redis: Source::Absent,
        ..temporary("pg9")
    })
    .await;
    let postgres = stack.postgres().unwrap();
    let (url, first) = (postgres.url(), postgres.pid().unwrap());
    for _ in 0..3 {
        postgres.kill9().await.unwrap();
        assert!(!postgres.is_running());
        assert!(!accepts(&url));
        postgres.restart().await.unwrap();
        assert!(accepts(&url));
    }
    assert_ne!(postgres.pid(), Some(first));
    assert_eq!(postgres.url(), url);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn nats_comes_back_after_a_crash_with_its_data_deleted() {
    let stack = start(StackOptions {
        postgres: Source::Absent,
        redis: Source::Absent,
        ..temporary("nats")
    })
    .await;
    let nats = stack.nats().unwrap();
    assert!(matches!(nats.wipe().await, Err(Error::StillRunning(Kind::Nats))));
    nats.kill9().await.unwrap();
    nats.wipe().await.unwrap();
    nats.restart().await.unwrap();
    assert!(accepts(stack.nats_url()));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn redis_keeps_its_data_when_stopped_in_order_and_loses_it_when_wiped() {
    let stack = start(only_redis(temporary("redis"))).await;
    let (server, url) = (stack.redis().unwrap(), stack.redis_url());
    redis(url, "SET position 42");
    server.restart().await.unwrap();
    assert_eq!(redis(url, "GET position"), "$2\r\n42");
    assert_eq!(
        redis(url, "CONFIG GET maxmemory-policy").lines().last(),
        Some("noeviction")
    );

    server.kill9().await.unwrap();
    server.wipe().await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(redis(url, "GET position"), "$-1");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn kept_data_is_there_at_the_next_start_and_fresh_empties_it() {
    let dir = folder("kept");
    let options = || {
        only_redis(StackOptions {
            data: Data::Keep,
            ..StackOptions {
                dir: dir.clone(),
                ..temporary("")
            }
        })
    };
    let stack = start(options()).await;
    redis(stack.redis_url(), "SET position 42");
    stack.stop().await.unwrap();

    let stack = start(options()).await;
    assert_eq!(redis(stack.redis_url(), "GET position"), "$2\r\n42");
    stack.stop().await.unwrap();

    let stack = start(StackOptions {
        data: Data::Fresh,
        ..options()
    })
    .await;
    assert_eq!(redis(stack.redis_url(), "GET position"), "$-1");
    stack.stop().await.unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_folder_serves_one_stack_at_a_time() {
    let dir = folder("one");
    let options = || {
        only_redis(StackOptions {
            dir: dir.clone(),
            ..temporary("one")
        })
    };
    let stack = start(options()).await;
    let refused = plimsoll_devstack::Stack::start(options(), |_: Progress| {}).await;
    let error = refused.expect_err("the folder is in use");
    assert!(
        error.to_string().contains("in use by another running stack"),
        "{error}"
    );
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_stack_ends_in_the_background() {
    let options = only_redis(temporary("drop"));
    let dir = options.dir.clone();
    let stack = start(options).await;
    let pid = stack.redis().unwrap().pid().unwrap();
    drop(stack);
    eventually("the server ends and its data is removed", || {
        !is_alive(pid) && !dir.exists()
    })
    .await;
}
