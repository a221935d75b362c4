//! A product: what it is called, what it costs since when, whether it is still sold.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Amount, Currency, Label, Payload,
    events::{
        ProductDiscontinued, ProductPriceChanged, ProductRecategorised, ProductRegistered, ProductRenamed,
    },
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::commands::{ChangePrice, ProductCommand, RegisterProduct};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one product.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Product {
    known: Option<Known>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    name: String,
    category: Label,
    currency: Currency,
    unit_price: Amount,
    price_version: u32,
    effective_from: Option<DateTime<Utc>>,
    discontinued: bool,
}

impl Aggregate for Product {
    const CATEGORY: &'static str = "product";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(100);
    type Command = ProductCommand;
    type Facts = ();

    fn decide(&self, command: &ProductCommand, (): &(), _: &Moment) -> Decision {
        let known = match command {
            ProductCommand::RegisterProduct(c) => return self.register(c),
            ProductCommand::ChangePrice(c) => return self.existing(&c.product_id)?.change_price(c),
            ProductCommand::RenameProduct(c) => self.existing(&c.product_id)?,
            ProductCommand::RecategoriseProduct(c) => self.existing(&c.product_id)?,
            ProductCommand::DiscontinueProduct(c) => self.existing(&c.product_id)?,
        };
        Ok(match command {
            ProductCommand::RenameProduct(c) => {
                known.still_sold()?;
                let event = ProductRenamed {
                    product_id: c.product_id.clone(),
                    name: c.name.clone(),
                };
                if known.name == c.name {
                    vec![]
                } else {
                    vec![event.into()]
                }
            }
            ProductCommand::RecategoriseProduct(c) if known.category != c.category => vec![
                ProductRecategorised {
                    product_id: c.product_id.clone(),
                    old_category: known.category.clone(),
                    category: c.category.clone(),
                }
                .into(),
            ],
            ProductCommand::DiscontinueProduct(c) if !known.discontinued => {
                vec![
                    ProductDiscontinued {
                        product_id: c.product_id.clone(),
                        reason: c.reason.clone(),
                    }
                    .into(),
                ]
            }
            _ => vec![],
        })
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match (event, &mut self.known) {
            (Payload::ProductRegistered(e), known) => {
                *known = Some(Known {
                    name: e.name.clone(),
                    category: e.category.clone(),
                    currency: e.currency,
                    unit_price: e.unit_price_micros,
                    price_version: e.price_version,
                    effective_from: None,
                    discontinued: false,
                });
            }
            (Payload::ProductPriceChanged(e), Some(known)) => {
                known.unit_price = e.unit_price_micros;
                known.price_version = e.price_version;
                known.effective_from = Some(e.effective_from);
            }
            (Payload::ProductRenamed(e), Some(known)) => known.name.clone_from(&e.name),
            (Payload::ProductRecategorised(e), Some(known)) => known.category = e.category.clone(),
            (Payload::ProductDiscontinued(_), Some(known)) => known.discontinued = true,
            _ => {}
        }
    }
}

impl Product {
    fn existing(&self, id: &plimsoll_contracts::Id) -> Result<&Known, Refusal> {
        self.known
            .as_ref()
            .ok_or_else(|| Refusal::no_stream("product", id))
    }

    fn register(&self, c: &RegisterProduct) -> Decision {
        if self.known.is_some() {
            let detail = format!("product `{}` is in the catalogue already", c.product_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        let registered = ProductRegistered {
            product_id: c.product_id.clone(),
            name: c.name.clone(),
            category: c.category.clone(),
            uom: c.uom.clone(),
            kind: c.kind,
            currency: c.currency,
            unit_price_micros: checks::not_negative("unit_price_micros", c.unit_price_micros)?,
            price_version: 1,
        };
        Ok(vec![registered.into()])
    }
}

impl Known {
    fn still_sold(&self) -> Result<(), Refusal> {
        if self.discontinued {
            return Err(Refusal::because(
                Reason::ProductDiscontinued,
                "the product is no longer sold",
            ));
        }
        Ok(())
    }

    fn change_price(&self, c: &ChangePrice) -> Decision {
        self.still_sold()?;
        checks::same_currency(self.currency, c.currency)?;
        let price = checks::not_negative("unit_price_micros", c.unit_price_micros)?;
        if price == self.unit_price {
            return Ok(vec![]);
        }
        if let Some(last) = self.effective_from.filter(|last| c.effective_from.0 < *last) {
            let detail = format!("the last price begins at {last}, this one must not begin before it");
            return Err(Refusal::because(Reason::EffectiveDateOutOfOrder, detail));
        }
        let changed = ProductPriceChanged {
            product_id: c.product_id.clone(),
            currency: c.currency,
            old_unit_price_micros: self.unit_price,
            unit_price_micros: price,
            price_version: self.price_version + 1,
            effective_from: c.effective_from.0,
        };
        Ok(vec![changed.into()])
    }
}
