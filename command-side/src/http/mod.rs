//! The routes of the wire's commands, import, streams, feed and configuration.

mod batch;
mod body;
mod commands;
mod config;
mod events;
mod headers;
mod import;
mod log;
mod parameters;
mod streams;

use axum::{
    Router,
    routing::{get, post},
};
use plimsoll_host::problem::no_such_method;

use crate::CommandSide;

/// All routes; paths that are not here are left to whoever mounts it.
pub fn router(side: CommandSide) -> Router {
    Router::new()
        .route("/v1/commands/{context}/{command}", post(commands::command))
        .route("/v1/commands:batch", post(batch::batch))
        .route("/v1/events:import", post(import::import))
        .route("/v1/events", get(events::events))
        .route("/v1/streams/{stream}", get(streams::stream))
        .route("/v1/log", get(log::log))
        .route("/v1/config", get(config::read).put(config::change))
        .method_not_allowed_fallback(no_such_method)
        .with_state(side)
}
