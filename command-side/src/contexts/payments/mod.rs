//! Payments, settlement batches and exchange rates; knows nothing of orders but their ids.

mod commands;
mod fx_rate;
mod ledger;
mod payment;
mod settlement;
#[cfg(test)]
mod tests;

pub(crate) use fx_rate::FxRate;
pub(crate) use payment::Payment;
pub(crate) use settlement::Settlement;
