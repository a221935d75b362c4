//! Writes rows and says so, as a projector does.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position, TenantId};
use plimsoll_feed::{Change, Publisher, RowChange, TenantChange};
use plimsoll_store::{Commit, Lease, MetaWrite, Progress, Projection, RowWrite, Stores};
use plimsoll_views::Meta;
use serde_json::{json, value::RawValue};

use crate::bed::VIEW;

pub(crate) struct Writer {
    pub(crate) position: Position,
    pub(crate) epoch: Epoch,
    stores: Stores,
    projection: Projection,
    lease: Lease,
    publisher: Publisher,
}

/// A row to write or to remove.
pub(crate) struct Cell {
    pub(crate) tenant: TenantId,
    pub(crate) product: String,
    pub(crate) date: String,
    /// None = the row goes.
    pub(crate) units: Option<i64>,
}

pub(crate) fn cell(product: &str, units: i64) -> Cell {
    Cell {
        tenant: TenantId::main(),
        product: product.to_owned(),
        date: "2026-03-01".to_owned(),
        units: Some(units),
    }
}

pub(crate) fn gone(product: &str) -> Cell {
    Cell {
        units: None,
        ..cell(product, 0)
    }
}

impl Cell {
    pub(crate) fn of(self, tenant: &str) -> Self {
        Self {
            tenant: tenant.parse().unwrap(),
            ..self
        }
    }

    pub(crate) fn on(self, date: &str) -> Self {
        Self {
            date: date.to_owned(),
            ..self
        }
    }

    pub(crate) fn key(&self) -> String {
        format!("activity|{}|{}|10|web|seoul|tea|KRW", self.product, self.date)
    }

    fn body(&self) -> Option<String> {
        let units = self.units?;
        let body = json!({
            "attribution": "activity", "product_id": self.product, "business_date": self.date, "hour": 10,
            "channel": "web", "region": "seoul", "category": "tea", "currency": "KRW", "uom": "ea", "kind": "goods",
            "units_sold": units, "units_cancelled": 0, "units_returned": 0, "net_units": units,
            "lines": 1, "orders": 1, "gross_minor": units * 1_000, "discount_minor": 0, "cancelled_minor": 0,
            "returned_minor": 0, "net_minor": units * 1_000, "order_ids": ["O1"],
        });
        Some(body.to_string())
    }
}

impl Writer {
    pub(crate) async fn begin(stores: &Stores, publisher: Publisher) -> Self {
        let epoch: Epoch = "k3f9".parse().unwrap();
        stores.ensure_first_version(VIEW, 1, &epoch).await.unwrap();
        let id = stores.versions(Some(VIEW)).await.unwrap()[0].id.clone();
        Self::hold(stores, publisher, id, epoch).await
    }

    async fn hold(
        stores: &Stores,
        publisher: Publisher,
        id: plimsoll_store::ProjectionId,
        epoch: Epoch,
    ) -> Self {
        let ttl = Duration::from_secs(600);
        let lease = stores.acquire(&id, "test", ttl).await.unwrap().unwrap();
        let projection = stores.projection(&id).await.unwrap();
        projection.claim(&lease).await.unwrap();
        let progress = Progress {
            caught_up: true,
            ..Progress::default()
        };
        stores.renew(&lease, ttl, &progress).await.unwrap();
        Self {
            position: Position::ZERO,
            epoch,
            stores: stores.clone(),
            projection,
            lease,
            publisher,
        }
    }

    /// A second version beside the serving one, empty; [`Self::serve`] lets it serve.
    pub(crate) async fn next_version(&self) -> Self {
        self.stores.begin_version(VIEW, 1, &self.epoch).await.unwrap();
        let id = self.stores.versions(Some(VIEW)).await.unwrap().pop().unwrap().id;
        Self::hold(&self.stores, self.publisher.clone(), id, self.epoch.clone()).await
    }

    pub(crate) async fn serve(&self) {
        assert!(self.stores.switch(&self.lease).await.unwrap());
    }

    pub(crate) async fn pause(&self, paused: bool) {
        self.stores.set_paused(VIEW, paused).await.unwrap();
    }

    /// Commits rows and tells of them.
    pub(crate) async fn write(&mut self, cells: &[Cell]) -> Position {
        let change = self.commit(cells, None, 1).await;
        self.publisher.publish(&change);
        self.position
    }

    /// Commits rows with a meta and tells of both.
    pub(crate) async fn write_meta(&mut self, cells: &[Cell], meta: &Meta) -> Position {
        let change = self.commit(cells, Some(meta), 1).await;
        self.publisher.publish(&change);
        self.position
    }

    /// Commits rows; the message about it is lost.
    pub(crate) async fn write_unheard(&mut self, cells: &[Cell]) -> Position {
        self.commit(cells, None, 1).await;
        self.position
    }

    /// Moves on by many events that touch nothing.
    pub(crate) async fn move_on(&mut self, events: u64) -> Position {
        let change = self.commit(&[], None, events).await;
        self.publisher.publish(&change);
        self.position
    }

    /// Says something over the feed that no commit stands behind.
    pub(crate) fn say(&self, change: &Change) {
        self.publisher.publish(change);
    }

    pub(crate) async fn commit(&mut self, cells: &[Cell], meta: Option<&Meta>, events: u64) -> Change {
        let (base, position) = (self.position, Position::new(self.position.get() + events));
        let as_of: DateTime<Utc> = Utc::now();
        let tenant = cells
            .first()
            .map_or_else(TenantId::main, |cell| cell.tenant.clone());
        let meta = meta.map(|meta| serde_json::to_string(meta).unwrap());
        let rows = cells.iter().map(|cell| RowWrite {
            tenant: cell.tenant.clone(),
            table: "rows",
            key: cell.key(),
            span: Some(cell.date.clone()),
            position,
            revision: 0,
            body: cell.body(),
        });
        let metas = meta.iter().map(|body| MetaWrite {
            tenant: tenant.clone(),
            body: body.clone(),
        });
        let commit = Commit {
            expected: base,
            position,
            as_of,
            rows: rows.collect(),
            docs: Vec::new(),
            metas: metas.collect(),
            restatements: Vec::new(),
        };
        self.projection.commit(&self.lease, commit).await.unwrap();
        self.position = position;
        self.change(base, as_of, cells, meta.map(|meta| (tenant, meta)))
    }

    fn change(
        &self,
        base: Position,
        as_of: DateTime<Utc>,
        cells: &[Cell],
        meta: Option<(TenantId, String)>,
    ) -> Change {
        let mut tenants: BTreeMap<TenantId, TenantChange> = BTreeMap::new();
        let raw = |text: String| RawValue::from_string(text).unwrap();
        let new = |tenant: &TenantId| TenantChange {
            tenant: tenant.clone(),
            meta: None,
            rows: Vec::new(),
        };
        for cell in cells {
            let tenant = tenants
                .entry(cell.tenant.clone())
                .or_insert_with(|| new(&cell.tenant));
            tenant.rows.push(RowChange {
                table: "rows".to_owned(),
                key: cell.key(),
                position: self.position,
                revision: 0,
                body: cell.body().map(raw),
            });
        }
        if let Some((tenant, meta)) = meta {
            tenants.entry(tenant.clone()).or_insert_with(|| new(&tenant)).meta = Some(raw(meta));
        }
        Change {
            view: VIEW.to_owned(),
            epoch: self.epoch.clone(),
            version: self.lease.id.version,
            base,
            position: self.position,
            as_of,
            complete: true,
            tenants: tenants.into_values().collect(),
        }
    }
}
