//! Orders from placement to return; knows nothing of stock or payments, which the order saga joins.

mod commands;
mod order;
mod place;
#[cfg(test)]
mod tests;

pub(crate) use order::Order;
