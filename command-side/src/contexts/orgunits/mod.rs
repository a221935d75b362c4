//! The organisation: units, which stands below which, and who leads them.

mod commands;
mod facts;
#[cfg(test)]
mod tests;
mod unit;

pub(crate) use unit::Unit;
