//! Problem documents as HTTP responses (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use plimsoll_contracts::{InvalidParameter, Problem};

/// A problem on its way to a client.
#[derive(Debug, Clone)]
pub struct ApiError(pub Problem);

/// What a route answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<InvalidParameter> for ApiError {
    fn from(invalid: InvalidParameter) -> Self {
        Self(invalid.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.retry_after_s;
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The answer for a path that no route has; for `Router::fallback`.
pub async fn no_such_path(uri: axum::http::Uri) -> ApiError {
    ApiError(Problem::not_found(format!(
        "nothing is served at {}; see /v1/openapi.json",
        uri.path()
    )))
}

/// The answer for a method that a path does not have; for `Router::method_not_allowed_fallback`.
pub async fn no_such_method(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    let problem = Problem::new(405, "method-not-allowed", "The path does not have this method");
    ApiError(problem.detail(format!("{method} is not possible at {}", uri.path())))
}
