//! A log with random sales on it, projectors beside it, and what the views should show.

use std::{collections::BTreeMap, future::Future, time::Duration};

use plimsoll_contracts::{Event, ImportedEvent, Position, TenantConfig, TenantId};
use plimsoll_devstack::{Servers, database_url, shared_for_tests, unique_name};
use plimsoll_feed::{FeedOptions, Publisher, Subscriber};
use plimsoll_log::{Filter, Log, LogOptions, Tail};
use plimsoll_projector::{Options, Projector, Status};
use plimsoll_store::{Select, StoreOptions, Stores};
use plimsoll_views::{
    FoldError, Row, SalesVolume, View, Workspace,
    fold::{PARKED_TABLE, ParkedRow},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const SALES: &str = SalesVolume::NAME;

/// A log of one's own and the stores beside it.
pub(crate) struct Bed {
    pub(crate) log: Log,
    pub(crate) stores: Stores,
    pub(crate) pool: PgPool,
    pub(crate) name: String,
    pub(crate) url: String,
    servers: Servers,
    shutdown: CancellationToken,
}

/// A projector of its own, as another process would run it.
pub(crate) struct Process {
    pub(crate) projector: Projector,
    shutdown: CancellationToken,
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Process {
    /// Drains it, as a service that is told to stop.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.projector.stopped().await;
    }
}

impl Bed {
    pub(crate) async fn new() -> Self {
        let servers = shared_for_tests().await.unwrap().clone();
        let name = unique_name("projector");
        let mut admin = PgConnection::connect(&servers.postgres_url).await.unwrap();
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::query(create).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        let url = database_url(&servers.postgres_url, &name);
        let mut options = LogOptions::new(&servers.nats_url).with_stream(&name);
        options.connections_max = 4;
        let log = Log::open(&url, options).await.unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(log.relay(shutdown.clone()));
        let stores = open(&url, &servers, &name).await;
        let pool = PgPool::connect(&url).await.unwrap();
        Self {
            log,
            stores,
            pool,
            name,
            url,
            servers,
            shutdown,
        }
    }

    pub(crate) fn feed(&self) -> FeedOptions {
        FeedOptions::new(&self.servers.nats_url).with_prefix(format!("plimsoll.changes_{}", self.name))
    }

    pub(crate) async fn subscriber(&self) -> Subscriber {
        Subscriber::connect(self.feed()).await.unwrap()
    }

    pub(crate) fn tail(&self, shutdown: &CancellationToken) -> Tail {
        self.log.tail(shutdown.clone())
    }

    /// Starts a projector with quick leases, so that tests need not wait for them.
    pub(crate) async fn project(&self, change: impl FnOnce(&mut Options)) -> Process {
        let shutdown = CancellationToken::new();
        let (publisher, sending) = Publisher::connect(self.feed()).await.unwrap();
        tokio::spawn(sending);
        let mut options = Options::new(unique_name("worker"));
        options.lease_ttl = Duration::from_secs(2);
        options.lease_renewal = Duration::from_millis(200);
        options.control_poll = Duration::from_millis(100);
        change(&mut options);
        let stores = open(&self.url, &self.servers, &self.name).await;
        let projector = Projector::start(
            options,
            self.log.clone(),
            self.tail(&shutdown),
            stores,
            publisher,
            shutdown.clone(),
        );
        Process { projector, shutdown }
    }

    /// Appends events in batches.
    pub(crate) async fn import(&self, events: &[ImportedEvent]) -> Position {
        let mut position = Position::ZERO;
        for batch in events.chunks(500) {
            position = self.log.import(batch.to_vec()).await.unwrap().position;
        }
        position
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let (mut all, mut after) = (Vec::new(), Position::ZERO);
        loop {
            let page = self
                .log
                .read_all(after, 10_000, &Filter::default())
                .await
                .unwrap();
            after = page.next;
            all.extend(page.events);
            if !page.more {
                return all;
            }
        }
    }

    /// Waits until the serving version of a view has reached a position.
    pub(crate) async fn reached(&self, view: &str, position: Position) {
        eventually("the view reaches the position", || async {
            let head = self.stores.head(view).await;
            head.is_ok_and(|head| head.position >= position)
        })
        .await;
    }

    /// Keys of this test's prefix that match.
    pub(crate) async fn redis_keys(&self, pattern: &str) -> Vec<String> {
        let client = redis::Client::open(self.servers.redis_url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let pattern = format!("{}:{pattern}", self.name);
        redis::cmd("keys")
            .arg(pattern)
            .query_async(&mut connection)
            .await
            .unwrap()
    }

    /// As a write whose checkpoint was lost.
    pub(crate) async fn plant_redis_row(&self, pattern: &str) {
        let client = redis::Client::open(self.servers.redis_url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        for key in self.redis_keys(pattern).await {
            let mut plant = redis::cmd("hset");
            let _: i64 = plant
                .arg(key)
                .arg("stray")
                .arg("1\t0\t\t{}")
                .query_async(&mut connection)
                .await
                .unwrap();
        }
    }

    /// As a Redis that was restarted without its data, or lost a part of it.
    pub(crate) async fn lose_redis_keys(&self, pattern: &str) {
        let client = redis::Client::open(self.servers.redis_url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        for key in self.redis_keys(pattern).await {
            let _: i64 = redis::cmd("del")
                .arg(key)
                .query_async(&mut connection)
                .await
                .unwrap();
        }
    }

    /// What a view shows.
    pub(crate) async fn shown<V: View>(&self) -> Shown {
        shown::<V>(&self.stores).await
    }

    /// What a fresh fold of the whole log in memory shows.
    pub(crate) async fn expected<V: View>(&self) -> Shown {
        folded::<V>(&self.events().await)
    }

    /// Fails unless the view shows what a fresh fold does; gives it.
    pub(crate) async fn assert_right<V: View>(&self) -> Shown {
        let (shown, expected) = (self.shown::<V>().await, self.expected::<V>().await);
        for (key, row) in &expected {
            assert_eq!(shown.get(key), Some(row), "{} {key:?}", V::NAME);
        }
        assert_eq!(
            shown.len(),
            expected.len(),
            "rows of {} that should not be there",
            V::NAME
        );
        shown
    }
}

async fn open(url: &str, servers: &Servers, name: &str) -> Stores {
    let mut options = StoreOptions::new(url, &servers.redis_url);
    options.redis_prefix = name.to_owned();
    options.connections_max = 8;
    Stores::open(options).await.unwrap()
}

/// Every row of every table with position and revision, by tenant, table and key.
pub(crate) type Shown = BTreeMap<(String, String, String), (u64, u32, String)>;

async fn shown<V: View>(stores: &Stores) -> Shown {
    let mut all = Shown::new();
    for tenant in ["main", "other"] {
        for table in V::TABLES.iter().chain(&[PARKED_TABLE]) {
            let select = Select {
                view: V::NAME.to_owned(),
                tenant: tenant.parse().unwrap(),
                table: (*table).to_owned(),
                span: None,
            };
            for row in stores.snapshot(&select).await.unwrap().rows {
                let body = canonical::<V>(table, row.body.get());
                let key = (tenant.to_owned(), (*table).to_owned(), row.key);
                all.insert(key, (row.position.get(), row.revision, body));
            }
        }
    }
    all
}

/// A row as its own type writes it, whatever order a store keeps its columns in.
fn canonical<V: View>(table: &str, body: &str) -> String {
    if table == PARKED_TABLE {
        let row: ParkedRow = serde_json::from_str(body).unwrap();
        return serde_json::to_string(&row).unwrap();
    }
    serde_json::to_string(&V::Row::decode(table, body).unwrap()).unwrap()
}

fn folded<V: View>(events: &[Event]) -> Shown {
    let mut tenants: BTreeMap<TenantId, Workspace<V>> = BTreeMap::new();
    for event in events {
        let workspace = tenants
            .entry(event.tenant.clone())
            .or_insert_with(|| Workspace::in_memory(TenantConfig::default()));
        match workspace.fold(event) {
            Err(FoldError::Unreadable(reason)) => workspace.park_unreadable(event, &reason).unwrap(),
            folded => folded.unwrap(),
        }
    }
    let mut all = Shown::new();
    for (tenant, workspace) in &tenants {
        for table in V::TABLES {
            for stored in workspace.rows_of(table) {
                let key = (tenant.to_string(), (*table).to_owned(), stored.row.key());
                let body = serde_json::to_string(&stored.row).unwrap();
                all.insert(key, (stored.position.get(), stored.revision, body));
            }
        }
        for row in workspace.parked_rows() {
            let position = row.entries.last().unwrap().position.get();
            let key = (tenant.to_string(), PARKED_TABLE.to_owned(), row.owner.clone());
            all.insert(key, (position, 0, serde_json::to_string(&row).unwrap()));
        }
    }
    all
}

/// Waits for a condition, for at most [`PATIENCE`].
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn status(process: &Process, view: &str, version: u32) -> Option<Status> {
    let overview = process.projector.overview(Some(view)).await.unwrap();
    overview
        .projections
        .into_iter()
        .find(|status| status.version == version)
}
