//! The admin API over HTTP (wire.md, Operations; scope `operate`).

use axum::{
    Json, Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    routing::{get, post},
};
use plimsoll_contracts::{Epoch, Position, Problem, TenantId};
use plimsoll_host::{ApiError, ApiResult, Claims, Keys};
use serde::{Deserialize, Serialize};
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

async fn list(State(admin): State<Admin>, claims: Claims) -> ApiResult<Json<List>> {
    claims.require(SCOPE)?;
    let overview = admin.projector.overview(None).await?;
    Ok(Json(List {
        epoch: overview.epoch,
        head: overview.head,
        projections: overview.projections,
    }))
}

async fn one(State(admin): State<Admin>, claims: Claims, Path(name): Path<String>) -> ApiResult<Json<One>> {
    claims.require(SCOPE)?;
    let versions = admin.projector.overview(Some(&name)).await?.projections;
    let serving = versions.iter().find(|status| status.serving).cloned();
    let serving = serving.ok_or(OperateError::Unknown(name))?;
    Ok(Json(One { serving, versions }))
}

type Accepted = (StatusCode, Json<OperationStatus>);

async fn rebuild(
    State(admin): State<Admin>,
    claims: Claims,
    Path(name): Path<String>,
) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let operation = admin.projector.rebuild(&name, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

async fn pause(State(admin): State<Admin>, claims: Claims, Path(name): Path<String>) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let operation = admin.projector.pause(&name, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

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

async fn verify(
    State(admin): State<Admin>,
    claims: Claims,
    Path(name): Path<String>,
    asked: Option<Json<Verify>>,
) -> ApiResult<Accepted> {
    claims.require(SCOPE)?;
    let tenant = asked.unwrap_or_default().0.tenant;
    let operation = admin.projector.verify(&name, tenant, &claims.sub).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

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
