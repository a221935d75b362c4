//! Views over HTTP: one route, one file. What an answer is comes from the cohorts; here are the
//! conditions, pages, formats and headers around it.

mod as_of;
pub(crate) mod changes;
mod condition;
mod csv;
pub(crate) mod dev_token;
pub(crate) mod explain;
mod headers;
pub(crate) mod list;
mod page;
mod params;
pub(crate) mod view;

use axum::{
    Router,
    routing::{get, post},
};

use crate::QueryApi;

pub(crate) use params::{AtLeast, key_of};

/// The routes; `POST /v1/dev/token` only where it is switched on.
pub(crate) fn router(dev_tokens: bool) -> Router<QueryApi> {
    let router = Router::new()
        .route("/v1/views", get(list::list))
        .route("/v1/views/{view}", get(view::view))
        .route("/v1/views/{view}/rows/{key}/explain", get(explain::explain))
        .route("/v1/views/{view}/changes", get(changes::changes));
    if dev_tokens {
        router.route("/v1/dev/token", post(dev_token::issue))
    } else {
        router
    }
}
