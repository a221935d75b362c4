//! The control tables: versions of projections, leases, the serving pointer, operations.

mod lease;
mod operations;
mod versions;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position};
use sqlx::{Row, postgres::PgRow};

use crate::Condition;

pub use lease::{Lease, Progress};
pub use operations::{Operation, OperationState};

/// Which version of which projection, and where it lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectionId {
    /// Which view.
    pub view: String,
    /// Which version, from 1.
    pub version: u32,
    /// `postgres` or `redis`.
    pub backend: String,
    /// The history that it belongs to.
    pub epoch: Epoch,
}

/// In which part of its life a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is made beside the serving one.
    Building,
    /// It is what readers read.
    Serving,
    /// Another one has taken its place.
    Retired,
}

/// A version as the control tables have it.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// Which.
    pub id: ProjectionId,
    /// Version of the fold's code that made it.
    pub logic: u32,
    /// In which part of its life it is.
    pub phase: Phase,
    /// Its tables or keys are gone.
    pub dropped: bool,
    /// A person stopped it.
    pub paused: bool,
    /// Why it cannot go on.
    pub error: Option<String>,
    /// Who works on it.
    pub owner: Option<String>,
    /// Whether that lease still holds, by the database's clock.
    pub leased: bool,
    /// What the holder last told.
    pub progress: Progress,
    /// Seconds since it was retired, by the database's clock.
    pub retired_for_s: Option<f64>,
}

/// The version that readers read.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) id: ProjectionId,
    pub(crate) condition: Condition,
}

fn id_of(row: &PgRow) -> Result<ProjectionId, sqlx::Error> {
    let epoch: String = row.try_get("epoch")?;
    Ok(ProjectionId {
        view: row.try_get("view")?,
        version: number(row.try_get("version")?)?,
        backend: row.try_get("backend")?,
        epoch: epoch.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
    })
}

fn record(row: &PgRow) -> Result<VersionRecord, sqlx::Error> {
    let phase: String = row.try_get("phase")?;
    Ok(VersionRecord {
        id: id_of(row)?,
        logic: number(row.try_get("logic")?)?,
        phase: match phase.as_str() {
            "building" => Phase::Building,
            "serving" => Phase::Serving,
            _ => Phase::Retired,
        },
        dropped: row.try_get("dropped")?,
        paused: row.try_get("paused")?,
        error: row.try_get("error")?,
        owner: row.try_get("owner")?,
        leased: row.try_get("leased")?,
        progress: progress(row)?,
        retired_for_s: row.try_get("retired_for_s")?,
    })
}

fn progress(row: &PgRow) -> Result<Progress, sqlx::Error> {
    Ok(Progress {
        position: Position::from_i64(row.try_get("position")?),
        as_of: row.try_get::<Option<DateTime<Utc>>, _>("as_of")?,
        caught_up: row.try_get("caught_up")?,
        parked: u64::try_from(row.try_get::<i64, _>("parked")?).unwrap_or(0),
        rate: row.try_get("rate")?,
    })
}

fn condition(row: &PgRow) -> Result<Condition, sqlx::Error> {
    Ok(if let Some(error) = row.try_get::<Option<String>, _>("error")? {
        Condition::Failed(error)
    } else if row.try_get("paused")? {
        Condition::Paused
    } else if !row.try_get::<bool, _>("attended")? {
        Condition::Unowned
    } else if row.try_get("caught_up")? {
        Condition::Following
    } else {
        Condition::Replaying
    })
}

/// A version or fence as the database holds it, back to what it is.
fn number<T: TryFrom<i64>>(stored: i32) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(i64::from(stored)).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

fn stored_version(version: u32) -> i32 {
    i32::try_from(version).expect("versions count rebuilds and stay below 2^31")
}

fn stored_fence(fence: u64) -> i64 {
    i64::try_from(fence).expect("fences count lease holders and stay below 2^63")
}
