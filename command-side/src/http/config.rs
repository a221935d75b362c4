//! `GET /v1/config`, `PUT /v1/config`: the tenant's configuration; a change is an event.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use chrono::Utc;
use plimsoll_contracts::{
    Actor, Position, Problem, TenantConfig, Token, config::ConfigChange, problem::FieldError,
};
use plimsoll_host::{ApiError, Claims};
use serde_json::Value;

use super::{body, headers};
use crate::{
    CommandSide,
    handler::{ConfigJob, change_config, read_config},
};

pub(super) async fn read(State(side): State<CommandSide>, claims: Claims) -> Result<Response, ApiError> {
    let (config, version) = read_config(&side.services, &claims.tenant)
        .await
        .map_err(|f| f.problem())?;
    Ok(answer(&side, &config, version, None))
}

pub(super) async fn change(
    State(side): State<CommandSide>,
    claims: Claims,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    claims.require("operate")?;
    let _place = side.admission.admit(&claims)?;
    let body = body::json(&headers, body, &side.options).await?;
    let job = ConfigJob {
        tenant: claims.tenant.clone(),
        actor: Actor::user(&claims.sub),
        correlation_id: headers::correlation_id(&headers)?,
        now: Utc::now(),
        if_match: headers::if_match(&headers)?,
        change: changes(body)?,
    };
    let services = side.services.clone();
    let task = side
        .tracker
        .spawn(async move { change_config(&services, &job).await });
    let (config, version, position) = task
        .await
        .unwrap_or_else(|error| Err(crate::handler::died(&error)))?;
    Ok(answer(&side, &config, version, Some(position)))
}

fn changes(body: Value) -> Result<ConfigChange, Problem> {
    let wrong = |pointer: &str, detail: &str| {
        Problem::invalid_command(&[FieldError {
            pointer: pointer.to_owned(),
            detail: detail.to_owned(),
        }])
    };
    match body {
        Value::Object(keys) if keys.contains_key("effective_from") => Err(wrong(
            "/effective_from",
            "dated changes are not built: a change governs the events after it in the log, and one dated back would \
             alter days that are final; send the change when it is to hold, without this key",
        )),
        Value::Object(keys) => Ok(ConfigChange(keys)),
        _ => Err(wrong("", "the body must be a JSON object of configuration keys")),
    }
}

fn answer(side: &CommandSide, config: &TenantConfig, version: u32, position: Option<Position>) -> Response {
    let etag = [(header::ETAG, format!("\"{version}\""))];
    let mut response = (etag, Json(config)).into_response();
    if let Some(position) = position {
        let token = Token::new(side.services.log.epoch().clone(), position).to_string();
        if let Ok(value) = token.parse() {
            response.headers_mut().insert("view-position", value);
        }
    }
    response
}
