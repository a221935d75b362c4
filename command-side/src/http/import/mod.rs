//! `POST /v1/events:import`: NDJSON of envelopes in, NDJSON of progress out, a batch at a time.

mod home;
mod line;
mod lines;
mod work;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use plimsoll_contracts::Problem;
use plimsoll_host::{ApiError, Claims};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::body::expect_type;
use crate::CommandSide;

/// Progress lines that wait for a caller who does not read; further ones are left out.
const PROGRESS_MAX: usize = 64;

pub(super) async fn import(
    State(side): State<CommandSide>,
    claims: Claims,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    claims.require("import")?;
    expect_type(&headers, &["application/x-ndjson", "application/ndjson"])?;
    let encoding = lines::encoding(&headers)?;
    let place = side.imports.clone().try_acquire_owned().map_err(|_| {
        Problem::new(429, "too-many-requests", "Too many imports at once")
            .detail(format!(
                "{} imports are under way, no more are taken",
                side.options.imports_max
            ))
            .retry_after(5)
    })?;
    let options = &side.options;
    let pace = lines::Pace::new(options.import_pace_window, options.import_pace_min_bytes);
    let lines = lines::Lines::new(body, encoding, options.import_line_max_bytes, pace);
    let (progress, told) = mpsc::channel::<Bytes>(PROGRESS_MAX);
    let work = work::Work::new(&side, claims, progress);
    side.tracker.spawn(async move {
        work.run(lines).await;
        drop(place);
    });
    let told = ReceiverStream::new(told).map(Ok::<_, std::convert::Infallible>);
    let content_type = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((content_type, Body::from_stream(told)).into_response())
}
