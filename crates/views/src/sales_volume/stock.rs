//! Stock of a product, as far as its card shows it (S-R7): on hand and reserved, over all
//! warehouses. Whether a reservation may be made is the business of the stock itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Id, Payload, Position, time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PRODUCTS, SalesDoc, SalesRow, SalesVolume};
use crate::{FoldError, ParkedEntry, Workspace, fold::Need};

/// `stock/P1`: the stock of a product by warehouse.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stock(BTreeMap<String, Level>);

/// The stock of a product in a warehouse.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    seen: Seen,
    on_hand: i64,
    reservations: BTreeMap<Id, Reservation>,
}

/// Versions of the stream that were taken in: all up to one, and some beyond.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    up_to: u32,
    beyond: BTreeSet<u32>,
}

/// A reservation that holds, or the end of one that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reservation {
    Holds(i64),
    Waits(End),
}

/// How a reservation ended, before it is known to have begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    /// Units that left the house; none = they are free again.
    committed: Option<i64>,
    event: Uuid,
    position: Position,
    #[serde(with = "time")]
    occurred_at: DateTime<Utc>,
}

impl Stock {
    /// Units on hand and reserved.
    pub(super) fn sums(&self) -> (i64, i64) {
        let on_hand = self.0.values().map(|level| level.on_hand).sum();
        let held = self.0.values().flat_map(|level| level.reservations.values());
        let reserved = held.map(|reservation| match reservation {
            Reservation::Holds(qty) => *qty,
            Reservation::Waits(_) => 0,
        });
        (on_hand, reserved.sum())
    }

    /// Ends of reservations that are not known.
    fn parked(&self) -> Vec<ParkedEntry> {
        let reservations = self.0.values().flat_map(|level| &level.reservations);
        let waiting = reservations.filter_map(|(id, reservation)| match reservation {
            Reservation::Holds(_) => None,
            Reservation::Waits(end) => Some(ParkedEntry {
                key: id.to_string(),
                event: end.event,
                reason: "ReservationUnknown".to_owned(),
                position: end.position,
                occurred_at: end.occurred_at,
            }),
        });
        waiting.collect()
    }
}

impl Seen {
    /// Takes a version in; `false` when it was there.
    fn insert(&mut self, version: u32) -> bool {
        if version <= self.up_to || !self.beyond.insert(version) {
            return false;
        }
        while self.beyond.remove(&(self.up_to + 1)) {
            self.up_to += 1;
        }
        true
    }
}

impl Level {
    fn take_in(&mut self, event: &Event, payload: &Payload) {
        match payload {
            Payload::StockReceived(received) => self.on_hand += received.qty.get(),
            Payload::StockAdjusted(adjusted) => self.on_hand += adjusted.delta_qty.get(),
            Payload::StockReserved(reserved) => self.reserve(&reserved.reservation_id, reserved.qty.get()),
            Payload::StockReservationReleased(released) => self.end(event, &released.reservation_id, None),
            Payload::StockCommitted(committed) => {
                self.end(event, &committed.reservation_id, Some(committed.qty.get()));
            }
            _ => {}
        }
    }

    fn reserve(&mut self, id: &Id, qty: i64) {
        match self.reservations.remove(id) {
            None | Some(Reservation::Holds(_)) => {
                self.reservations.insert(id.clone(), Reservation::Holds(qty));
            }
            Some(Reservation::Waits(end)) => self.on_hand -= end.committed.unwrap_or(0),
        }
    }

    fn end(&mut self, event: &Event, id: &Id, committed: Option<i64>) {
        match self.reservations.remove(id) {
            Some(Reservation::Holds(_)) => self.on_hand -= committed.unwrap_or(0),
            waits => {
                let end = End {
                    committed,
                    event: event.id,
                    position: event.position,
                    occurred_at: event.occurred_at,
                };
                let waits = waits.unwrap_or(Reservation::Waits(end));
                self.reservations.insert(id.clone(), waits);
            }
        }
    }
}

/// Whether an event is of stock, and changes it.
pub(super) const fn concerns(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::StockReceived(_)
            | Payload::StockAdjusted(_)
            | Payload::StockReserved(_)
            | Payload::StockReservationReleased(_)
            | Payload::StockCommitted(_)
    )
}

/// Folds an event of stock; its stream names product and warehouse.
pub(super) fn apply(
    event: &Event,
    payload: &Payload,
    workspace: &mut Workspace<SalesVolume>,
) -> Result<(), FoldError> {
    let Some((product_id, warehouse_id)) = event.stream.id().rsplit_once('@') else {
        return Err(FoldError::Unreadable(format!(
            "`{}` does not name a product and a warehouse",
            event.stream
        )));
    };
    let key = doc_key(product_id);
    workspace.want([
        Need::Doc(key.as_str().into()),
        Need::Row(PRODUCTS, product_id.into()),
    ])?;
    let before = of(product_id, workspace)?.unwrap_or_default();
    let mut stock = before.clone();
    let level = stock.0.entry(warehouse_id.to_owned()).or_default();
    if !level.seen.insert(event.version) {
        return Ok(());
    }
    level.take_in(event, payload);
    let (was, is) = (before.parked(), stock.parked());
    if was != is {
        workspace.set_parked(&key, is)?;
    }
    if let Some(SalesRow::Product(card)) = workspace.row(PRODUCTS, product_id)? {
        let mut card = card.clone();
        let (on_hand, reserved) = stock.sums();
        (card.on_hand, card.reserved) = (Some(on_hand), Some(reserved));
        workspace.put_row(SalesRow::Product(card))?;
    }
    workspace.put_doc(&key, SalesDoc::Stock(stock));
    Ok(())
}

/// The stock of a product, if anything is known of it.
pub(super) fn of(
    product_id: &str,
    workspace: &mut Workspace<SalesVolume>,
) -> Result<Option<Stock>, FoldError> {
    Ok(match workspace.doc(&doc_key(product_id))? {
        Some(SalesDoc::Stock(stock)) => Some(stock.clone()),
        _ => None,
    })
}

fn doc_key(product_id: &str) -> String {
    format!("stock/{product_id}")
}
