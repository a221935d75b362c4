//! What the projector tells about its projections (wire.md, Operations).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position};
use plimsoll_log::Head;
use plimsoll_store::{Operation, Phase, Progress, ProjectionId, VersionRecord};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::verify;

/// What a projection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is made from the log's beginning.
    Replaying,
    /// It works off what came while it was away.
    CatchingUp,
    /// It follows the log.
    Live,
    /// A person stopped it.
    Paused,
    /// It follows the log, and some events wait (G6).
    Parked,
    /// It cannot go on.
    Failed,
    /// Another version has taken its place.
    Retired,
}

/// One version of a projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The view.
    pub name: String,
    /// The version.
    pub version: u32,
    /// Whether readers read it.
    pub serving: bool,
    /// What it is doing.
    pub state: State,
    /// The history that it belongs to.
    pub epoch: Epoch,
    /// The last position committed.
    pub position: Position,
    /// Recorded time of the event there.
    pub as_of: Option<DateTime<Utc>>,
    /// Where the log ends.
    pub head: Position,
    /// Events between the two.
    pub lag_events: u64,
    /// Recorded time between the two, seconds.
    pub lag_seconds: f64,
    /// Events per second, lately.
    pub rate: f64,
    /// Seconds until it has caught up, at that rate; none when that cannot be said.
    pub eta_s: Option<f64>,
    /// Events that wait (G6).
    pub parked_keys: u64,
    /// Its shards.
    pub shards: Vec<ShardStatus>,
    /// Which projector works on it.
    pub owner: Option<String>,
    /// Why it cannot go on.
    pub error: Option<String>,
}

/// One shard of a projection; there is one, 0, as long as a projection is not divided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardStatus {
    /// Number of the shard.
    pub shard: u32,
    /// The last position committed.
    pub position: Position,
    /// Which projector works on it.
    pub owner: Option<String>,
}

/// An operation as the wire tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationStatus {
    /// Its id.
    pub id: Uuid,
    /// `rebuild`, `pause`, `resume`, `verify`.
    pub kind: String,
    /// Which view.
    pub projection: String,
    /// Which version it works on.
    pub version: u32,
    /// Who asked.
    pub actor: String,
    /// `running`, `done`, `failed`.
    pub state: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How far it is.
    pub position: Position,
    /// Where the log ended when it was asked for.
    pub target: Position,
    /// How much of it is done, 0 to 1.
    pub progress: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// What it found: of `verify`, a [`crate::VerifyReport`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// What the workers of this process last told; fresher than the control tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board(Arc<Mutex<BTreeMap<(String, u32), Progress>>>);

impl Board {
    pub(crate) fn tell(&self, id: &ProjectionId, progress: Progress) {
        self.lock().insert((id.view.clone(), id.version), progress);
    }

    pub(crate) fn forget(&self, id: &ProjectionId) {
        self.lock().remove(&(id.view.clone(), id.version));
    }

    fn get(&self, id: &ProjectionId) -> Option<Progress> {
        self.lock().get(&(id.view.clone(), id.version)).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, u32), Progress>> {
        self.0.lock().expect("no holder of the board panics")
    }
}

/// The status of a version, from the control tables, this process's workers and the log's head.
pub(crate) fn status(record: &VersionRecord, board: &Board, head: &Head) -> Status {
    let progress = board.get(&record.id).unwrap_or_else(|| record.progress.clone());
    let lag_events = head.position.since(progress.position);
    let behind = progress
        .as_of
        .map_or(0, |as_of| (head.recorded_at - as_of).num_milliseconds().max(0));
    let owner = record.owner.clone().filter(|_| record.leased);
    Status {
        name: record.id.view.clone(),
        version: record.id.version,
        serving: record.phase == Phase::Serving,
        state: state(record, &progress),
        epoch: record.id.epoch.clone(),
        position: progress.position,
        as_of: progress.as_of,
        head: head.position,
        lag_events,
        lag_seconds: if lag_events == 0 {
            0.0
        } else {
            millis_as_seconds(behind)
        },
        rate: progress.rate,
        eta_s: eta_s(lag_events, progress.rate),
        parked_keys: progress.parked,
        shards: vec![ShardStatus {
            shard: 0,
            position: progress.position,
            owner: owner.clone(),
        }],
        owner,
        error: record.error.clone(),
    }
}

pub(crate) fn operation_status(
    operation: Operation,
    record: Option<&VersionRecord>,
    board: &Board,
) -> OperationStatus {
    let reached = record.map(|record| {
        board
            .get(&record.id)
            .map_or(record.progress.position, |progress| progress.position)
    });
    let verifies = operation.kind == "verify";
    let abandoned = verifies && verify::is_abandoned(&operation);
    let state = if abandoned {
        "failed"
    } else {
        operation.state.name()
    };
    let position = reached.unwrap_or(operation.target);
    OperationStatus {
        id: operation.id,
        kind: operation.kind,
        projection: operation.view,
        version: operation.version,
        actor: operation.actor,
        state: state.to_owned(),
        requested_at: operation.requested_at,
        finished_at: operation.finished_at,
        position,
        target: operation.target,
        progress: if state == "done" {
            1.0
        } else if verifies {
            0.0
        } else {
            share(position, operation.target)
        },
        error: operation
            .error
            .or_else(|| abandoned.then(|| verify::ABANDONED.to_owned())),
        result: operation.result,
    }
}

fn state(record: &VersionRecord, progress: &Progress) -> State {
    if record.phase == Phase::Retired {
        State::Retired
    } else if record.error.is_some() {
        State::Failed
    } else if record.paused {
        State::Paused
    } else if !progress.caught_up && record.phase == Phase::Building {
        State::Replaying
    } else if !progress.caught_up {
        State::CatchingUp
    } else if progress.parked > 0 {
        State::Parked
    } else {
        State::Live
    }
}

fn eta_s(lag_events: u64, rate: f64) -> Option<f64> {
    match lag_events {
        0 => Some(0.0),
        _ if rate > 0.0 => Some(count(lag_events) / rate),
        _ => None,
    }
}

fn share(position: Position, target: Position) -> f64 {
    if target == Position::ZERO {
        return 1.0;
    }
    (count(position.get()) / count(target.get())).min(1.0)
}

/// For eyes only: above 2^53 a count is rounded.
#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
pub(crate) const fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
const fn millis_as_seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}
