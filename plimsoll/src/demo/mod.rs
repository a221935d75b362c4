//! The live simulation of `plimsoll up`: a shop, a contact centre and an insurance agency that
//! send real commands to the public API. It knows nothing that a client could not know.

mod agency;
mod centre;
mod runner;
mod shop;
mod story;

pub(crate) use runner::CORRELATION;
pub use runner::{Demo, Progress};
