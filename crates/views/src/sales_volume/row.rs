//! The rows of the view's tables.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    TenantConfig,
    rows::{ProductRow, SalesVolumeRow},
};
use serde::Serialize;

use super::{MOMENTS, PRODUCTS, ROWS, moments::MomentsRow};
use crate::Row;

/// A row of one of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SalesRow {
    /// Table `rows`.
    Cell(SalesVolumeRow),
    /// Table `products`.
    Product(ProductRow),
    /// Table `moments`.
    Moments(MomentsRow),
}

impl Row for SalesRow {
    fn table(&self) -> &'static str {
        match self {
            Self::Cell(_) => ROWS,
            Self::Product(_) => PRODUCTS,
            Self::Moments(_) => MOMENTS,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Cell(row) => cell_key(row),
            Self::Product(row) => row.product_id.to_string(),
            Self::Moments(row) => row.key(),
        }
    }

    fn span(&self) -> Option<String> {
        match self {
            Self::Cell(row) => Some(row.business_date.to_string()),
            Self::Moments(row) => Some(row.business_date.to_string()),
            Self::Product(_) => None,
        }
    }

    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>> {
        match self {
            Self::Cell(row) => Some(config.final_after(row.business_date)),
            Self::Moments(row) => Some(config.final_after(row.business_date)),
            Self::Product(_) => None,
        }
    }

    fn decode(table: &str, json: &str) -> serde_json::Result<Self> {
        match table {
            ROWS => serde_json::from_str(json).map(Self::Cell),
            PRODUCTS => serde_json::from_str(json).map(Self::Product),
            MOMENTS => serde_json::from_str(json).map(Self::Moments),
            other => Err(serde::de::Error::custom(format!(
                "sales-volume has no table `{other}`"
            ))),
        }
    }
}

/// The key columns of a cell, joined.
pub(super) fn cell_key(row: &SalesVolumeRow) -> String {
    format!(
        "{}|{}|{}|{}|{}|{}|{}|{}",
        row.attribution.as_str(),
        row.product_id,
        row.business_date,
        row.hour,
        row.channel,
        row.region,
        row.category,
        row.currency
    )
}
