//! Request bodies within their bounds, and every way in which one can be wrong.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use plimsoll_contracts::{Problem, problem::FieldError};
use serde_json::Value;

use crate::{Options, handler::payload_too_large};

/// Reads a JSON body.
pub(super) async fn json(headers: &HeaderMap, body: Body, options: &Options) -> Result<Value, Problem> {
    expect_type(headers, &["application/json"])?;
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|e| *e != "identity") {
        let detail = format!("a command's body is not compressed, this one says {encoding:?}");
        return Err(
            Problem::new(415, "unsupported-media-type", "The body is of another type").detail(detail),
        );
    }
    let (max_bytes, patience) = (options.body_max_bytes, options.body_idle);
    let bytes = tokio::time::timeout(patience, read(headers, body, max_bytes))
        .await
        .map_err(|_| {
            let detail = format!("the body did not arrive within {} s", patience.as_secs());
            Problem::new(408, "request-timeout", "The body did not come on").detail(detail)
        })??;
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::invalid_command(&[FieldError {
            pointer: String::new(),
            detail: format!("no JSON: {error}"),
        }])
    })
}

/// 415 unless the body says that it is of one of these types.
pub(super) fn expect_type(headers: &HeaderMap, allowed: &[&str]) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if allowed
        .iter()
        .any(|allowed| essence.eq_ignore_ascii_case(allowed))
    {
        return Ok(());
    }
    let detail = format!("send Content-Type {}, not `{given}`", allowed.join(" or "));
    Err(Problem::new(415, "unsupported-media-type", "The body is of another type").detail(detail))
}

async fn read(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let too_large = || payload_too_large(format!("the body may have {max_bytes} bytes"));
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => {
            let detail = format!("the body broke off: {error}");
            Err(Problem::new(400, "body-incomplete", "The body did not arrive whole").detail(detail))
        }
    }
}
