//! What the events of an order say.

use std::sync::Arc;

use plimsoll_contracts::{
    Currency, Id, Label, Payload,
    events::{OrderPlaced, ProductKind},
    money::split_largest_remainder,
};
use serde::{Deserialize, Serialize};

use crate::history::History;

/// The events of one order.
pub(crate) type OrderHistory = History<Recorded>;

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
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
pub struct Placed {
    pub channel: Label,
    pub region: Label,
    pub currency: Currency,
    pub shipping_minor: i64,
    pub lines: Vec<Line>,
}

/// A line of an order as sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
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
