//! The refold of an order: what was sold, what each cancel and return took of it (G3), and which
//! events wait (S-R4).

use std::collections::BTreeSet;

use plimsoll_contracts::{Id, money::consumption};

use super::{Line, OrderHistory, Placed, Recorded};
use crate::{
    ParkedEntry,
    history::{Bucket, Fact},
};

/// How units are taken from a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taking {
    /// Before shipment.
    Cancel,
    /// They came back.
    Return,
}

/// Units taken from a line, with their value.
#[derive(Debug)]
pub(crate) struct Movement<'a> {
    /// The event behind it.
    pub fact: &'a Fact<Recorded>,
    pub line: &'a Line,
    pub taking: Taking,
    pub qty: i64,
    /// Net value by G3 consumption.
    pub value_minor: i64,
    /// Tax inside it, by the same rule (R-R7).
    pub tax_minor: i64,
}

/// An order that was placed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale<'a> {
    pub fact: &'a Fact<Recorded>,
    pub order: &'a Placed,
}

/// The state of an order after all of its events.
#[derive(Debug, Default)]
pub(crate) struct Ledger<'a> {
    /// The placing; without it everything else waits.
    pub sale: Option<Sale<'a>>,
    /// In canonical order.
    pub movements: Vec<Movement<'a>>,
    /// The event that cancelled the order as a whole.
    pub cancelled_whole: Option<&'a Fact<Recorded>>,
    /// The event that shipped it.
    pub shipped: Option<&'a Fact<Recorded>>,
    /// Events that wait, keyed by the order.
    pub parked: Vec<ParkedEntry>,
}

impl Sale<'_> {
    pub(crate) const fn bucket(&self) -> Bucket {
        self.fact.bucket
    }
}

impl<'a> Ledger<'a> {
    /// Folds the events of an order in canonical order. What comes before the placing waits for
    /// it, so the placing goes first.
    pub(crate) fn of(order_id: &str, history: &'a OrderHistory) -> Self {
        let mut ledger = Self::default();
        let mut returns: BTreeSet<&Id> = BTreeSet::new();
        ledger.sale = history.facts().iter().find_map(|fact| match &fact.recorded {
            Recorded::Placed(order) => Some(Sale { fact, order }),
            _ => None,
        });
        // Units taken so far, by index of the line.
        let mut taken = vec![0; ledger.sale.map_or(0, |sale| sale.order.lines.len())];
        for fact in history.facts() {
            let Some(sale) = ledger.sale else {
                ledger.park(order_id, fact, "OrderUnknown");
                continue;
            };
            match &fact.recorded {
                Recorded::Placed(_) if fact.event == sale.fact.event => {}
                Recorded::Placed(_) => ledger.park(order_id, fact, "AlreadyExists"),
                Recorded::Shipped => {
                    ledger.shipped.get_or_insert(fact);
                }
                Recorded::Cancelled => {
                    ledger.cancelled_whole.get_or_insert(fact);
                    for (line, taken) in sale.order.lines.iter().zip(&mut taken) {
                        ledger.take(fact, line, Taking::Cancel, line.qty - *taken, taken);
                    }
                }
                Recorded::LineCancelled { line_no, qty } => match sale.line(*line_no, *qty, &mut taken) {
                    Some((line, taken)) => ledger.take(fact, line, Taking::Cancel, *qty, taken),
                    None => ledger.park(order_id, fact, "CancelExceedsSold"),
                },
                Recorded::Returned { return_id, .. } if returns.contains(return_id) => {}
                Recorded::Returned {
                    return_id,
                    line_no,
                    qty,
                } => match sale.line(*line_no, *qty, &mut taken) {
                    Some((line, taken)) => {
                        returns.insert(return_id);
                        ledger.take(fact, line, Taking::Return, *qty, taken);
                    }
                    None => ledger.park(order_id, fact, "ReturnExceedsSold"),
                },
            }
        }
        ledger
    }

    fn take(&mut self, fact: &'a Fact<Recorded>, line: &'a Line, taking: Taking, qty: i64, taken: &mut i64) {
        if qty > 0 {
            self.movements.push(Movement {
                fact,
                line,
                taking,
                qty,
                value_minor: consumption(line.net_minor(), line.qty, *taken, qty),
                tax_minor: consumption(line.tax_minor, line.qty, *taken, qty),
            });
            *taken += qty;
        }
    }

    fn park(&mut self, order_id: &str, fact: &Fact<Recorded>, reason: &str) {
        self.parked.push(fact.parked(order_id, reason));
    }
}

impl<'a> Sale<'a> {
    /// The line and what was taken of it, if as many of its units are left.
    fn line<'t>(&self, line_no: u16, qty: i64, taken: &'t mut [i64]) -> Option<(&'a Line, &'t mut i64)> {
        let index = self.order.lines.iter().position(|line| line.line_no == line_no)?;
        let (line, taken) = (&self.order.lines[index], taken.get_mut(index)?);
        (qty <= line.qty - *taken).then_some((line, taken))
    }
}
