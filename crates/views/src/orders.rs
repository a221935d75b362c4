//! An order as the views see it: its events in canonical order, refolded whenever one arrives,
//! into a sale and what was cancelled and returned of it. Knows no rows and no tables.

mod history;
mod ledger;

pub(crate) use history::{Line, OrderHistory, Placed, Recorded};
pub(crate) use ledger::{Ledger, Movement, Sale, Taking};
