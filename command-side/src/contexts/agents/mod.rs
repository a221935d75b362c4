//! Agent sessions: who is logged in where; heartbeats are not events.

mod directory;
mod sessions;

pub(crate) use sessions::Sessions;
