//! Agent sessions: who is logged in where; heartbeats are not events.

mod commands;
mod directory;
mod facts;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use directory::Sessions;
pub(crate) use session::Session;
