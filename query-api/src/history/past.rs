//! What can be asked of a view's past, with its type erased: one table of functions per view.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{InvalidParameter, TenantConfig, events::CATALOGUE};
use plimsoll_views::{
    AnswerContext, Params, Place, Row, StoredRow, Trace, View, ViewQuery as _, fold::Key, query::Own,
};
use serde_json::value::to_raw_value;

use super::{
    Replay, TypedReplay,
    explain::{Watch, Watched, watch},
};
use crate::registry::Encoded;

type AnswerAt = fn(&Params, &Own, &dyn Replay, DateTime<Utc>) -> Result<Vec<Encoded>, InvalidParameter>;

/// The past of some view.
#[derive(Clone, Copy)]
pub(crate) struct Past {
    /// Version of the fold.
    pub(crate) version: u32,
    /// A replay before its first event.
    pub(crate) replay: fn() -> Box<dyn Replay>,
    /// The event types that the view reads, and those of configuration.
    pub(crate) event_types: fn() -> Vec<String>,
    /// The answer to a question over a replay of the same view, by a clock.
    pub(crate) answer_at: AnswerAt,
    /// What of the log can have touched a row.
    pub(crate) trace: fn(Place<'_>, &TenantConfig) -> Option<Trace>,
    /// Begins to watch a row.
    pub(crate) watch: fn(Watched) -> Result<Box<dyn Watch>, InvalidParameter>,
    /// What a question is about.
    pub(crate) aim: fn(&Params) -> Result<Aim, InvalidParameter>,
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Past {
    pub(crate) fn of<V: View>() -> Self {
        Self {
            version: V::VERSION,
            replay: || Box::new(TypedReplay::<V>::new()),
            event_types: event_types::<V>,
            answer_at: answer_at::<V>,
            trace: V::trace,
            watch: watch::<V>,
            aim: aim::<V>,
        }
    }
}

/// What a question is about.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    /// The stored table.
    pub(crate) table: &'static str,
    /// The range of spans that it selects.
    pub(crate) span: Option<(String, String)>,
    /// Its answer has one row for each stored row, under the same key.
    pub(crate) is_plain: bool,
}

fn aim<V: View>(params: &Params) -> Result<Aim, InvalidParameter> {
    let query = V::Query::parse(params)?;
    Ok(Aim {
        table: query.table(),
        span: query.span(),
        is_plain: query.row_by_row(),
    })
}

fn event_types<V: View>() -> Vec<String> {
    let concerns = |name: &str| name == "TenantConfigured" || V::reads(name);
    let names = CATALOGUE.iter().map(|(name, _)| *name);
    names.filter(|name| concerns(name)).map(str::to_owned).collect()
}

fn answer_at<V: View>(
    params: &Params,
    own: &Own,
    replay: &dyn Replay,
    now: DateTime<Utc>,
) -> Result<Vec<Encoded>, InvalidParameter> {
    let query = V::Query::parse(params)?;
    let replay: &TypedReplay<V> = replay
        .as_any()
        .downcast_ref()
        .expect("a view is asked of its own replay");
    let meta = replay.workspace.meta();
    let context = AnswerContext {
        config: &meta.config,
        watermark: meta.watermark,
        now,
    };
    let mut selected: Vec<(&Key, &StoredRow<V::Row>)> = Vec::new();
    for (table, span) in query.reaches(now) {
        let rows = replay.workspace.held_rows(table);
        let rows = rows.filter(|(_, stored)| lies_in(span.as_ref(), &stored.row));
        selected.extend(rows.filter(|(_, stored)| query.selects(&stored.row, own)));
    }
    selected.sort_unstable_by(|a, b| a.0.cmp(b.0));
    let rows: Vec<&StoredRow<V::Row>> = selected.into_iter().map(|(_, stored)| stored).collect();
    let answer = query.answer(&rows, &context);
    Ok(answer
        .rows
        .iter()
        .map(|row| Encoded {
            key: Arc::from(row.key.as_str()),
            json: Arc::from(to_raw_value(row).expect("a row is strings, numbers and JSON")),
        })
        .collect())
}

/// Whether a store that is asked for a range of spans would give the row.
pub(super) fn lies_in<R: Row>(range: Option<&(String, String)>, row: &R) -> bool {
    range.is_none_or(|(from, to)| row.span().is_some_and(|span| *from <= span && span <= *to))
}
