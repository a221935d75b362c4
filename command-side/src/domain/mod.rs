//! What every aggregate is made of: the two pure functions, refusals, and the shape of commands.
//! No clock, no randomness, no I/O: time and ids come in as arguments.

pub(crate) mod aggregate;
pub(crate) mod checks;
pub(crate) mod command;
pub(crate) mod reason;
pub(crate) mod refusal;
#[cfg(test)]
pub(crate) mod scenario;
pub(crate) mod shape;
pub(crate) mod wire_time;

pub(crate) use aggregate::{Aggregate, Decision, Folded, Moment};
pub(crate) use command::{CommandInfo, CommandSet, commands};
pub use reason::Reason;
pub use refusal::Refusal;
pub(crate) use shape::{Shape, body};
pub(crate) use wire_time::Time;
