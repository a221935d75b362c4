//! `GET /v1/views/{view}/rows/{key}/explain`: the events behind one row, each with what it changed.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use plimsoll_contracts::{InvalidParameter, Position, Problem};
use plimsoll_host::{ApiResult, Claims, extract::Path};
use plimsoll_views::{Params, query::take};

use super::params;
use crate::{
    QueryApi,
    history::{Subject, Watched},
    problems,
};

/// Questions whose rows hang on other rows or on a clock: their parts can be explained, not they.
const COMPARING: [&str; 12] = [
    "top",
    "measure",
    "compare",
    "category_reading",
    "zero_sellers",
    "sliding_s",
    "run_rate",
    "forecast",
    "what_if",
    "near_cap_bp",
    "changed_since",
    "live",
];

/// Explains a row of a view: of a table as it stands, or of a grouped answer, by the same
/// parameters that the answer was asked with.
#[utoipa::path(
    get,
    path = "/v1/views/{view}/rows/{key}/explain",
    tag = "views",
    params(
        ("view" = String, Path, description = "Name of the view"),
        ("key" = String, Path, description = "Key of the row, percent-encoded"),
        ("table" = Option<String>, Query, description = "Table of the view; its parameters go beside it"),
        ("limit" = Option<u64>, Query, description = "Changes of a page"),
        ("next" = Option<String>, Query, description = "Cursor of an earlier answer")
    ),
    responses(
        (status = 200, description = "The events that changed the row, in order, each with before, after and facts"),
        (status = 400, description = "invalid-parameter"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not-found: no such row, now or ever, or not the asker's"),
        (status = 422, description = "question-too-large"),
        (status = 503, description = "unavailable, not-yet-projected or overloaded")
    ),
    security(("bearer" = []))
)]
pub(crate) async fn explain(
    State(api): State<QueryApi>,
    claims: Claims,
    Path((view, key)): Path<(String, String)>,
    uri: Uri,
) -> ApiResult<Response> {
    let subject = subject(&api, &claims, &view, key, &uri)?;
    let history = api.history().ok_or_else(problems::no_history)?;
    let explanation = history.explain(api.stores(), &subject).await?;
    let mut response = Json(explanation).into_response();
    let head = response.headers_mut();
    head.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    Ok(response)
}

fn subject(api: &QueryApi, claims: &Claims, view: &str, key: String, uri: &Uri) -> Result<Subject, Problem> {
    let view = params::allowed(api, claims, view)?;
    let mut params: Params = params::unique(params::pairs(uri)?)?;
    let bounds = &api.options().history;
    let limit = take(&mut params, "limit", "a number of changes")?.unwrap_or(bounds.changes_default);
    if limit == 0 || limit > bounds.changes_max {
        return Err(InvalidParameter::new("limit", format!("is 1 to {}", bounds.changes_max)).into());
    }
    let after: Option<u64> = take(&mut params, "next", "a cursor of an earlier answer")?;
    if let Some(name) = COMPARING.iter().find(|name| params.contains_key(**name)) {
        let detail = "a row is explained by itself, and this compares it with others or with a clock: leave it \
                      out, and give the row's key in the answer without it";
        return Err(InvalidParameter::new(name, detail).into());
    }
    let question = view.parse(&params)?;
    let aim = (view.past.aim)(&params)?;
    Ok(Subject {
        view,
        tenant: claims.tenant.clone(),
        table: aim.table,
        span: aim.span,
        is_plain: aim.is_plain,
        watched: Watched {
            params: question.canonical(),
            own: claims.own.clone(),
            key,
            after: Position::new(after.unwrap_or(0)),
            limit,
        },
    })
}
