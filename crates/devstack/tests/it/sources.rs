use std::sync::Mutex;

use plimsoll_devstack::{Error, Kind, Progress, Source, Stack, StackOptions};

use crate::support::{accepts, temporary};

#[tokio::test]
async fn an_existing_server_is_passed_through_and_cannot_be_stopped_here() {
    let existing = |url: &str| Source::Existing(url.to_owned());
    let options = StackOptions {
        postgres: existing("postgres://me@db.example/plimsoll"),
        nats: existing("nats://n.example:4222"),
        redis: existing("redis://r.example/3"),
        ..temporary("existing")
    };
    let stack = Stack::start(options, |_: Progress| {}).await.unwrap();
    assert_eq!(stack.postgres_url(), "postgres://me@db.example/plimsoll");
    assert_eq!(stack.nats_url(), "nats://n.example:4222");
    assert_eq!(stack.redis_url(), "redis://r.example/3");
    assert!(matches!(stack.postgres(), Err(Error::NotPrivate(Kind::Postgres))));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn pinned_programs_are_fetched_checked_and_started() {
    let seen = Mutex::new(Vec::new());
    let options = StackOptions {
        use_installed: false,
        ..temporary("pinned")
    };
    let stack = Stack::start(options, |progress| seen.lock().unwrap().push(progress))
        .await
        .unwrap();
    assert!(accepts(stack.postgres_url()) && accepts(stack.nats_url()) && accepts(stack.redis_url()));
    let versions: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .filter_map(|progress| match progress {
            Progress::Found { kind, version, .. } => Some((*kind, version.to_string())),
            _ => None,
        })
        .collect();
    let expected = [
        (Kind::Postgres, "18.6"),
        (Kind::Nats, "2.15"),
        (Kind::Redis, "9.1"),
    ];
    assert_eq!(
        versions,
        expected.map(|(kind, version)| (kind, version.to_owned()))
    );
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_can_be_had_in_no_way_is_told_with_reasons_and_a_way_out() {
    // Nobody can make a folder there, not even root.
    let cache_dir = Some("/proc/plimsoll".into());
    let options = StackOptions {
        use_installed: false,
        cache_dir,
        ..temporary("nowhere")
    };
    let error = Stack::start(options, |_: Progress| {})
        .await
        .expect_err("no program");
    let text = error.to_string();
    assert!(text.starts_with("no usable Postgres on this machine"), "{text}");
    assert!(text.contains("could not create"), "{text}");
    assert!(
        text.contains("Install Postgres 15.0 or newer so that it is on PATH"),
        "{text}"
    );
    assert!(text.contains("--postgres-url"), "{text}");
}
