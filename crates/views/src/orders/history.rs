//! What happened to one order, deduplicated by event id, in canonical order (G4).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Currency, Event, Id, Label, Payload, Position, StreamId, TenantConfig,
    events::{OrderPlaced, ProductKind},
    money::split_largest_remainder,
    time,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Business date and wall hour of an instant (G1), by the configuration under which it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Business date.
    pub date: NaiveDate,
    /// Wall hour 0–23.
    pub hour: u8,
}

impl Bucket {
    pub(crate) fn of(at: DateTime<Utc>, config: &TenantConfig) -> Self {
        Self {
            date: config.business_date(at),
            hour: u8::try_from(config.wall_hour(at)).unwrap_or(0),
        }
    }
}

/// The events of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderHistory {
    /// In canonical order: `occurred_at`, stream, version.
    pub(crate) facts: Vec<Fact>,
}

/// One event of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub event: Uuid,
    #[serde(with = "time")]
    pub occurred_at: DateTime<Utc>,
    pub stream: StreamId,
    pub version: u32,
    pub position: Position,
    pub bucket: Bucket,
    pub recorded: Recorded,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Recorded {
    /// The order and its lines.
    Placed(Arc<Placed>),
    /// All that is left is cancelled.
    Cancelled,
    /// Units of a line are cancelled.
    LineCancelled { line_no: u16, qty: i64 },
    /// Units of a line came back.
    Returned { return_id: Id, line_no: u16, qty: i64 },
    /// The order left the house.
    Shipped,
}

/// An order as placed, with the order discount already split over its lines (S-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub channel: Label,
    pub region: Label,
    pub currency: Currency,
    pub shipping_minor: i64,
    pub lines: Vec<Line>,
}

/// A line of an order as sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub line_no: u16,
    pub product_id: Id,
    pub category: Label,
    pub uom: Label,
    pub kind: ProductKind,
    pub qty: i64,
    pub gross_minor: i64,
    /// Discount of the line and its share of the order discount.
    pub discount_minor: i64,
    pub tax_minor: i64,
}

impl Line {
    /// What the line is worth: gross less both discounts.
    pub(crate) const fn net_minor(&self) -> i64 {
        self.gross_minor - self.discount_minor
    }
}

impl From<&OrderPlaced> for Placed {
    fn from(order: &OrderPlaced) -> Self {
        let weights: Vec<i64> = order
            .lines
            .iter()
            .map(|line| (line.gross_minor.get() - line.discount_minor.get()).max(0))
            .collect();
        let shares = split_largest_remainder(order.order_discount_minor.get(), &weights);
        let lines = order.lines.iter().zip(shares).map(|(line, share)| Line {
            line_no: line.line_no,
            product_id: line.product_id.clone(),
            category: line.category.clone(),
            uom: line.uom.clone(),
            kind: line.kind,
            qty: line.qty.get(),
            gross_minor: line.gross_minor.get(),
            discount_minor: line.discount_minor.get() + share,
            tax_minor: line.tax_minor.get(),
        });
        Self {
            channel: order.channel.clone(),
            region: order.region.clone(),
            currency: order.currency,
            shipping_minor: order.shipping_minor.get(),
            lines: lines.collect(),
        }
    }
}

impl Recorded {
    /// The order that an event is about, and what it says; none for events of other things.
    pub(crate) fn of(payload: &Payload) -> Option<(&Id, Self)> {
        Some(match payload {
            Payload::OrderPlaced(placed) => (&placed.order_id, Self::Placed(Arc::new(placed.into()))),
            Payload::OrderCancelled(cancelled) => (&cancelled.order_id, Self::Cancelled),
            Payload::OrderLineCancelled(cancelled) => (
                &cancelled.order_id,
                Self::LineCancelled {
                    line_no: cancelled.line_no,
                    qty: cancelled.qty.get(),
                },
            ),
            Payload::ItemReturned(returned) => (
                &returned.order_id,
                Self::Returned {
                    return_id: returned.return_id.clone(),
                    line_no: returned.line_no,
                    qty: returned.qty.get(),
                },
            ),
            Payload::OrderShipped(shipped) => (&shipped.order_id, Self::Shipped),
            _ => return None,
        })
    }
}

impl OrderHistory {
    /// The history with one more event; none when it is there already (G4).
    pub(crate) fn with(&self, event: &Event, recorded: Recorded, config: &TenantConfig) -> Option<Self> {
        if self.facts.iter().any(|fact| fact.event == event.id) {
            return None;
        }
        let fact = Fact {
            event: event.id,
            occurred_at: event.occurred_at,
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            bucket: Bucket::of(event.occurred_at, config),
            recorded,
        };
        let mut facts = self.facts.clone();
        let at = facts.partition_point(|known| known.canonical() <= fact.canonical());
        facts.insert(at, fact);
        Some(Self { facts })
    }
}

impl Fact {
    fn canonical(&self) -> (DateTime<Utc>, &StreamId, u32, Uuid) {
        (self.occurred_at, &self.stream, self.version, self.event)
    }
}
