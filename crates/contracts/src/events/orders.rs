//! Events of an order: stream `order-{order_id}`.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::{Amount, Currency},
};

/// A line of an order, with price, discount and category as sold (S-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Number within the order.
    pub line_no: u16,
    /// The product.
    pub product_id: Id,
    /// Category as sold.
    pub category: Label,
    /// Unit of measure.
    pub uom: Label,
    /// Goods or charge.
    pub kind: super::ProductKind,
    /// Units; more than 0.
    pub qty: Amount,
    /// Price of one unit, 1e-6 of the major unit.
    pub unit_price_micros: Amount,
    /// `qty × unit price`, rounded once (G2).
    pub gross_minor: Amount,
    /// Discount of this line.
    pub discount_minor: Amount,
    /// Tax contained in gross - discount.
    pub tax_minor: Amount,
}

/// An order was placed; the sale counts now (S-R1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The order.
    pub order_id: Id,
    /// Who ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Id>,
    /// Sales channel.
    pub channel: Label,
    /// Region.
    pub region: Label,
    /// Currency of every amount.
    pub currency: Currency,
    /// 1 to 2,000 lines.
    pub lines: Vec<OrderLine>,
    /// Discount on the whole order, split over the lines by G3.
    pub order_discount_minor: Amount,
    /// Shipping.
    pub shipping_minor: Amount,
    /// Σ(gross - discount) - order discount + shipping.
    pub total_minor: Amount,
}

/// Stock is reserved and the payment captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: Id,
}

/// Why an order or a line was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer asked for it.
    Customer,
    /// Nothing left to reserve.
    OutOfStock,
    /// No payment could be captured.
    PaymentFailed,
    /// The deadline passed.
    Timeout,
    /// Any other reason, and schema 1 without one.
    Other,
}

/// Every unit not yet cancelled is cancelled. Schema 2: the reason is always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// The order.
    pub order_id: Id,
    /// Why.
    pub reason: CancelReason,
}

/// Units of one line are cancelled before shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineCancelled {
    /// The order.
    pub order_id: Id,
    /// The line.
    pub line_no: u16,
    /// Units cancelled.
    pub qty: Amount,
    /// Why.
    pub reason: CancelReason,
}

/// The order left the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    /// The order.
    pub order_id: Id,
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// How to follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_no: Option<String>,
}

/// The order arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDelivered {
    /// The order.
    pub order_id: Id,
}

/// Goods came back; the value is derived, not carried (S-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemReturned {
    /// The order.
    pub order_id: Id,
    /// Key for repeats.
    pub return_id: Id,
    /// The line.
    pub line_no: u16,
    /// Units returned.
    pub qty: Amount,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
