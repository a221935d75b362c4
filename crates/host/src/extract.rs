//! What routes take out of a request, as axum does it, with problem documents for what does not
//! parse. Routes use these and never axum's own, so that no answer is bare text.

use axum::{
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, Request,
        rejection::{BytesRejection, FailedToBufferBody, JsonRejection},
    },
    http::{StatusCode, header, request::Parts},
};
use plimsoll_contracts::Problem;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Parameters of the path; 400 `invalid-path` for what is not UTF-8 or not of their form.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// Parameters of the query; 400 `invalid-query`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// A JSON body; 413 when it is too large, 415 when it does not say that it is JSON, 400
/// `invalid-request` when it is not.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// A body of bytes; 413 when it is too large.
#[derive(Debug, Clone)]
pub struct Bytes(pub axum::body::Bytes);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(read)) => Ok(Self(read)),
            Err(error) => {
                let problem = Problem::new(400, "invalid-path", "The path cannot be read");
                Err(problem.detail(error.body_text()).into())
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(read)) => Ok(Self(read)),
            Err(error) => {
                let problem = Problem::new(400, "invalid-query", "The query cannot be read");
                Err(problem.detail(error.body_text()).into())
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match <axum::Json<T> as FromRequest<S>>::from_request(request, state).await {
            Ok(axum::Json(read)) => Ok(Self(read)),
            Err(JsonRejection::BytesRejection(error)) => Err(body(&error)),
            Err(error @ JsonRejection::MissingJsonContentType(_)) => {
                let problem = Problem::new(415, "unsupported-media-type", "The body is of another type");
                Err(problem.detail(error.body_text()).into())
            }
            Err(error) => {
                let problem = Problem::new(400, "invalid-request", "The body does not have the right shape");
                Err(problem.detail(error.body_text()).into())
            }
        }
    }
}

/// A body that may be left out altogether.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            let read = <Self as FromRequest<S>>::from_request(request, state).await?;
            return Ok(Some(read));
        }
        Ok(None)
    }
}

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = axum::body::Bytes::from_request(request, state).await;
        read.map(Self).map_err(|error| body(&error))
    }
}

fn body(error: &BytesRejection) -> ApiError {
    let problem = match error {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
            "payload-too-large",
            "The request is larger than what is taken at once",
        ),
        _ => Problem::new(400, "body-incomplete", "The body did not arrive whole"),
    };
    problem.detail(error.body_text()).into()
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::Body,
        http::Method,
        routing::{get, post},
    };
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::problem::no_such_method;

    fn router() -> Router {
        Router::new()
            .route("/named/{name}", get(async |_: Path<String>| "named"))
            .route("/counted", get(async |_: Query<Vec<(String, u32)>>| "counted"))
            .route("/json", post(async |_: Json<Vec<u32>>| "json"))
            .route(
                "/perhaps",
                post(async |read: Option<Json<Vec<u32>>>| read.is_some().to_string()),
            )
            .route("/bytes", post(async |_: Bytes| "bytes"))
            .method_not_allowed_fallback(no_such_method)
    }

    async fn ask(
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: String,
    ) -> (u16, String, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let response = router()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let (status, kind) = (
            response.status().as_u16(),
            response.headers()[header::CONTENT_TYPE].clone(),
        );
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (
            status,
            kind.to_str().unwrap().to_owned(),
            serde_json::from_slice(&body).unwrap_or(Value::Null),
        )
    }

    #[tokio::test]
    async fn what_does_not_parse_is_answered_by_a_problem_document() {
        let json = Some("application/json");
        let long = "1".repeat(3 << 20);
        for (method, path, content_type, body, status, code) in [
            (Method::GET, "/named/%FF", None, "", 400, "invalid-path"),
            (Method::GET, "/counted?n=x", None, "", 400, "invalid-query"),
            (Method::POST, "/json", json, "{", 400, "invalid-request"),
            (Method::POST, "/json", json, "{}", 400, "invalid-request"),
            (Method::POST, "/json", None, "[]", 415, "unsupported-media-type"),
            (
                Method::POST,
                "/json",
                json,
                long.as_str(),
                413,
                "payload-too-large",
            ),
            (Method::POST, "/perhaps", json, "{", 400, "invalid-request"),
            (
                Method::POST,
                "/bytes",
                None,
                long.as_str(),
                413,
                "payload-too-large",
            ),
            (Method::DELETE, "/bytes", None, "", 405, "method-not-allowed"),
        ] {
            let (found, kind, problem) = ask(method, path, content_type, body.to_owned()).await;
            assert_eq!(
                (found, kind.as_str()),
                (status, "application/problem+json"),
                "{path}"
            );
            assert!(
                problem["type"].as_str().unwrap().ends_with(code),
                "{path}: {problem}"
            );
        }
        assert_eq!(ask(Method::POST, "/perhaps", None, String::new()).await.0, 200);
    }

    #[tokio::test]
    async fn a_method_that_a_path_does_not_have_is_told_which_it_has() {
        let request = Request::builder().method(Method::PUT).uri("/named/x");
        let response = router()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    }
}
