//! What every view's tests share: vectors, ways to fold them, and comparison with what is expected.

mod store;
mod table;
mod vector;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, TenantConfig};
use plimsoll_views::{
    AnswerContext, AnswerRow, Meta, Params, Row, StoredRow, View, ViewQuery, Workspace, fold::ParkedRow,
};

pub(crate) use store::fold_in_batches;
pub(crate) use table::{assert_table, parked_table};
pub(crate) use vector::{Rng, Vector, at_positions, event, shuffles, vectors};

/// All that a fold leaves behind.
#[derive(Debug, PartialEq)]
pub(crate) struct Folded<R> {
    /// Rows by table and key.
    pub rows: BTreeMap<(String, String), StoredRow<R>>,
    pub parked: Vec<ParkedRow>,
    pub meta: Meta,
}

/// Folds events with nothing behind the workspace.
pub(crate) fn fold_in_memory<V: View>(config: &TenantConfig, events: &[Event]) -> Folded<V::Row> {
    let mut workspace = Workspace::<V>::in_memory(config.clone());
    for event in events {
        workspace.fold(event).unwrap();
    }
    let mut rows = BTreeMap::new();
    for table in V::TABLES {
        for stored in workspace.rows_of(table) {
            rows.insert(((*table).to_owned(), stored.row.key()), stored);
        }
    }
    Folded {
        rows,
        parked: workspace.parked_rows(),
        meta: workspace.meta().clone(),
    }
}

impl<R: Row> Folded<R> {
    /// Without what hangs on the order of arrival: positions, revisions, the order of parked events.
    pub(crate) fn order_free(&self) -> (Vec<R>, Vec<(String, String, String)>) {
        let mut parked: Vec<_> = self
            .parked
            .iter()
            .flat_map(|row| &row.entries)
            .map(|entry| (entry.key.clone(), entry.event.to_string(), entry.reason.clone()))
            .collect();
        parked.sort();
        (
            self.rows.values().map(|stored| stored.row.clone()).collect(),
            parked,
        )
    }

    /// The answer to a question, from the rows that its reach and its filters leave.
    pub(crate) fn ask<V: View<Row = R>>(&self, params: &[(&str, &str)]) -> Vec<AnswerRow> {
        self.ask_at::<V>(params, self.meta.watermark.unwrap_or_default())
    }

    /// The same by an asker whose clock shows `now`.
    pub(crate) fn ask_at<V: View<Row = R>>(
        &self,
        params: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Vec<AnswerRow> {
        let (query, selected) = self.select::<V>(params, now);
        let answer = query.answer(&selected, &self.context(now)).rows;
        if query.row_by_row() {
            assert_eq!(answer.len(), selected.len(), "one answer row for each row");
        }
        answer
    }

    /// When the answer at `now` may change by itself; asked of one that does.
    pub(crate) fn changes_at<V: View<Row = R>>(
        &self,
        params: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let (query, selected) = self.select::<V>(params, now);
        assert!(query.moves() && !query.row_by_row());
        query.changes_at(&selected, &self.context(now))
    }

    fn select<V: View<Row = R>>(
        &self,
        params: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> (V::Query, Vec<&StoredRow<R>>) {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let query = V::Query::parse(&params).unwrap();
        assert_eq!(
            V::Query::parse(&query.canonical()).unwrap(),
            query,
            "canonical form"
        );
        let reaches = query.reaches(now);
        let within = |stored: &&StoredRow<R>| {
            reaches.iter().any(|(table, span)| {
                stored.row.table() == *table
                    && match (span, stored.row.span()) {
                        (Some((from, to)), Some(at)) => *from <= at && at <= *to,
                        _ => true,
                    }
            })
        };
        let selected = self
            .rows
            .values()
            .filter(within)
            .filter(|stored| query.selects(&stored.row, &None))
            .collect();
        (query, selected)
    }

    fn context(&self, now: DateTime<Utc>) -> AnswerContext<'_> {
        AnswerContext {
            config: &self.meta.config,
            watermark: self.meta.watermark,
            now,
        }
    }
}
