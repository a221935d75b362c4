//! `GET /v1/log`: where the log ends, and how far its stream is.

use axum::{Json, extract::State};
use plimsoll_host::{ApiError, Claims};
use serde_json::{Value, json};

use crate::{CommandSide, handler::Failure};

pub(super) async fn log(State(side): State<CommandSide>, _: Claims) -> Result<Json<Value>, ApiError> {
    let log = &side.services.log;
    let head = log.head().await.map_err(|error| Failure::from(error).problem())?;
    let sequence = match log.stream_state().await {
        Ok(state) => json!(state.sequence),
        // NATS is only a cache of the log: without it the log still answers.
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the stream does not answer"
            );
            Value::Null
        }
    };
    Ok(Json(
        json!({"epoch": head.epoch, "position": head.position, "stream": {"sequence": sequence}}),
    ))
}
