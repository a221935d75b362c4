//! One OpenAPI document of all services, at `/v1/openapi.json`.

use axum::{Json, Router, routing::get};
use utoipa::openapi::OpenApi;

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = plimsoll_command_side::openapi();
    document.merge(plimsoll_query_api::openapi());
    document.merge(plimsoll_projector::openapi());
    document.info.title = "Plimsoll".to_owned();
    document
}

/// The route of the document; it needs no token.
pub fn router() -> Router {
    Router::new().route("/v1/openapi.json", get(|| async { Json(document()) }))
}
