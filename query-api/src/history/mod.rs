//! Views as they were, and why rows are what they are: replays of the log in memory with the very
//! folds that the projectors use. It costs the live projections nothing, writes nowhere, and knows
//! nothing of cohorts or sockets.

mod as_of;
mod explain;
mod past;
mod replay;
mod shelf;

use std::{fmt, sync::Arc};

use plimsoll_contracts::{Problem, TenantId};
use plimsoll_log::{Log, ReadError};
use tokio::sync::Semaphore;

pub(crate) use as_of::{AsOf, Known, Moment, PARAMETERS};
pub(crate) use explain::{Subject, Watched};
pub(crate) use past::Past;
pub(crate) use replay::{Replay, TypedReplay};

use crate::{metrics, options::HistoryOptions, problems, registry::AskableView};
use shelf::{Course, Shelf};

/// A handle on the replays of this node; cheap to clone.
#[derive(Clone)]
pub(crate) struct History(Arc<Inner>);

struct Inner {
    log: Log,
    options: HistoryOptions,
    permits: Semaphore,
    shelf: Shelf,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("log", &self.0.log.epoch())
            .finish_non_exhaustive()
    }
}

impl History {
    /// Over a log.
    pub(crate) fn new(log: Log, options: HistoryOptions) -> Self {
        Self(Arc::new(Inner {
            permits: Semaphore::new(options.replays_max),
            shelf: Shelf::new(options.kept_max, options.kept_max_events),
            log,
            options,
        }))
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }

    fn options(&self) -> &HistoryOptions {
        &self.0.options
    }

    /// The state of a view at a moment; folded from the nearest earlier one that is kept, or from
    /// the beginning.
    ///
    /// # Errors
    /// 422 when it takes more events than a replay may fold, 503 when too many replay already or
    /// the log does not answer.
    pub(crate) async fn state(
        &self,
        view: AskableView,
        tenant: &TenantId,
        moment: &Moment,
    ) -> Result<Arc<Box<dyn Replay>>, Problem> {
        let inner = &self.0;
        let course = Course {
            view: view.name,
            tenant: tenant.clone(),
            known: moment.known,
        };
        if let Some(state) = inner.shelf.exact(&course, moment.position) {
            return Ok(state);
        }
        let _permit = self.permit().await?;
        // Somebody may have replayed the same while this one waited.
        if let Some(state) = inner.shelf.exact(&course, moment.position) {
            return Ok(state);
        }
        let kept = inner.shelf.take_earlier(&course, moment.position);
        ::metrics::counter!(metrics::REPLAYS, "view" => view.name, "from" => if kept.is_some() { "kept" } else { "start" })
            .increment(1);
        let started = std::time::Instant::now();
        let (from, state) =
            kept.unwrap_or_else(|| (plimsoll_contracts::Position::ZERO, (view.past.replay)()));
        let state = self.fold_on(view, &course, moment, from, state).await?;
        ::metrics::histogram!(metrics::REPLAY_SECONDS, "view" => view.name).record(started.elapsed());
        Ok(inner.shelf.put(course, moment.position, state))
    }

    /// Leave to replay, after a bounded wait.
    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Problem> {
        let waited = tokio::time::timeout(self.0.options.permit_within, self.0.permits.acquire());
        match waited.await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => {
                ::metrics::counter!(metrics::REPLAYS_REFUSED, "bound" => "replays").increment(1);
                Err(problems::too_many_replays(self.0.options.replays_max))
            }
        }
    }

    /// Folds what lies between a state and a moment: one slice is folded beside the runtime's
    /// workers while the next is read.
    async fn fold_on(
        &self,
        view: AskableView,
        course: &Course,
        moment: &Moment,
        from: plimsoll_contracts::Position,
        mut state: Box<dyn Replay>,
    ) -> Result<Box<dyn Replay>, Problem> {
        let (log, options) = (&self.0.log, &self.0.options);
        let scope = plimsoll_log::Scope {
            tenant: course.tenant.clone(),
            types: (view.past.event_types)(),
            up_to: moment.position,
        };
        let mut page = log.read_scope(&scope, from, options.slice_events).await;
        loop {
            let read = page.map_err(|error| of_log(&error))?;
            let (next, more) = (read.next, read.more);
            let mut events = read.events;
            events.retain(|event| course.known.holds(event));
            if state.folded() + events.len() > options.replay_max_events {
                ::metrics::counter!(metrics::REPLAYS_REFUSED, "bound" => "events").increment(1);
                return Err(problems::replay_too_long(options.replay_max_events));
            }
            let folding = tokio::task::spawn_blocking(move || {
                state.fold(&events);
                state
            });
            let reading = async {
                match more {
                    true => Some(log.read_scope(&scope, next, options.slice_events).await),
                    false => None,
                }
            };
            let (folded, read) = tokio::join!(folding, reading);
            state = folded.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            match read {
                Some(read) => page = read,
                None => return Ok(state),
            }
        }
    }
}

/// What a log that could not be read means for a client; the chain is logged here, once.
pub(crate) fn of_log(error: &ReadError) -> Problem {
    if error.is_transient() {
        tracing::warn!(error = error as &dyn std::error::Error, "the log did not answer");
    } else {
        tracing::error!(error = error as &dyn std::error::Error, "the log is damaged");
    }
    Problem::unavailable("the event log does not answer; ask again")
}
