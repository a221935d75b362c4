//! A fresh database and stream, and events that look like real ones.

use std::sync::Arc;

use chrono::Utc;
use plimsoll_contracts::{Actor, NewEvent, StreamId, TenantId};
use plimsoll_devstack::{database_url, shared_for_tests, unique_name};
use plimsoll_log::{Log, LogOptions};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

/// The order of one event: about 600 bytes.
const ORDER: &str = r#"{"order_id":"O1","customer_id":"C1042","channel":"web","region":"KR-11","currency":"GBP","lines":[{"line_no":1,"product_id":"P85123A","category":"home","uom":"ea","kind":"goods","qty":6,"unit_price_micros":2550000,"gross_minor":1530,"discount_minor":0,"tax_minor":255},{"line_no":2,"product_id":"P71053","category":"home","uom":"ea","kind":"goods","qty":6,"unit_price_micros":3390000,"gross_minor":2034,"discount_minor":100,"tax_minor":322}],"order_discount_minor":0,"shipping_minor":350,"total_minor":3814}"#;

pub(super) struct Bed {
    pub(super) log: Log,
    pub(super) options: LogOptions,
    pub(super) url: String,
    data: Arc<RawValue>,
}

impl Bed {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let servers = shared_for_tests().await?;
        let name = unique_name("bench_log");
        let mut admin = PgConnection::connect(&servers.postgres_url).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await?;
        admin.close().await?;
        let url = database_url(&servers.postgres_url, &name);
        let mut options = LogOptions::new(&servers.nats_url).with_stream(&name);
        options.refill_max_events = 10_000_000;
        let log = Log::open(&url, options.clone()).await?;
        let data = RawValue::from_string(ORDER.to_owned())?.into();
        Ok(Self {
            log,
            options,
            url,
            data,
        })
    }

    pub(super) fn event(&self) -> NewEvent {
        NewEvent {
            id: Uuid::now_v7(),
            event_type: "OrderPlaced".into(),
            schema: 1,
            occurred_at: Utc::now(),
            correlation_id: "bench".to_owned(),
            causation_id: None,
            actor: Actor::system("bench"),
            data: Arc::clone(&self.data),
        }
    }

    pub(super) async fn is_gapless(&self) -> anyhow::Result<bool> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let row = sqlx::query("select coalesce(max(position), 0) = count(*) from log.events")
            .fetch_one(&mut connection)
            .await?;
        Ok(row.get(0))
    }
}

pub(super) fn tenant() -> TenantId {
    TenantId::main()
}

/// A stream of its own for each thing appended, as orders have.
pub(super) fn stream(name: &str) -> anyhow::Result<StreamId> {
    Ok(StreamId::of("order", name)?)
}
