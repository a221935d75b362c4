//! A log of one's own on the shared servers, and short ways to say what a test needs.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::Utc;
use plimsoll_contracts::{Actor, NewEvent, Position, StreamId, TenantId};
use plimsoll_devstack::{database_url, shared_for_tests, unique_name};
use plimsoll_log::{Append, Expected, Idempotency, Log, LogOptions, StreamWrite};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A database and a stream of one's own, and the log on them.
pub(crate) struct Bed {
    pub(crate) log: Log,
    pub(crate) options: LogOptions,
    pub(crate) url: String,
    pub(crate) pool: PgPool,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(|options| options).await
    }

    pub(crate) async fn with(change: impl FnOnce(LogOptions) -> LogOptions) -> Self {
        let servers = shared_for_tests().await.unwrap();
        Self::on(&servers.postgres_url, &servers.nats_url, change).await
    }

    /// On servers of one's own.
    pub(crate) async fn on(
        postgres_url: &str,
        nats_url: &str,
        change: impl FnOnce(LogOptions) -> LogOptions,
    ) -> Self {
        let name = unique_name("log");
        let mut admin = PgConnection::connect(postgres_url).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        let url = database_url(postgres_url, &name);
        let mut options = LogOptions::new(nats_url).with_stream(&name);
        options.connections_max = 4;
        let options = change(options);
        let log = Log::open(&url, options.clone()).await.unwrap();
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(2)
            .connect(&url)
            .await
            .unwrap();
        Self {
            log,
            options,
            url,
            pool,
        }
    }

    /// The same log as another process would open it.
    pub(crate) async fn other_process(&self) -> Log {
        Log::open(&self.url, self.options.clone()).await.unwrap()
    }

    /// Invariant 1, and that each stream's versions are 1, 2, 3 ….
    pub(crate) async fn assert_gapless(&self) -> u64 {
        let row = sqlx::query(
            "select coalesce(max(position), 0), coalesce(min(position), 1), count(*), (select position from log.log_head),
                (select count(*) from (select 1 from log.events group by tenant, stream having max(version) <> count(*)) as broken)
             from log.events",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap();
        let [max, min, count, head, broken]: [i64; 5] = std::array::from_fn(|index| row.get(index));
        assert_eq!(
            (max, min, head, broken),
            (count, 1, count, 0),
            "max, min, head against count; broken streams"
        );
        u64::try_from(count).unwrap()
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::main()
}

pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().unwrap()
}

pub(crate) fn raw(text: impl Into<String>) -> Arc<RawValue> {
    RawValue::from_string(text.into()).unwrap().into()
}

pub(crate) fn event(event_type: &str, data: &str) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: event_type.into(),
        schema: 1,
        occurred_at: Utc::now(),
        correlation_id: "c1".to_owned(),
        causation_id: None,
        actor: Actor::user("U1"),
        data: raw(data),
    }
}

pub(crate) fn shipped(count: usize) -> Vec<NewEvent> {
    (0..count)
        .map(|_| event("OrderShipped", r#"{"order_id":"O1"}"#))
        .collect()
}

pub(crate) fn append(stream_name: &str, expected: Expected, events: Vec<NewEvent>) -> Append {
    Append {
        tenant: tenant(),
        idempotency: None,
        writes: vec![StreamWrite {
            stream: stream(stream_name),
            expected,
            events,
        }],
        note: None,
    }
}

pub(crate) fn keyed(mut request: Append, key: &str, hash: u8) -> Append {
    request.idempotency = Some(Idempotency {
        key: key.to_owned(),
        request_hash: [hash; 32],
    });
    request
}

/// Appends `count` events in requests of `size`, to a few streams.
pub(crate) async fn fill(log: &Log, count: usize, size: usize) -> Position {
    let mut last = Position::ZERO;
    for chunk in 0..count / size {
        let request = append(&format!("order-F{}", chunk % 7), Expected::Any, shipped(size));
        last = log.append(request).await.unwrap().position;
    }
    last
}

/// Waits for a condition, with a deadline.
pub(crate) async fn until<F, C>(what: &str, mut condition: C)
where
    C: FnMut() -> F,
    F: Future<Output = bool>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
