//! Following the log: a ring of the newest events, fed by one task, read by any number of readers.
//!
//! Progress lives with the readers; the stream's acknowledgements decide nothing here.

mod feed;
mod reader;
mod ring;

use std::sync::Arc;

use plimsoll_contracts::Position;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    LogOptions,
    read::{ReadError, Reader},
    stream::Channel,
    wake::Wake,
};
use ring::Ring;

pub use reader::TailReader;

/// Why a reader cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The tail was shut down.
    #[error("the tail was shut down")]
    Stopped,
    /// The log is damaged; trying again does not help.
    #[error("the log cannot be followed")]
    Read(#[source] ReadError),
    /// The reader has seen more than the log holds: it belongs to another history.
    #[error("the reader is at {reader}, ahead of the log at {head}: it belongs to another history")]
    Ahead {
        /// Where the reader is.
        reader: Position,
        /// Where the log ends.
        head: Position,
    },
}

#[derive(Debug)]
pub(crate) struct Shared {
    ring: std::sync::Mutex<Ring>,
    last: watch::Sender<Position>,
    reader: Reader,
    shutdown: CancellationToken,
}

/// A handle on the process's tail.
#[derive(Debug, Clone)]
pub struct Tail(Arc<Shared>);

impl Tail {
    pub(crate) fn start(
        reader: Reader,
        channel: Channel,
        wake: &Wake,
        options: &LogOptions,
        shutdown: CancellationToken,
        tracker: &TaskTracker,
    ) -> Self {
        let shared = Arc::new(Shared {
            ring: std::sync::Mutex::new(Ring::new(options.ring_max_events, options.ring_max_bytes)),
            last: watch::Sender::new(Position::ZERO),
            reader,
            shutdown,
        });
        let feed = feed::Feed::new(
            Arc::clone(&shared),
            channel,
            wake.clone(),
            options.poll,
            tracker.clone(),
        );
        tracker.spawn(feed.run());
        Self(shared)
    }

    /// A reader that goes on right after a position, wherever that lies.
    #[must_use]
    pub fn reader(&self, from: Position) -> TailReader {
        TailReader::new(Arc::clone(&self.0), from)
    }

    /// The last position that the tail holds; 0 until it has found the log's end.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.0.last.borrow()
    }
}
