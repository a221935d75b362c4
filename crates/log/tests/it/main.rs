//! The log against real servers: every test has a database and a stream of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint does not see that helpers here are tests"
)]

mod append;
mod crash;
mod idempotency;
mod import;
mod load;
mod relay;
mod schema;
mod support;
mod tail;
