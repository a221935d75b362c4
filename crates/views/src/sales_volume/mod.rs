//! `sales-volume`: units and money per product, hour and place of sale, in two attributions
//! (S-R1 … S-R7), and product cards. It knows orders and products, and of stock what a card shows;
//! nothing of payments.

mod answer;
mod cells;
mod compare;
mod facts;
mod moments;
mod product;
mod query;
mod row;
mod stock;

use plimsoll_contracts::{Event, Id, Payload, TenantConfig};
use serde::{Deserialize, Serialize};

use crate::{
    FoldError, Place, Trace, View, Workspace,
    fold::Need,
    orders::{Ledger, OrderHistory, Recorded},
};

use cells::Cells;
use moments::Moments;
use product::ProductHistory;
pub use query::{Dimension, Measure, SalesVolumeQuery};
pub use row::SalesRow;

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct SalesVolume;

/// Its private state: the history of an order (`order/O1`) or of a product (`product/P1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesDoc {
    /// Everything that happened to an order.
    Order(OrderHistory),
    /// Everything that happened to a product.
    Product(ProductHistory),
    /// `stock/P1`: what is in the warehouses.
    Stock(stock::Stock),
}

/// Table of cells.
pub(crate) const ROWS: &str = "rows";
/// Table of product cards.
pub(crate) const PRODUCTS: &str = "products";
/// Table of minutes by the second, for comparisons; asked for by no name.
pub(crate) const MOMENTS: &str = "moments";

impl View for SalesVolume {
    const NAME: &'static str = "sales-volume";
    const VERSION: u32 = 2;
    const TABLES: &'static [&'static str] = &[ROWS, PRODUCTS, MOMENTS];
    type Doc = SalesDoc;
    type Row = SalesRow;
    type Query = SalesVolumeQuery;

    fn reads(event_type: &str) -> bool {
        matches!(
            event_type,
            "ProductRegistered"
                | "ProductRenamed"
                | "ProductRecategorised"
                | "ProductPriceChanged"
                | "OrderPlaced"
                | "OrderCancelled"
                | "OrderLineCancelled"
                | "ItemReturned"
                | "StockReceived"
                | "StockAdjusted"
                | "StockReserved"
                | "StockReservationReleased"
                | "StockCommitted"
        )
    }

    fn apply(event: &Event, payload: &Payload, workspace: &mut Workspace<Self>) -> Result<(), FoldError> {
        match Recorded::of(payload) {
            Some((order_id, recorded)) => order(event, order_id, recorded, workspace),
            None if stock::concerns(payload) => stock::apply(event, payload, workspace),
            None => product::apply(event, payload, workspace),
        }
    }

    fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
        facts::trace(place, config)
    }

    fn facts(row: &SalesRow, event: &Event, workspace: &Workspace<Self>) -> Option<serde_json::Value> {
        facts::facts(row, event, workspace)
    }

    fn lean(row: &SalesRow) -> SalesRow {
        facts::lean(row)
    }
}

/// Refolds the order of an event; what it now contributes to the cells, less what it did before,
/// goes onto them.
fn order(
    event: &Event,
    order_id: &Id,
    recorded: Recorded,
    workspace: &mut Workspace<SalesVolume>,
) -> Result<(), FoldError> {
    let key = format!("order/{order_id}");
    let before = match workspace.doc(&key)? {
        Some(SalesDoc::Order(history)) => history.clone(),
        _ => OrderHistory::default(),
    };
    let Some(after) = before.with(event, recorded, workspace.config()) else {
        return Ok(());
    };
    let (was, is) = (
        Ledger::of(order_id.as_str(), &before),
        Ledger::of(order_id.as_str(), &after),
    );
    let parks = !(was.parked.is_empty() && is.parked.is_empty());
    let change = Cells::of(order_id, &is).since(Cells::of(order_id, &was));
    let mut moments = Moments::default();
    moments.add(&was, -1);
    moments.add(&is, 1);
    let parked = parks.then(|| Need::Parked(key.as_str().into()));
    workspace.want(change.needs().chain(moments.needs()).chain(parked))?;
    change.apply(workspace)?;
    moments.apply(workspace)?;
    if parks {
        workspace.set_parked(&key, is.parked)?;
    }
    workspace.put_doc(&key, SalesDoc::Order(after));
    Ok(())
}
