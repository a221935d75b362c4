//! Events of stock: stream `stock-{product_id}@{warehouse_id}`; they arrive by import.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::Id,
    money::{Amount, SignedAmount},
    time,
};

/// Goods arrived in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReceived {
    /// The product.
    pub product_id: Id,
    /// Where.
    pub warehouse_id: Id,
    /// Units.
    pub qty: Amount,
}

/// A count was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    /// The product.
    pub product_id: Id,
    /// Where.
    pub warehouse_id: Id,
    /// Units more or fewer.
    pub delta_qty: SignedAmount,
    /// Why.
    pub reason: String,
}

/// Units are held for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReserved {
    /// The reservation.
    pub reservation_id: Id,
    /// For which order.
    pub order_id: Id,
    /// Units.
    pub qty: Amount,
    /// When it ends by itself.
    #[serde(with = "time")]
    pub expires_at: DateTime<Utc>,
}

/// Too few units were available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReservationRejected {
    /// The reservation.
    pub reservation_id: Id,
    /// For which order.
    pub order_id: Id,
    /// Units asked for.
    pub qty: Amount,
    /// Units there were.
    pub available_qty: Amount,
}

/// Held units are free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReservationReleased {
    /// The reservation.
    pub reservation_id: Id,
    /// Units.
    pub qty: Amount,
    /// `payment_failed`, `cancelled` or `expired`.
    pub reason: String,
}

/// Held units left the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCommitted {
    /// The reservation.
    pub reservation_id: Id,
    /// Units.
    pub qty: Amount,
}
