//! `POST /v1/commands:batch`: several commands, together or one by one.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use chrono::Utc;
use plimsoll_contracts::{Actor, Position, Problem, Token, problem::FieldError};
use plimsoll_host::{ApiError, Claims};
use plimsoll_log::Idempotency;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    body,
    commands::{Receipt, carry_out},
    headers,
};
use crate::{
    CommandSide,
    domain::command,
    handler::{self, Accepted, Done, Given, Job, payload_too_large},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[serde(default)]
    atomic: bool,
    commands: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    context: String,
    command: String,
    idempotency_key: Option<String>,
    if_match: Option<String>,
    data: Value,
}

pub(super) async fn batch(
    State(side): State<CommandSide>,
    claims: Claims,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let _place = side.admission.admit(&claims)?;
    let key = headers::idempotency_key(&headers)?;
    let correlation_id = headers::correlation_id(&headers)?;
    let body = body::json(&headers, body, &side.options).await?;
    let hash = handler::request_hash("commands:batch", &body);
    let batch = read(body, side.options.batch_max_commands)?;
    let request = Request {
        side: &side,
        claims: &claims,
        correlation_id,
        key,
    };
    if batch.atomic {
        request.together(batch.commands, hash).await
    } else {
        request.one_by_one(batch.commands).await
    }
}

/// An object as documented, or a bare array of commands that stand alone.
fn read(body: Value, max: usize) -> Result<Batch, Problem> {
    let body = if body.is_array() {
        json!({ "commands": body })
    } else {
        body
    };
    let batch: Batch = command::read(body).map_err(|error| Problem::invalid_command(&[error]))?;
    if batch.commands.is_empty() {
        let detail = "a batch has at least one command".to_owned();
        return Err(Problem::invalid_command(&[FieldError {
            pointer: "/commands".to_owned(),
            detail,
        }]));
    }
    if batch.commands.len() > max {
        return Err(payload_too_large(format!("a batch has at most {max} commands")));
    }
    Ok(batch)
}

struct Request<'a> {
    side: &'a CommandSide,
    claims: &'a Claims,
    correlation_id: std::sync::Arc<str>,
    key: Option<String>,
}

impl Request<'_> {
    /// All or nothing, in one append under one key: the header's, or one made of the items' keys.
    async fn together(&self, items: Vec<Item>, request_hash: [u8; 32]) -> Result<Response, ApiError> {
        let key = match &self.key {
            Some(key) => key.clone(),
            None => joint_key(&items)?,
        };
        let mut commands = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            commands.push(self.given(item).map_err(|problem| at(index, problem))?);
        }
        let job = self.job(Idempotency { key, request_hash }, commands);
        match carry_out(self.side, job, tracing::info_span!("batch")).await? {
            Done::Refused { item, problem } => Err(at(item, problem).into()),
            Done::Accepted { position, items, .. } => Ok(self.all_accepted(position, &items)),
        }
    }

    /// Each for itself, in order; one that fails does not stop the next.
    async fn one_by_one(&self, items: Vec<Item>) -> Result<Response, ApiError> {
        let mut results = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            results.push(
                self.one(index, item)
                    .await
                    .unwrap_or_else(|problem| json!({"status": problem.status, "problem": problem})),
            );
        }
        Ok(Json(json!({ "results": results })).into_response())
    }

    async fn one(&self, index: usize, item: Item) -> Result<Value, Problem> {
        let key = match (&item.idempotency_key, &self.key) {
            (Some(own), _) => headers::check_key(own)?,
            (None, Some(shared)) => digest_key(&[shared.as_str(), &index.to_string()]),
            (None, None) => return Err(headers::missing_key()),
        };
        let request_hash = handler::request_hash(&format!("{}/{}", item.context, item.command), &item.data);
        let given = self.given(item)?;
        let job = self.job(Idempotency { key, request_hash }, vec![given]);
        match carry_out(self.side, job, tracing::info_span!("batch", index)).await? {
            Done::Refused { problem, .. } => Err(problem),
            Done::Accepted { position, items, .. } => {
                let first = items
                    .first()
                    .ok_or_else(|| handler::internal("an answer without a command"))?;
                Ok(self.result(position, first))
            }
        }
    }

    fn given(&self, item: Item) -> Result<Given, Problem> {
        self.claims.require(&format!("command:{}", item.context))?;
        let if_match = item.if_match.as_deref().map(headers::read_if_match).transpose()?;
        handler::parse_command(&item.context, &item.command, item.data, if_match, Utc::now())
    }

    fn job(&self, idempotency: Idempotency, commands: Vec<Given>) -> Job {
        Job {
            tenant: self.claims.tenant.clone(),
            actor: Actor::user(&self.claims.sub),
            correlation_id: self.correlation_id.clone(),
            idempotency,
            now: Utc::now(),
            commands,
        }
    }

    /// The events of an append stand side by side, so each command's position follows from the last.
    fn all_accepted(&self, last: Position, items: &[Accepted]) -> Response {
        let epoch = self.side.services.log.epoch();
        let mut after: u64 = items.iter().map(|item| item.events.len() as u64).sum();
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            after -= item.events.len() as u64;
            results.push(self.result(Position::new(last.get().saturating_sub(after)), item));
        }
        let body = json!({"epoch": epoch, "position": last, "results": results});
        let token = Token::new(epoch.clone(), last).to_string();
        (StatusCode::ACCEPTED, [("view-position", token)], Json(body)).into_response()
    }

    fn result(&self, position: Position, accepted: &Accepted) -> Value {
        let receipt = Receipt {
            position,
            epoch: self.side.services.log.epoch(),
            accepted,
        };
        let mut result = serde_json::to_value(receipt).unwrap_or(Value::Null);
        result["status"] = json!(StatusCode::ACCEPTED.as_u16());
        result
    }
}

fn at(index: usize, problem: Problem) -> Problem {
    problem.with("index", index)
}

fn joint_key(items: &[Item]) -> Result<String, Problem> {
    let keys: Option<Vec<&String>> = items.iter().map(|item| item.idempotency_key.as_ref()).collect();
    keys.map(|keys| digest_key(&keys))
        .ok_or_else(headers::missing_key)
}

/// A key of 64 hexadecimal digits made of others.
fn digest_key(parts: &[impl AsRef<str>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_ref().as_bytes());
        digest.update([0]);
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
