//! Agent sessions: who is logged in where; heartbeats are not events.

mod commands;
mod directory;
mod facts;
mod session;
mod sessions;
#[cfg(test)]
mod tests;

pub(crate) use session::Session;
pub(crate) use sessions::Sessions;
