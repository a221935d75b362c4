//! An order as the views see it: its events in canonical order, refolded whenever one arrives,
//! into a sale and what was cancelled and returned of it. Knows no rows and no tables.

mod history;
mod ledger;

pub use history::OrderHistory;
pub(crate) use history::{Bucket, Line, Placed, Recorded};
pub(crate) use ledger::{Ledger, Taking};
