//! A log with random sales on it, projectors beside it, and what the views should show.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{Actor, Event, ImportedEvent, Position, TenantConfig, TenantId};
use plimsoll_devstack::{Servers, database_url, shared_for_tests, unique_name};
use plimsoll_feed::{FeedOptions, Publisher, Subscriber};
use plimsoll_log::{Filter, Log, LogOptions, Tail};
use plimsoll_projector::{Options, Projector, Status};
use plimsoll_store::{Select, StoreOptions, Stores};
use plimsoll_views::{FoldError, Row, SalesVolume, View, Workspace};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json, value::to_raw_value};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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
    pub(crate) stores: Stores,
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
            stores.clone(),
            publisher,
            shutdown.clone(),
        );
        Process {
            projector,
            stores,
            shutdown,
        }
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
            let page = self.log.read_all(after, 10_000, &Filter::default()).await.unwrap();
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

    pub(crate) async fn shown(&self) -> Shown {
        shown(&self.stores, &["main", "other"]).await
    }

    /// What a fresh fold of the whole log in memory shows.
    pub(crate) async fn expected(&self) -> Shown {
        folded(&self.events().await)
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

pub(crate) async fn shown(stores: &Stores, tenants: &[&str]) -> Shown {
    let mut all = Shown::new();
    for tenant in tenants {
        for table in SalesVolume::TABLES.iter().chain(&["parked"]) {
            let select = Select {
                view: SALES.to_owned(),
                tenant: tenant.parse().unwrap(),
                table: (*table).to_owned(),
                span: None,
            };
            for row in stores.snapshot(&select).await.unwrap().rows {
                let body = canonical(table, row.body.get());
                let revision = if *table == "parked" { 0 } else { row.revision };
                let key = ((*tenant).to_owned(), (*table).to_owned(), row.key);
                all.insert(key, (row.position.get(), revision, body));
            }
        }
    }
    all
}

/// A row as its own type writes it, whatever order a store keeps its columns in.
fn canonical(table: &str, body: &str) -> String {
    if table == "parked" {
        let row: plimsoll_views::fold::ParkedRow = serde_json::from_str(body).unwrap();
        return serde_json::to_string(&row).unwrap();
    }
    let row = <SalesVolume as View>::Row::decode(table, body).unwrap();
    serde_json::to_string(&row).unwrap()
}

pub(crate) fn folded(events: &[Event]) -> Shown {
    let mut tenants: BTreeMap<TenantId, Workspace<SalesVolume>> = BTreeMap::new();
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
        for table in SalesVolume::TABLES {
            for stored in workspace.rows_of(table) {
                let key = (tenant.to_string(), (*table).to_owned(), plimsoll_views::Row::key(&stored.row));
                let body = serde_json::to_string(&stored.row).unwrap();
                all.insert(key, (stored.position.get(), stored.revision, body));
            }
        }
        for row in workspace.parked_rows() {
            let position = row.entries.last().unwrap().position.get();
            let key = (tenant.to_string(), "parked".to_owned(), row.owner.clone());
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
    overview.projections.into_iter().find(|status| status.version == version)
}

/// Random sales of two tenants over three weeks: orders, cancellations and returns out of order
/// between orders, too much taken back, orders that nobody placed.
pub(crate) fn sales(seed: u64, orders: usize) -> Vec<ImportedEvent> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut streams: Vec<Vec<ImportedEvent>> = (0..orders).map(|order| history(&mut random, seed, order)).collect();
    let mut all = Vec::new();
    while !streams.is_empty() {
        let chosen = random.random_range(0..streams.len());
        all.push(streams[chosen].remove(0));
        if streams[chosen].is_empty() {
            streams.swap_remove(chosen);
        }
    }
    all
}

fn history(random: &mut StdRng, seed: u64, order: usize) -> Vec<ImportedEvent> {
    let id = format!("O{seed}_{order}");
    let tenant = if random.random_bool(0.7) { "main" } else { "other" };
    let day = random.random_range(0..21);
    let placed_at = instant() + TimeDelta::minutes(day * 1_440 + random.random_range(0..1_440));
    let mut data: Vec<(&str, Value)> = Vec::new();
    if random.random_bool(0.95) {
        data.push(("OrderPlaced", placed(random, &id)));
    }
    for again in 0..random.random_range(0..4) {
        data.push(match random.random_range(0..3) {
            0 => ("OrderCancelled", json!({"order_id": id, "reason": "customer"})),
            1 => ("OrderLineCancelled", json!({"order_id": id, "line_no": 1, "qty": random.random_range(1..3), "reason": "customer"})),
            _ => ("ItemReturned", json!({
                "order_id": id, "return_id": format!("R{id}_{}", again / 2), "line_no": random.random_range(1..3), "qty": 1,
            })),
        });
    }
    if data.is_empty() {
        data.push(("OrderPlaced", placed(random, &id)));
    }
    data.into_iter()
        .zip(1..)
        .map(|((kind, data), version)| {
            let after = TimeDelta::minutes(if version == 1 { 0 } else { random.random_range(1..9_000) });
            imported(tenant, &format!("order-{id}"), version, kind, placed_at + after, &data)
        })
        .collect()
}

fn placed(random: &mut StdRng, id: &str) -> Value {
    let lines: Vec<Value> = (1..=random.random_range(1..4))
        .map(|line_no| {
            let (qty, price) = (random.random_range(1..5_i64), random.random_range(1..50_i64) * 100);
            json!({
                "line_no": line_no, "product_id": format!("P{}", random.random_range(1..20)), "category": "food",
                "uom": "ea", "kind": "goods", "qty": qty, "unit_price_micros": price * 1_000_000,
                "gross_minor": qty * price, "discount_minor": 0, "tax_minor": 0,
            })
        })
        .collect();
    let gross: i64 = lines.iter().map(|line| line["gross_minor"].as_i64().unwrap()).sum();
    json!({
        "order_id": id, "channel": "web", "region": "seoul", "currency": "KRW", "lines": lines,
        "order_discount_minor": 10, "shipping_minor": 0, "total_minor": gross - 10,
    })
}

/// One envelope; its id is new.
pub(crate) fn imported(
    tenant: &str,
    stream: &str,
    version: u32,
    kind: &str,
    occurred_at: DateTime<Utc>,
    data: &Value,
) -> ImportedEvent {
    let schema = if kind == "OrderCancelled" { 2 } else { 1 };
    ImportedEvent {
        id: Uuid::now_v7(),
        tenant: tenant.parse().unwrap(),
        stream: stream.parse().unwrap(),
        version,
        event_type: kind.into(),
        schema,
        occurred_at,
        correlation_id: "test".to_owned(),
        causation_id: None,
        actor: Actor::system("test"),
        data: Arc::from(to_raw_value(data).unwrap()),
    }
}

/// When the random sales begin.
pub(crate) fn instant() -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse().unwrap()
}
