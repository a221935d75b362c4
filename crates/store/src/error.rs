//! What can go wrong, as callers must tell it apart.

use plimsoll_contracts::{Epoch, Position};

/// A store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres did not answer or refused.
    #[error("the projections' database cannot be reached or refused the request")]
    Database(#[from] sqlx::Error),
    /// The control schema could not be brought up to date.
    #[error("the projections' control schema could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// Redis did not answer or refused.
    #[error("the projections' Redis cannot be reached or refused the request")]
    Redis(#[from] ::redis::RedisError),
    /// Redis may throw keys away under memory pressure.
    #[error(
        "Redis has maxmemory-policy {policy} and a memory limit: it may throw away rows of a view; set noeviction"
    )]
    Evicts {
        /// The policy that it has.
        policy: String,
    },
    /// The projection belongs to another history of the log.
    #[error("{view} version {version} belongs to epoch {found}, the log is of epoch {wanted}; rebuild it")]
    OtherEpoch {
        /// Which view.
        view: String,
        /// Which version.
        version: u32,
        /// The projection's epoch.
        found: Epoch,
        /// The log's epoch.
        wanted: Epoch,
    },
    /// The projection's version does not exist (any more).
    #[error("{view} version {version} does not exist")]
    Gone {
        /// Which view.
        view: String,
        /// Which version.
        version: u32,
    },
    /// Rows do not fit the table that a migration made for them.
    #[error("rows of {table} do not fit the table: {detail}")]
    Layout {
        /// Which table.
        table: String,
        /// What differs.
        detail: String,
    },
    /// A stored value cannot be read.
    #[error("stored value cannot be read: {0}")]
    Damaged(String),
    /// Several tables could not be read at one moment.
    #[error("commits came between the reads of several tables {tries} times in a row")]
    Busy {
        /// How often it was tried.
        tries: u32,
    },
    /// A row that changes faster than it can be read together with a position.
    #[error("{0} never stood still while it was read")]
    Restless(String),
    /// A view that no migration describes.
    #[error("no store layout describes the view {0}")]
    NoLayout(String),
}

impl StoreError {
    /// Whether the database has understood and will refuse the same again: the values do not fit
    /// (SQLSTATE classes 22, 23 and 54). Trying again does not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error
            .code()
            .is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
    }
}

/// A commit that did not happen, or of which it is not known.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The stored position, fence or epoch is not the expected one: another worker has taken over,
    /// or the store was lost or reset. Nothing was written.
    #[error("the checkpoint is not at {expected} under fence {fence} any more")]
    Fenced {
        /// The position that the worker believed in.
        expected: Position,
        /// The worker's fence.
        fence: u64,
    },
    /// The store failed; whether the commit stands is seen from the checkpoint.
    #[error("the commit failed")]
    Store(#[from] StoreError),
}

/// A read that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No projector has made this view yet.
    #[error("there is no projection of {0} yet")]
    UnknownView(String),
    /// The view has no such table.
    #[error("{view} has no table {table}")]
    UnknownTable {
        /// Which view.
        view: String,
        /// The table asked for.
        table: String,
    },
    /// The question needs more rows than one read may have.
    #[error("the question needs more than {max} rows; narrow its range")]
    TooManyRows {
        /// The bound.
        max: usize,
    },
    /// The store did not answer.
    #[error("the store did not answer")]
    Unavailable(#[from] StoreError),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whether a version was retired under the reader: its tables are not there any more.
pub(crate) fn gone(error: &StoreError) -> bool {
    match error {
        StoreError::Gone { .. } => true,
        StoreError::Database(sqlx::Error::Database(refused)) => {
            matches!(refused.code().as_deref(), Some("42P01" | "3F000"))
        }
        _ => false,
    }
}
