//! The wire contract over real HTTP against a real log.

mod commands;
mod support;
