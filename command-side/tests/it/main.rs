//! The wire contract over real HTTP against a real log: every test has a tenant of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint does not see that helpers here are tests"
)]

mod batch;
mod commands;
mod facts;
mod gone;
mod import;
mod reads;
mod support;
