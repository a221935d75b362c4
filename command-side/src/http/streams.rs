//! `GET /v1/streams/{stream}`: the events of one stream, paged by version.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use plimsoll_contracts::{Event, InvalidParameter, Problem, StreamId};
use plimsoll_host::{
    ApiError, Claims,
    extract::{Path, Query},
};
use serde::Serialize;

use super::{events::raw_events_allowed, parameters::Parameters};
use crate::{CommandSide, contexts, handler::Failure};

/// A page of a stream.
#[derive(Debug, Serialize)]
struct Page<'a> {
    stream: &'a StreamId,
    /// In order of version.
    events: Vec<Event>,
    /// `from` of the next page; null when the stream ends here.
    next: Option<u32>,
}

pub(super) async fn stream(
    State(side): State<CommandSide>,
    claims: Claims,
    Path(name): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let stream: StreamId = name
        .parse()
        .map_err(|e| InvalidParameter::new("stream", format!("{e}")))?;
    let writes = contexts::context_of(stream.category()).map(|context| format!("command:{context}"));
    if claims.own.is_some() || !writes.is_some_and(|scope| claims.allows(&scope)) {
        raw_events_allowed(&claims)?;
    }
    let mut parameters = Parameters::new(pairs);
    let from = parameters.take::<u32>("from", "a stream version")?.unwrap_or(1);
    let limit = parameters.limit(100, side.options.page_max_events)?;
    parameters.done()?;
    let log = &side.services.log;
    let read = log.read_stream(&claims.tenant, &stream, from, limit + 1).await;
    let unread = |error| Failure::from(error).problem();
    let mut events = read.map_err(unread)?;
    // A page beyond the end is empty; that of a stream without a first event is none.
    let exists = !events.is_empty()
        || (from > 1
            && !log
                .read_stream(&claims.tenant, &stream, 1, 1)
                .await
                .map_err(unread)?
                .is_empty());
    if !exists {
        let detail = format!("there is no stream `{stream}`");
        return Err(Problem::new(404, "stream-not-found", "There is no such stream")
            .detail(detail)
            .into());
    }
    let next = events.get(limit).map(|event| event.version);
    events.truncate(limit);
    let mut response = Json(Page {
        stream: &stream,
        events,
        next,
    })
    .into_response();
    if let Some(next) = next {
        let link = format!("</v1/streams/{stream}?from={next}&limit={limit}>; rel=\"next\"");
        if let Ok(value) = link.parse() {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    Ok(response)
}
