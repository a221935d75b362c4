//! Rows of `sales-volume`: units and money per product, hour and place of sale, and product cards.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::OrderIds;
use crate::{Currency, Id, Label, events::ProductKind, time};

/// On which day a cancel or return counts (S-R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Attribution {
    /// On the day it happens.
    Activity,
    /// On the day of its sale.
    Cohort,
}

impl Attribution {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Cohort => "cohort",
        }
    }
}

/// A cell of table `rows`; its key is every column from `attribution` to `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SalesVolumeRow {
    /// Which of the two attributions (S-R3).
    pub attribution: Attribution,
    /// The product.
    pub product_id: Id,
    /// Business date (G1).
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Wall hour 0–23, not shifted by the cut.
    pub hour: u8,
    /// Sales channel of the order.
    pub channel: Label,
    /// Region of the order.
    pub region: Label,
    /// Category as sold (S-R2).
    pub category: Label,
    /// Currency of every amount.
    pub currency: Currency,
    /// Unit of measure as sold.
    pub uom: Label,
    /// Goods or charge as sold.
    #[ts(type = "\"goods\" | \"charge\"")]
    pub kind: ProductKind,
    /// Units placed.
    #[ts(type = "number")]
    pub units_sold: i64,
    /// Units cancelled before shipment.
    #[ts(type = "number")]
    pub units_cancelled: i64,
    /// Units that came back.
    #[ts(type = "number")]
    pub units_returned: i64,
    /// Sold - cancelled - returned.
    #[ts(type = "number")]
    pub net_units: i64,
    /// Order lines.
    #[ts(type = "number")]
    pub lines: i64,
    /// Distinct orders.
    #[ts(type = "number")]
    pub orders: i64,
    /// Quantity × price.
    #[ts(type = "number")]
    pub gross_minor: i64,
    /// Line discounts and shares of order discounts.
    #[ts(type = "number")]
    pub discount_minor: i64,
    /// Net value of cancelled units (G3).
    #[ts(type = "number")]
    pub cancelled_minor: i64,
    /// Net value of returned units (G3).
    #[ts(type = "number")]
    pub returned_minor: i64,
    /// Gross - discount - cancelled - returned.
    #[ts(type = "number")]
    pub net_minor: i64,
    /// The distinct orders, in order; stored to count over any grouping, never part of an answer.
    #[serde(default)]
    #[ts(skip)]
    pub order_ids: OrderIds,
}

/// A product card, table `products`; its key is `product_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProductRow {
    /// The product.
    pub product_id: Id,
    /// Present name.
    pub name: String,
    /// Present category; sales keep the one they were made under.
    pub category: Label,
    /// Goods or charge.
    #[ts(type = "\"goods\" | \"charge\"")]
    pub kind: ProductKind,
    /// Unit of measure.
    pub uom: Label,
    /// Currency of the prices.
    pub currency: Currency,
    /// The price last announced, 1e-6 of the major unit.
    #[ts(type = "number")]
    pub unit_price_micros: i64,
    /// Its version.
    pub price_version: u32,
    /// From when it holds.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub price_effective_from: DateTime<Utc>,
    /// Every price, by version.
    pub prices: Vec<PriceStep>,
    /// Units in all warehouses; none when nothing is known of its stock (S-R7).
    #[serde(default)]
    #[ts(type = "number | null")]
    pub on_hand: Option<i64>,
    /// Units held for orders.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub reserved: Option<i64>,
}

/// A price of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PriceStep {
    /// 1 at registration, then one more each.
    pub price_version: u32,
    /// Price of one unit, 1e-6 of the major unit.
    #[ts(type = "number")]
    pub unit_price_micros: i64,
    /// From when it holds.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub effective_from: DateTime<Utc>,
}
