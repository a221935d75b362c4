//! `POST /v1/dev/token`: a token for the development page. The route exists only where the node
//! was started with it.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri},
};
use chrono::Utc;
use plimsoll_contracts::{Problem, TenantId};
use plimsoll_host::{ApiResult, Claims, extract::Bytes};
use serde::{Deserialize, Serialize};

use crate::{QueryApi, live::origin};

/// What the token shall say; what is left out is everything.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DevTokenRequest {
    scope: Option<String>,
    tenant: Option<TenantId>,
    own: Option<BTreeSet<String>>,
}

/// The token.
#[derive(Debug, Serialize)]
pub(crate) struct DevToken {
    token: String,
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/v1/dev/token",
    tag = "development",
    responses(
        (status = 200, description = "A token"),
        (status = 400, description = "invalid-request"),
        (status = 403, description = "forbidden: not asked on a loopback name, or by a foreign page"),
        (status = 404, description = "Not a development server"),
        (status = 413, description = "payload-too-large")
    )
)]
pub(crate) async fn issue(
    State(api): State<QueryApi>,
    headers: HeaderMap,
    uri: Uri,
    Bytes(body): Bytes,
) -> ApiResult<Json<DevToken>> {
    origin::check_unauthenticated(&headers, &uri, &api.options().live.origins)?;
    let request: DevTokenRequest = if body.iter().all(u8::is_ascii_whitespace) {
        DevTokenRequest::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            Problem::new(400, "invalid-request", "The body does not have the right shape")
                .detail(format!("{error}; it is {{\"scope\"?, \"tenant\"?, \"own\"?}}"))
        })?
    };
    let life =
        chrono::Duration::from_std(api.options().http.dev_token_life).unwrap_or(chrono::Duration::hours(1));
    let tenant = request.tenant.unwrap_or_else(TenantId::main);
    let mut claims = Claims::everything("developer", tenant, Utc::now() + life);
    if let Some(scope) = request.scope {
        claims.scope = scope.split_whitespace().map(str::to_owned).collect();
    }
    claims.own = request.own;
    let token = api.keys().issue(&claims).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "no development token");
        Problem::unavailable("this server cannot make tokens: it only has keys to check them")
    })?;
    Ok(Json(DevToken { token }))
}
