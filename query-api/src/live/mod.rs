//! `GET /v1/live`: one WebSocket per client, over which views come as a snapshot and deltas. What
//! is told is made by the cohorts, once for everyone; here are the handshake, the conversation
//! and its bounds.

mod admission;
mod close;
mod handshake;
mod hello;
mod inbound;
pub(crate) mod origin;
mod session;
mod socket;
mod subscriptions;
mod waits;

use axum::{Router, routing::any};

use crate::QueryApi;

pub(crate) use admission::Admission;

pub(crate) fn router() -> Router<QueryApi> {
    Router::new().route("/v1/live", any(handshake::upgrade))
}
