//! The engine: who works on which version, and how a batch becomes a commit.

mod care;
mod fold;
mod pace;
mod supervise;
mod tenure;
mod worker;

use std::sync::Arc;

use plimsoll_feed::Publisher;
use plimsoll_log::{Log, Tail, TailError};
use plimsoll_store::{CommitError, StoreError, Stores};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Options, status::Board};

pub(crate) use supervise::supervise;

/// What every worker needs.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) log: Log,
    pub(crate) tail: Tail,
    pub(crate) stores: Stores,
    pub(crate) publisher: Publisher,
    pub(crate) board: Board,
    /// Rises when somebody of this process has changed the control tables.
    pub(crate) asked: watch::Sender<u64>,
    pub(crate) tracker: TaskTracker,
    /// Held by the one verification that runs.
    pub(crate) verifying: Arc<Semaphore>,
    pub(crate) shutdown: CancellationToken,
}

/// Why a worker had to let a projection go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the commit failed")]
    Commit(#[from] CommitError),
    #[error("the store refuses what the events {first} to {last} come to")]
    Refused {
        first: plimsoll_contracts::Position,
        last: plimsoll_contracts::Position,
        #[source]
        source: StoreError,
    },
    #[error("the log cannot be followed")]
    Tail(#[from] TailError),
    #[error("the fold asks for the same state again and again at position {position}")]
    Stuck { position: plimsoll_contracts::Position },
    #[error("stored state of the fold cannot be read: {0}")]
    State(String),
}

impl EngineError {
    /// Whether waiting may help, so that no person needs to be told.
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::Commit(CommitError::Store(error)) => {
                matches!(
                    error,
                    StoreError::Database(_) | StoreError::Redis(_) | StoreError::Gone { .. }
                ) && !error.is_refusal()
            }
            Self::Commit(CommitError::Fenced { .. }) => true,
            Self::Tail(TailError::Stopped) => true,
            Self::Tail(TailError::Read(error)) => error.is_transient(),
            Self::Tail(TailError::Ahead { .. })
            | Self::Refused { .. }
            | Self::Stuck { .. }
            | Self::State(_) => false,
        }
    }

    /// The failure with its causes, for the projection's status.
    fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
