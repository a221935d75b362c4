//! Product cards: the present name, category and price of a product, and all its prices.

use plimsoll_contracts::{
    Currency, Event, Id, Label, Payload,
    events::ProductKind,
    rows::{PriceStep, ProductRow},
};
use serde::{Deserialize, Serialize};

use super::{SalesDoc, SalesRow, SalesVolume, stock};
use crate::{FoldError, Workspace, history::History};

/// What happened to one product.
pub(super) type ProductHistory = History<Recorded>;

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// It came into the catalogue, at its first price.
    Registered {
        name: String,
        category: Label,
        kind: ProductKind,
        uom: Label,
        currency: Currency,
        price: PriceStep,
    },
    /// It has another name.
    Renamed(String),
    /// It is in another category.
    Recategorised(Label),
    /// It has another price.
    Priced(PriceStep),
}

/// Folds an event of a product; one of anything else changes nothing.
pub(super) fn apply(
    event: &Event,
    payload: &Payload,
    workspace: &mut Workspace<SalesVolume>,
) -> Result<(), FoldError> {
    let Some((product_id, recorded)) = Recorded::of(event, payload) else {
        return Ok(());
    };
    let key = format!("product/{product_id}");
    let before = match workspace.doc(&key)? {
        Some(SalesDoc::Product(history)) => history.clone(),
        _ => ProductHistory::default(),
    };
    let Some(after) = before.with(event, recorded, workspace.config()) else {
        return Ok(());
    };
    if let Some(mut card) = card(product_id, &after) {
        let stock = stock::of(product_id.as_str(), workspace)?;
        (card.on_hand, card.reserved) = stock.map(|stock| stock.sums()).unzip();
        workspace.put_row(SalesRow::Product(card))?;
    }
    workspace.put_doc(&key, SalesDoc::Product(after));
    Ok(())
}

impl Recorded {
    fn of<'a>(event: &Event, payload: &'a Payload) -> Option<(&'a Id, Self)> {
        Some(match payload {
            Payload::ProductRegistered(registered) => (
                &registered.product_id,
                Self::Registered {
                    name: registered.name.clone(),
                    category: registered.category.clone(),
                    kind: registered.kind,
                    uom: registered.uom.clone(),
                    currency: registered.currency,
                    price: PriceStep {
                        price_version: registered.price_version,
                        unit_price_micros: registered.unit_price_micros.get(),
                        effective_from: event.occurred_at,
                    },
                },
            ),
            Payload::ProductRenamed(renamed) => (&renamed.product_id, Self::Renamed(renamed.name.clone())),
            Payload::ProductRecategorised(moved) => {
                (&moved.product_id, Self::Recategorised(moved.category.clone()))
            }
            Payload::ProductPriceChanged(changed) => (
                &changed.product_id,
                Self::Priced(PriceStep {
                    price_version: changed.price_version,
                    unit_price_micros: changed.unit_price_micros.get(),
                    effective_from: changed.effective_from,
                }),
            ),
            _ => return None,
        })
    }
}

/// The card of a registered product; what is known of one that is not waits in its history.
fn card(product_id: &Id, history: &ProductHistory) -> Option<ProductRow> {
    let mut card = history.facts().iter().find_map(|fact| match &fact.recorded {
        Recorded::Registered {
            name,
            category,
            kind,
            uom,
            currency,
            price,
        } => Some(ProductRow {
            product_id: product_id.clone(),
            name: name.clone(),
            category: category.clone(),
            kind: *kind,
            uom: uom.clone(),
            currency: *currency,
            unit_price_micros: price.unit_price_micros,
            price_version: price.price_version,
            price_effective_from: price.effective_from,
            prices: vec![price.clone()],
            on_hand: None,
            reserved: None,
        }),
        _ => None,
    })?;
    for fact in history.facts() {
        match &fact.recorded {
            Recorded::Registered { .. } => {}
            Recorded::Renamed(name) => card.name.clone_from(name),
            Recorded::Recategorised(category) => card.category = category.clone(),
            Recorded::Priced(price) => card.prices.push(price.clone()),
        }
    }
    card.prices.sort_by_key(|price| price.price_version);
    if let Some(last) = card.prices.last() {
        card.unit_price_micros = last.unit_price_micros;
        card.price_version = last.price_version;
        card.price_effective_from = last.effective_from;
    }
    Some(card)
}
