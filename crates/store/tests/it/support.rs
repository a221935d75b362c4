//! Stores on a database and key prefix of one's own, and rows to write.

use std::time::Duration;

use plimsoll_contracts::{Epoch, Position, TenantId};
use plimsoll_devstack::{database_url, shared_for_tests, unique_name};
use plimsoll_store::{
    Commit, Lease, Projection, ProjectionId, RowWrite, Select, Snapshot, StoreOptions, Stores,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// A view in Postgres and one in Redis.
pub(crate) const VIEWS: [&str; 2] = ["sales-volume", "revenue"];
pub(crate) const TTL: Duration = Duration::from_secs(60);

pub(crate) struct Bed {
    pub(crate) stores: Stores,
    pub(crate) pool: PgPool,
}

pub(crate) fn main() -> TenantId {
    TenantId::main()
}

pub(crate) fn epoch() -> Epoch {
    "k3f9".parse().unwrap()
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut StoreOptions)) -> Self {
        let servers = shared_for_tests().await.unwrap();
        let name = unique_name("store");
        let mut admin = PgConnection::connect(&servers.postgres_url).await.unwrap();
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::query(create).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        let url = database_url(&servers.postgres_url, &name);
        let mut options = StoreOptions::new(&url, &servers.redis_url);
        options.redis_prefix = name;
        options.connections_max = 4;
        change(&mut options);
        Self {
            stores: Stores::open(options).await.unwrap(),
            pool: PgPool::connect(&url).await.unwrap(),
        }
    }

    /// The first version of a view, under a lease.
    pub(crate) async fn begun(&self, view: &str) -> (Projection, Lease) {
        self.stores.ensure_first_version(view, 1, &epoch()).await.unwrap();
        let id = self.id(view).await;
        let lease = self.stores.acquire(&id, "first", TTL).await.unwrap().unwrap();
        let projection = self.stores.projection(&id).await.unwrap();
        projection.claim(&lease).await.unwrap();
        (projection, lease)
    }

    pub(crate) async fn id(&self, view: &str) -> ProjectionId {
        self.stores.versions(Some(view)).await.unwrap().pop().unwrap().id
    }

    pub(crate) async fn snapshot(&self, view: &str, span: Option<(&str, &str)>) -> Snapshot {
        let select = Select {
            view: view.to_owned(),
            tenant: main(),
            table: "rows".to_owned(),
            span: span.map(|(from, to)| (from.to_owned(), to.to_owned())),
        };
        self.stores.snapshot(&select).await.unwrap()
    }
}

pub(crate) fn commit(expected: u64, position: u64, rows: Vec<RowWrite>) -> Commit {
    Commit {
        expected: Position::new(expected),
        position: Position::new(position),
        as_of: "2026-03-01T00:00:00Z".parse().unwrap(),
        rows,
        docs: Vec::new(),
        metas: Vec::new(),
        restatements: Vec::new(),
    }
}

/// A row of `sales-volume` that any store takes, on a day of March 2026; none = removed.
pub(crate) fn row(key: &str, day: u32, gross_minor: Option<i64>) -> RowWrite {
    let body = gross_minor.map(|gross_minor| {
        json!({
            "attribution": "activity", "product_id": key, "business_date": format!("2026-03-{day:02}"), "hour": 1,
            "channel": "web", "region": "seoul", "category": "food", "currency": "KRW", "uom": "ea", "kind": "goods",
            "units_sold": 1, "units_cancelled": 0, "units_returned": 0, "net_units": 1, "lines": 1, "orders": 1,
            "gross_minor": gross_minor, "discount_minor": 0, "cancelled_minor": 0, "returned_minor": 0,
            "net_minor": gross_minor, "order_ids": ["O1"],
        })
        .to_string()
    });
    RowWrite {
        tenant: main(),
        table: "rows",
        key: key.to_owned(),
        span: gross_minor.map(|_| format!("2026-03-{day:02}")),
        position: Position::new(1),
        revision: 0,
        body,
    }
}

pub(crate) fn keys(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.rows.iter().map(|row| row.key.as_str()).collect()
}
