//! `POST /v1/commands/{context}/{Command}`: one command.

use std::time::Instant;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chrono::Utc;
use plimsoll_contracts::{Actor, Epoch, Position, Problem, Token};
use plimsoll_host::{ApiError, Claims, extract::Path};
use plimsoll_log::Idempotency;
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument as _;

use super::{body, headers};
use crate::{
    CommandSide,
    handler::{self, Accepted, Done, Job},
    metrics,
};

/// The answer to an accepted command.
#[derive(Debug, Serialize)]
pub(super) struct Receipt<'a> {
    pub(super) position: Position,
    pub(super) epoch: &'a Epoch,
    #[serde(flatten)]
    pub(super) accepted: &'a Accepted,
}

pub(super) async fn command(
    State(side): State<CommandSide>,
    claims: Claims,
    Path((context, command)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    claims.require(&format!("command:{context}"))?;
    let _place = side.admission.admit(&claims)?;
    let key = headers::idempotency_key(&headers)?.ok_or_else(headers::missing_key)?;
    let if_match = headers::if_match(&headers)?;
    let correlation_id = headers::correlation_id(&headers)?;
    let body: Value = body::json(&headers, body, &side.options).await?;
    let request_hash = handler::request_hash(&format!("{context}/{command}"), &body);
    let now = Utc::now();
    let given = handler::parse_command(&context, &command, body, if_match, now)?;
    let job = Job {
        tenant: claims.tenant.clone(),
        actor: Actor::user(&claims.sub),
        correlation_id,
        idempotency: Idempotency { key, request_hash },
        now,
        commands: vec![given],
    };
    let span = tracing::info_span!("command", %context, %command, trace_id = headers::trace_id(&headers));
    let started = Instant::now();
    let done = carry_out(&side, job, span).await;
    observe(&context, &command, started, &done);
    match done? {
        Done::Accepted { position, items, .. } => {
            let accepted = items
                .first()
                .ok_or_else(|| handler::internal("an answer without a command"))?;
            Ok(receipt(side.services.log.epoch(), position, accepted))
        }
        Done::Refused { problem, .. } => Err(problem.into()),
    }
}

/// Runs a job in a task of its own: a caller that goes away loses the answer, never half a command.
pub(super) async fn carry_out(side: &CommandSide, job: Job, span: tracing::Span) -> Result<Done, Problem> {
    let services = side.services.clone();
    let task = side
        .tracker
        .spawn(async move { handler::run(&services, &job).await }.instrument(span));
    task.await.unwrap_or_else(|error| Err(handler::died(&error)))
}

fn receipt(epoch: &Epoch, position: Position, accepted: &Accepted) -> Response {
    let token = Token::new(epoch.clone(), position).to_string();
    let location = format!("/v1/streams/{}", accepted.stream);
    let headers = [(header::LOCATION.as_str(), location), ("view-position", token)];
    (
        StatusCode::ACCEPTED,
        headers,
        Json(Receipt {
            position,
            epoch,
            accepted,
        }),
    )
        .into_response()
}

fn observe(context: &str, command: &str, started: Instant, done: &Result<Done, Problem>) {
    let outcome = match done {
        Ok(Done::Accepted { replayed: false, .. }) => "accepted".to_owned(),
        Ok(Done::Accepted { replayed: true, .. }) => "replayed".to_owned(),
        Ok(Done::Refused { problem, .. }) | Err(problem) => problem.code().to_owned(),
    };
    let labels = [
        ("context", context.to_owned()),
        ("command", command.to_owned()),
        ("outcome", outcome),
    ];
    ::metrics::counter!(metrics::COMMANDS, &labels).increment(1);
    ::metrics::histogram!(metrics::COMMAND_SECONDS, "context" => context.to_owned())
        .record(started.elapsed().as_secs_f64());
}
