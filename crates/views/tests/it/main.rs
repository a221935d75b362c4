//! The views at their boundary: vectors with exact answers, in any order, in any batches.

#[cfg(test)]
mod commission;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod sales_volume;
