//! One reader: takes what comes next from the ring, or from Postgres when the ring has moved on.

use std::{sync::Arc, time::Duration};

use plimsoll_contracts::{Event, Position};
use tokio::{sync::watch, task::JoinHandle};

use super::{Shared, TailError, ring::Found};
use crate::{metrics, read::ReadError};

type PageRead = JoinHandle<Result<Vec<Event>, ReadError>>;

/// Gives every event after its start exactly once, in order, without holes.
#[derive(Debug)]
pub struct TailReader {
    shared: Arc<Shared>,
    last: watch::Receiver<Position>,
    position: Position,
    page: Option<(Position, PageRead)>,
    in_log: bool,
}

impl TailReader {
    pub(super) fn new(shared: Arc<Shared>, position: Position) -> Self {
        let last = shared.last.subscribe();
        Self {
            shared,
            last,
            position,
            page: None,
            in_log: false,
        }
    }

    /// The last position given.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The next events, at least one and at most `max`; waits while there are none and while
    /// Postgres is away. May be dropped while waiting: nothing is lost.
    ///
    /// # Errors
    /// [`TailError::Stopped`] after shutdown, the others when following makes no sense any more.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<Arc<Event>>, TailError> {
        let max = max.max(1);
        loop {
            if self.shared.shutdown.is_cancelled() {
                return Err(TailError::Stopped);
            }
            let last = *self.last.borrow_and_update();
            let found = self
                .shared
                .ring
                .lock()
                .expect("no holder of the ring panics")
                .after(self.position, max);
            match found {
                Found::Events(events) if !events.is_empty() => return Ok(self.take(events)),
                // The feed starts at the log's end, so a reader that is not there yet needs a page.
                Found::Elsewhere if self.position < last => {
                    if let Some(events) = self.page(last, max).await? {
                        return Ok(self.take(events));
                    }
                }
                Found::Events(_) | Found::Elsewhere => {
                    self.is_in_log(last).await?;
                    self.wait().await?;
                }
            }
        }
    }

    async fn wait(&mut self) -> Result<(), TailError> {
        tokio::select! {
            () = self.shared.shutdown.cancelled() => Err(TailError::Stopped),
            changed = self.last.changed() => changed.map_err(|_| TailError::Stopped),
        }
    }

    /// Asked once, when the reader claims to be past what the tail has seen.
    async fn is_in_log(&mut self, last: Position) -> Result<(), TailError> {
        if self.in_log || self.position <= last {
            self.in_log = true;
            return Ok(());
        }
        match self.shared.reader.db.head().await {
            Ok(head) if self.position > head.position => Err(TailError::Ahead {
                reader: self.position,
                head: head.position,
            }),
            Ok(_) => {
                self.in_log = true;
                Ok(())
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "head not read; trusting the reader"
                );
                Ok(())
            }
        }
    }

    /// A page from Postgres; none while it is away. After a full page the next is read ahead.
    async fn page(&mut self, last: Position, max: usize) -> Result<Option<Vec<Arc<Event>>>, TailError> {
        let from = self.position;
        self.page.take_if(|(start, _)| *start != from);
        let shared = Arc::clone(&self.shared);
        let (_, reading) = self.page.get_or_insert_with(|| read(&shared, from, max));
        let page = reading.await;
        self.page = None;
        ::metrics::counter!(metrics::TAIL_PAGES).increment(1);
        match page {
            Ok(Ok(events)) => {
                let events: Vec<_> = events.into_iter().take(max).map(Arc::new).collect();
                let Some(end) = events.last().map(|event| event.position) else {
                    return Err(TailError::Ahead {
                        reader: last,
                        head: from,
                    });
                };
                if end < last {
                    self.page = Some(read(&self.shared, end, max));
                }
                Ok(Some(events))
            }
            Ok(Err(error)) if error.is_transient() => {
                tracing::warn!(error = &error as &dyn std::error::Error, position = %from, "page not read; trying again");
                tokio::select! {
                    () = self.shared.shutdown.cancelled() => Err(TailError::Stopped),
                    () = tokio::time::sleep(Duration::from_millis(250)) => Ok(None),
                }
            }
            Ok(Err(error)) => Err(TailError::Read(error)),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn take(&mut self, events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
        for event in &events {
            assert_eq!(
                event.position,
                self.position.next(),
                "a reader is given contiguous events only"
            );
            self.position = event.position;
        }
        events
    }
}

fn read(shared: &Shared, from: Position, max: usize) -> (Position, PageRead) {
    let reader = shared.reader.clone();
    (
        from,
        shared
            .reader
            .db
            .spawn(async move { reader.after(from, max).await }),
    )
}
