//! Events of the catalogue: stream `product-{product_id}`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::{Amount, Currency},
    time,
};

/// Whether a product counts in unit totals and rankings (S-R6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Counts in units and rankings.
    Goods,
    /// Postage, fees, manual lines: money only.
    Charge,
}

/// A product came into the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRegistered {
    /// The product.
    pub product_id: Id,
    /// Name for people.
    pub name: String,
    /// Category.
    pub category: Label,
    /// Unit of measure: `ea`, `kg`, `l` …
    pub uom: Label,
    /// Goods or charge.
    pub kind: ProductKind,
    /// Currency of the price.
    pub currency: Currency,
    /// Price of one unit, 1e-6 of the major unit.
    pub unit_price_micros: Amount,
    /// 1 at registration.
    pub price_version: u32,
}

/// The price of a product changes from an instant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPriceChanged {
    /// The product.
    pub product_id: Id,
    /// Currency of the price.
    pub currency: Currency,
    /// Price before, in micros.
    pub old_unit_price_micros: Amount,
    /// Price from then on, in micros.
    pub unit_price_micros: Amount,
    /// One more than the last.
    pub price_version: u32,
    /// When the price begins to hold.
    #[serde(with = "time")]
    pub effective_from: DateTime<Utc>,
}

/// A product has another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRenamed {
    /// The product.
    pub product_id: Id,
    /// The new name.
    pub name: String,
}

/// A product moved to another category; past sales keep theirs (S-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRecategorised {
    /// The product.
    pub product_id: Id,
    /// Category before.
    pub old_category: Label,
    /// Category now.
    pub category: Label,
}

/// A product is no longer sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDiscontinued {
    /// The product.
    pub product_id: Id,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
