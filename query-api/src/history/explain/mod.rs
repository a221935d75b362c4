//! Why a row is what it is (G8): the events that can have touched it are folded in memory, and the
//! row is watched. What comes out is held against the row that the view holds; if these few events
//! do not lead there, the whole log is folded instead, so that no wrong explanation is ever given.

mod gather;
#[cfg(test)]
mod tests;
mod watch;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Position, Problem, TenantId, wire::Explanation};
use plimsoll_log::Scope;
use plimsoll_store::{Select, StoredRow, Stores};
use serde_json::value::to_raw_value;

use super::{History, of_log};
use crate::{metrics, problems, registry::AskableView};

pub(crate) use watch::{Watch, Watched, watch};

/// A row to be explained.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) view: AskableView,
    pub(crate) tenant: TenantId,
    /// The stored table.
    pub(crate) table: &'static str,
    /// The range of spans that the question selects.
    pub(crate) span: Option<(String, String)>,
    /// The row is a stored one.
    pub(crate) is_plain: bool,
    pub(crate) watched: Watched,
}

/// What the view holds of the row, at one moment.
#[derive(Debug)]
struct Held {
    position: Position,
    as_of: Option<DateTime<Utc>>,
    rows: Vec<StoredRow>,
}

impl History {
    /// Explains a row up to where its view stands.
    ///
    /// # Errors
    /// 404 when there is no such row and never was, or it is not the asker's; 422 when it takes too
    /// many events; 503.
    pub(crate) async fn explain(&self, stores: &Stores, subject: &Subject) -> Result<Explanation, Problem> {
        let held = held(stores, subject).await?;
        let scope = Scope {
            tenant: subject.tenant.clone(),
            types: (subject.view.past.event_types)(),
            up_to: held.position,
        };
        let _permit = self.permit().await?;
        let few = self.gather(subject, &scope).await?;
        let mut found = None;
        if let Some(events) = few {
            let (watch, held_rows) = (begin(subject)?, held.rows.clone());
            let (watch, agrees) = beside(move || {
                let mut watch = watch;
                watch.fold(&events);
                let agrees = watch.agrees(&held_rows);
                (watch, agrees)
            })
            .await;
            count(subject, if agrees { "traced" } else { "differs" });
            found = agrees.then_some((watch, true));
        }
        let (watch, agrees) = match found {
            Some(found) => found,
            None => self.watch_all(subject, &scope, &held).await?,
        };
        self.tell(subject, &held, watch, agrees).await
    }

    /// Folds all events of the view.
    async fn watch_all(
        &self,
        subject: &Subject,
        scope: &Scope,
        held: &Held,
    ) -> Result<(Box<dyn Watch>, bool), Problem> {
        count(subject, "whole");
        let options = self.options();
        let mut watch = begin(subject)?;
        let (mut after, mut folded) = (Position::ZERO, 0);
        loop {
            let read = self.log().read_scope(scope, after, options.slice_events).await;
            let page = read.map_err(|error| of_log(&error))?;
            folded += page.events.len();
            if folded > options.replay_max_events {
                ::metrics::counter!(metrics::REPLAYS_REFUSED, "bound" => "events").increment(1);
                return Err(problems::replay_too_long(options.replay_max_events));
            }
            after = page.next;
            watch = beside(move || fold(watch, &page.events)).await;
            if !page.more {
                break;
            }
        }
        let rows = held.rows.clone();
        let (watch, agrees) = beside(move || {
            let agrees = watch.agrees(&rows);
            (watch, agrees)
        })
        .await;
        if !agrees {
            tracing::error!(
                view = subject.view.name,
                table = subject.table,
                key = subject.watched.key,
                position = %held.position,
                "the row that the view holds is not what the log leads to; verify the projection"
            );
        }
        Ok((watch, agrees))
    }

    async fn tell(
        &self,
        subject: &Subject,
        held: &Held,
        watch: Box<dyn Watch>,
        agrees: bool,
    ) -> Result<Explanation, Problem> {
        let now = held.as_of.unwrap_or_default();
        let seen = beside(move || watch.finish(now)).await;
        let watched = &subject.watched;
        if seen.row.is_none() && seen.changes.is_empty() && watched.after == Position::ZERO {
            return Err(problems::no_such_row(subject.table, &watched.key));
        }
        let next = seen
            .changes
            .last()
            .filter(|_| seen.more)
            .map(|change| change.position.to_string());
        Ok(Explanation {
            view: subject.view.name.to_owned(),
            table: subject.table.to_owned(),
            key: watched.key.clone(),
            epoch: self.log().epoch().clone(),
            position: held.position,
            as_of: held.as_of,
            row: seen.row.map(|row| {
                to_raw_value(&row)
                    .expect("a row is strings, numbers and JSON")
                    .into()
            }),
            changes: seen.changes,
            complete: agrees && next.is_none(),
            next,
        })
    }
}

fn begin(subject: &Subject) -> Result<Box<dyn Watch>, Problem> {
    Ok((subject.view.past.watch)(subject.watched.clone())?)
}

fn fold(mut watch: Box<dyn Watch>, events: &[Event]) -> Box<dyn Watch> {
    watch.fold(events);
    watch
}

fn count(subject: &Subject, how: &'static str) {
    ::metrics::counter!(metrics::EXPLANATIONS, "view" => subject.view.name, "how" => how).increment(1);
}

/// Computes beside the runtime's workers.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Reads the row, or the rows behind it, with the position that they stand for.
async fn held(stores: &Stores, subject: &Subject) -> Result<Held, Problem> {
    let view = subject.view.name;
    let failed = |error| problems::of_read(view, &error);
    if subject.is_plain {
        let read = stores
            .row(view, &subject.tenant, subject.table, &subject.watched.key)
            .await;
        let (head, row) = read.map_err(failed)?;
        return Ok(Held {
            position: head.position,
            as_of: head.as_of,
            rows: row.into_iter().collect(),
        });
    }
    let select = Select {
        view: view.to_owned(),
        tenant: subject.tenant.clone(),
        table: subject.table.to_owned(),
        span: subject.span.clone(),
    };
    let snapshot = stores.snapshot(&select).await.map_err(failed)?;
    Ok(Held {
        position: snapshot.head.position,
        as_of: snapshot.head.as_of,
        rows: snapshot.rows,
    })
}
