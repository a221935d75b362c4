//! The admin API over HTTP (wire.md, Operations; scope `operate`).

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{get, post},
};
use plimsoll_contracts::{Epoch, Position, Problem, TenantId};
use plimsoll_host::{
    ApiError, ApiResult, Claims, Keys,
    extract::{self, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::OpenApi;
use uuid::Uuid;

use crate::{OperateError, OperationStatus, Projector, Status};

/// The scope that every route here asks for.
const SCOPE: &str = "operate";

#[derive(Debug, Clone)]
struct Admin {
    projector: Projector,
    keys: Keys,
}

impl FromRef<Admin> for Keys {
    fn from_ref(admin: &Admin) -> Self {
        admin.keys.clone()
    }
}

/// The routes `/v1/projections…` and `/v1/operations/{id}`.
pub fn router(projector: Projector, keys: Keys) -> Router {
    Router::new()
        .route("/v1/projections", get(list))
        .route("/v1/projections/{name}", get(one))
        .route("/v1/projections/{name}/rebuild", post(rebuild))
        .route("/v1/projections/{name}/pause", post(pause))
        .route("/v1/projections/{name}/resume", post(resume))
        .route("/v1/projections/{name}/verify", post(verify))
        .route("/v1/operations/{id}", get(operation))
        .with_state(Admin { projector, keys })
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Plimsoll projector", description = "Projections and operations"),
    paths(list, one, rebuild, pause, resume, verify, operation)
)]
struct Document;

/// The OpenAPI document of these routes; the whole server's is a merge.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// All projections.
#[derive(Debug, Serialize)]
struct List {
    epoch: Epoch,
    head: Position,
    projections: Vec<Status>,
}

/// The version that serves, and all versions.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    serving: Status,
    versions: Vec<Status>,
}

/// Every projection: state, position, lag.
#[utoipa::path(
    get,
    path = "/v1/projections",
    tag = "operations",
    responses(
        (status = 200, description = "The projections"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
    ),
    security(("bearer" = []))
)]
async fn list(State(admin): State<Admin>, claims: Claims) -> ApiResult<Json<List>> {
    claims.require(SCOPE)?;
    let overview = admin.projector.overview(None).await?;
    Ok(Json(List {
        epoch: overview.epoch,
        head: overview.head,
        projections: overview.projections,
    }))
}

/// One projection, with all its versions.
#[utoipa::path(
    get,
    path = "/v1/projections/{name}",
    tag = "operations",
    params(("name" = String, Path, description = "Name of the view")),
    responses(
        (status = 200, description = "The projection"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such projection"),
    ),
    security(("bearer" = []))
)]
async fn one(State(admin): State<Admin>, claims: Claims, Path(name): Path<String>) -> ApiResult<Json<One>> {
    claims.require(SCOPE)?;
    let versions = admin.projector.overview(Some(&name)).await?.projections;
    let serving = versions.iter().find(|status| status.serving).cloned();
    let serving = serving.ok_or(OperateError::Unknown(name))?;
    Ok(Json(One { serving, versions }))
}

type Accepted = (StatusCode, Json<OperationStatus>);

/// Makes a view anew from the log, beside the version that serves.
#[utoipa::path(
    post,
    path = "/v1/projections/{name}/rebuild",
    tag = "operations",
    params(("name" = String, Path, description = "Name of the view")),
    responses(
        (status = 202, description = "An operation; GET /v1/operations/{id} tells how it goes"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such projection"),
        (status = 409, description = "the projection is paused"),
    ),
    security(("bearer" = []))
)]
async fn rebuild(
    State(admin): State<Admin>,
    claims: Claims,
    Path(name): Path<String>,
) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let operation = admin.projector.rebuild(&name, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

/// Stops a view where it is.
#[utoipa::path(
    post,
    path = "/v1/projections/{name}/pause",
    tag = "operations",
    params(("name" = String, Path, description = "Name of the view")),
    responses(
        (status = 202, description = "An operation; GET /v1/operations/{id} tells how it goes"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such projection"),
    ),
    security(("bearer" = []))
)]
async fn pause(State(admin): State<Admin>, claims: Claims, Path(name): Path<String>) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let operation = admin.projector.pause(&name, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

/// Lets a paused view go on.
#[utoipa::path(
    post,
    path = "/v1/projections/{name}/resume",
    tag = "operations",
    params(("name" = String, Path, description = "Name of the view")),
    responses(
        (status = 202, description = "An operation; GET /v1/operations/{id} tells how it goes"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such projection"),
    ),
    security(("bearer" = []))
)]
async fn resume(State(admin): State<Admin>, claims: Claims, Path(name): Path<String>) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let operation = admin.projector.resume(&name, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

/// Whose rows to verify.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    /// Left out: everybody's.
    tenant: Option<TenantId>,
}

/// Recomputes a view from the raw log and compares every cell; the report is the operation's result.
#[utoipa::path(
    post,
    path = "/v1/projections/{name}/verify",
    tag = "operations",
    params(("name" = String, Path, description = "Name of the view")),
    request_body(content = serde_json::Value, description = "Optional: tenant, to compare only this one"),
    responses(
        (status = 202, description = "An operation; GET /v1/operations/{id} tells how it goes"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such projection"),
        (status = 409, description = "another verification runs"),
    ),
    security(("bearer" = []))
)]
async fn verify(
    State(admin): State<Admin>,
    claims: Claims,
    Path(name): Path<String>,
    asked: Option<extract::Json<Verify>>,
) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let tenant = asked.and_then(|extract::Json(asked)| asked.tenant);
    let operation = admin.projector.verify(&name, tenant, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

/// How an operation goes, and what it found.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}",
    tag = "operations",
    params(("id" = String, Path, description = "Id of the operation")),
    responses(
        (status = 200, description = "The operation"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "the scope operate is missing"),
        (status = 404, description = "no such operation"),
    ),
    security(("bearer" = []))
)]
async fn operation(
    State(admin): State<Admin>,
    claims: Claims,
    Path(id): Path<String>,
) -> ApiResult<Json<OperationStatus>> {
    claims.require(SCOPE)?;
    let unknown = || Problem::not_found(format!("there is no operation {id}"));
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let found = admin.projector.operation(id).await?;
    Ok(Json(found.ok_or_else(unknown)?))
}

impl From<OperateError> for ApiError {
    fn from(error: OperateError) -> Self {
        let problem = match &error {
            OperateError::Unknown(_) => {
                Problem::not_found(format!("{error}; GET /v1/projections lists them"))
            }
            OperateError::Paused(_) => {
                Problem::new(409, "projection-paused", "The projection is paused").detail(error.to_string())
            }
            OperateError::NotVerifiable(_) => Problem::not_found(error.to_string()),
            OperateError::Verifying => {
                Problem::new(409, "verification-running", "A verification runs").detail(error.to_string())
            }
            OperateError::Store(_) | OperateError::Log(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "admin request not answered"
                );
                Problem::unavailable(error.to_string())
            }
        };
        Self(problem)
    }
}
