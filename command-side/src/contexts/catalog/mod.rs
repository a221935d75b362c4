//! Products and their prices; knows nothing of who sells them.

mod commands;
mod product;
#[cfg(test)]
mod tests;

pub(crate) use product::Product;
