//! `GET /v1/views/{view}/changes`: the frames of the socket over plain HTTP, as server-sent events
//! or by long-poll, under the same cursor.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, stream};
use plimsoll_contracts::{Epoch, Position, Problem, Token, wire::RawRow};
use plimsoll_host::{ApiResult, Claims, extract::Path};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{condition, params::Asked, view::Waiting};
use crate::{
    QueryApi,
    cohort::{CohortUse, Cursor, Outgoing, PartBounds},
};

/// After how many milliseconds a client whose stream broke comes back.
const RETRY: Duration = Duration::from_secs(1);

/// The answer of a long-poll: frames to be taken in order, and the cursor behind them.
#[derive(Debug, Serialize)]
struct Changes {
    epoch: Epoch,
    position: Position,
    frames: Vec<RawRow>,
}

/// Streams what changes from a cursor on; without one, all rows come first.
#[utoipa::path(
    get,
    path = "/v1/views/{view}/changes",
    tag = "views",
    params(
        ("view" = String, Path, description = "Name of the view"),
        ("from" = Option<String>, Query, description = "Cursor epoch.position to go on from"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as an event stream says it"),
        ("Prefer" = Option<String>, Header, description = "wait=N, for long-poll")
    ),
    responses(
        (status = 200, description = "text/event-stream, or application/json with frames"),
        (status = 400, description = "invalid-parameter"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not-found"),
        (status = 422, description = "question-too-large"),
        (status = 503, description = "unavailable, not-yet-projected or overloaded")
    ),
    security(("bearer" = []))
)]
pub(crate) async fn changes(
    State(api): State<QueryApi>,
    claims: Claims,
    Path(view): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let asked = Asked::for_changes(&api, &claims, &view, &uri)?;
    let from = match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        Some(id) => Some(
            id.parse()
                .map_err(|error: plimsoll_contracts::position::TokenError| {
                    Problem::invalid_parameter("Last-Event-ID", error.to_string())
                })?,
        ),
        None => asked.from.clone(),
    };
    let share = api.cohorts().get(asked.key.clone(), &asked.question)?;
    share.ready().await?;
    let reader = Reader::new(share, from.as_ref(), &api);
    if condition::quality(&headers, "text", "event-stream")
        > condition::quality(&headers, "application", "json")
    {
        let until = token_life(&claims);
        return Ok(stream_of(reader, until, &api).into_response());
    }
    let wait = condition::wait(&headers, api.options().http.wait_max);
    let waiting = Waiting {
        until: Instant::now() + wait.unwrap_or(Duration::ZERO),
        shutdown: api.shutdown().clone(),
    };
    Ok(poll(reader, waiting, wait).await?)
}

async fn poll(mut reader: Reader, waiting: Waiting, wait: Option<Duration>) -> Result<Response, Problem> {
    if let Some(pause) = reader.pause {
        let cursor = reader.cursor.clone();
        let briefly = Waiting {
            until: waiting.until.min(Instant::now() + pause),
            shutdown: waiting.shutdown.clone(),
        };
        briefly
            .while_same(&reader.share, |latest| !latest.is_behind(&cursor))
            .await?;
    }
    let mut frames = reader.read();
    if frames.is_empty() {
        let cursor = reader.cursor.clone();
        waiting
            .while_same(&reader.share, |latest| !latest.is_behind(&cursor))
            .await?;
        frames = reader.read();
    }
    let raw = |frame: Outgoing| {
        RawValue::from_string(frame.text.as_str().to_owned())
            .expect("a frame is encoded as JSON")
            .into()
    };
    let answer = Changes {
        epoch: reader.epoch.clone(),
        position: reader.cursor.have,
        frames: frames.into_iter().map(raw).collect(),
    };
    let mut response = Json(answer).into_response();
    let head = response.headers_mut();
    head.insert(
        "cache-control",
        axum::http::HeaderValue::from_static("private, no-store"),
    );
    if let Some(wait) = wait {
        head.insert(
            "preference-applied",
            format!("wait={}", wait.as_secs()).parse().expect("digits"),
        );
    }
    Ok(response)
}

fn stream_of(
    reader: Reader,
    until: Instant,
    api: &QueryApi,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let shutdown = api.shutdown().clone();
    let batches = stream::unfold(Some(reader), move |reader| {
        let shutdown = shutdown.clone();
        async move {
            let mut reader = reader?;
            let waiting = Waiting {
                until,
                shutdown: shutdown.clone(),
            };
            let mut frames = reader.read();
            while frames.is_empty() {
                let cursor = reader.cursor.clone();
                let ended = waiting
                    .while_same(&reader.share, |latest| !latest.is_behind(&cursor))
                    .await
                    .is_err();
                if ended || shutdown.is_cancelled() || Instant::now() >= until {
                    return None;
                }
                frames = reader.read();
            }
            let epoch = reader.epoch.clone();
            Some((
                stream::iter(frames.into_iter().map(move |frame| event(&epoch, &frame))),
                Some(reader),
            ))
        }
    });
    let keep_alive = KeepAlive::new().interval(api.options().live.ping_interval);
    Sse::new(batches.flatten()).keep_alive(keep_alive)
}

fn event(epoch: &Epoch, frame: &Outgoing) -> Result<Event, Infallible> {
    let event = Event::default().retry(RETRY).data(frame.text.as_str());
    Ok(match frame.position {
        Some(position) => event.id(Token::new(epoch.clone(), position).to_string()),
        None => event,
    })
}

/// A stream ends with the token that opened it.
fn token_life(claims: &Claims) -> Instant {
    let left = claims.exp - chrono::Utc::now().timestamp();
    Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or(0))
}

/// One reader's place in a cohort.
struct Reader {
    share: CohortUse,
    cursor: Cursor,
    epoch: Epoch,
    first: Vec<Outgoing>,
    /// An answer that moves with time is told anew to a poll with the very position that it stands
    /// at; this bounds the pace of such polls.
    pause: Option<Duration>,
    merge_after: usize,
    bounds: PartBounds,
}

/// Pace of polls for an answer that moves while its position stands.
const PAUSE: Duration = Duration::from_secs(1);

impl Reader {
    fn new(share: CohortUse, from: Option<&Token>, api: &QueryApi) -> Self {
        let live = &api.options().live;
        let bounds = PartBounds {
            rows: live.part_max_rows,
            bytes: live.part_max_bytes,
        };
        let (cursor, first, epoch, stands) = share.latest(|latest| {
            let (cursor, first) = latest.begin(from, bounds).into_parts();
            let stands = latest.moves && from.is_some_and(|from| from.position == latest.said);
            (cursor, first, latest.epoch.clone(), stands)
        });
        Self {
            share,
            cursor,
            epoch,
            first,
            pause: stands.then_some(PAUSE),
            merge_after: live.merge_after,
            bounds,
        }
    }

    fn read(&mut self) -> Vec<Outgoing> {
        let mut frames = std::mem::take(&mut self.first);
        if self.share.ended().is_some() {
            return frames;
        }
        let (merge_after, bounds) = (self.merge_after, self.bounds);
        self.epoch = self.share.latest(|latest| {
            frames.extend(latest.catch_up(&mut self.cursor, merge_after, bounds));
            latest.epoch.clone()
        });
        frames
    }
}
