//! `GET /v1/views`: which views there are, what can be asked of them, and where they stand.

use axum::{Json, extract::State};
use plimsoll_contracts::{
    Position,
    wire::{ViewInfo, ViewList},
};
use plimsoll_host::{ApiResult, Claims};

use crate::{
    QueryApi,
    cohort::judge,
    registry::{AskableView, Table, paging},
};

/// Lists the views that the token may read.
#[utoipa::path(
    get,
    path = "/v1/views",
    tag = "views",
    responses((status = 200, description = "The views"), (status = 401, description = "unauthenticated")),
    security(("bearer" = []))
)]
pub(crate) async fn list(State(api): State<QueryApi>, claims: Claims) -> ApiResult<Json<ViewList>> {
    let allowed = api
        .registry()
        .iter()
        .filter(|view| claims.allows(&format!("view:{}", view.name)));
    Ok(Json(ViewList {
        views: allowed.map(|view| info(&api, view)).collect(),
    }))
}

fn info(api: &QueryApi, view: &AskableView) -> ViewInfo {
    let hub = api.cohorts().hub(view.name);
    let state = hub.state();
    let position = state.head.as_ref().map(|head| head.position.max(hub.position()));
    let stale = judge(
        &state,
        position.unwrap_or(Position::ZERO),
        0,
        None,
        chrono::Utc::now(),
    );
    let state_word = match (&state.head, stale) {
        (None, None) => "not-yet-projected",
        (_, Some(stale)) => stale.reason.as_str(),
        (Some(_), None) => "live",
    };
    ViewInfo {
        name: view.name.to_owned(),
        version: state.head.as_ref().map(|head| head.version),
        epoch: state.head.as_ref().map(|head| head.epoch.clone()),
        position,
        as_of: state.head.as_ref().and_then(|head| head.as_of),
        state: state_word.to_owned(),
        tables: view.description.iter().map(Table::info).collect(),
        paging: paging(view.has_known_at),
    }
}
