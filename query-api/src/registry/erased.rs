//! From a typed view to keys and JSON: the selected rows of a question, kept current, and its
//! answer, whole or only where something was touched.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{InvalidParameter, wire::RawRow};
use plimsoll_store::StoredRow as RawStoredRow;
use plimsoll_views::{
    AnswerContext, AnswerRow, Meta, Params, Row, StoredRow, View, ViewQuery,
    query::{Own, Reach},
};
use serde_json::value::RawValue;

use super::{Question, heard::News};

/// A row of an answer, encoded once.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub(crate) key: Arc<str>,
    pub(crate) json: RawRow,
}

/// An answer, as far as it may have changed.
#[derive(Debug)]
pub(crate) enum AnswerRows {
    /// All its rows, in the question's order.
    Whole(Vec<Encoded>),
    /// The rows of touched keys in a row-by-row question; `None` = not in the answer.
    Touched(Vec<(Arc<str>, Option<Encoded>)>),
}

/// A stored row or meta that this program cannot read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what} cannot be read by this program")]
pub(crate) struct RowsError {
    what: String,
    #[source]
    source: Arc<serde_json::Error>,
}

impl RowsError {
    pub(super) fn of_row<V: View>(key: &str, table: &str, source: serde_json::Error) -> Self {
        Self {
            what: format!("row {key} of {} {table}", V::NAME),
            source: Arc::new(source),
        }
    }
}

/// The rows that a question selects, kept current.
pub(crate) trait Rows: Send {
    /// Puts the rows of a reading in place of all.
    ///
    /// # Errors
    /// [`RowsError`]; the rows are as before.
    fn load(
        &mut self,
        meta: Option<&RawValue>,
        tables: &[(&'static str, Vec<RawStoredRow>)],
    ) -> Result<(), RowsError>;
    /// Takes news in; `true` = the answer may have changed.
    ///
    /// # Errors
    /// [`RowsError`]; load again.
    fn apply(&mut self, news: &News) -> Result<bool, RowsError>;
    /// The answer, as far as it may have changed since the last call.
    fn answer(&mut self, now: DateTime<Utc>) -> AnswerRows;
    /// When the answer given at `now` may be another one although no row changes.
    fn changes_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>>;
    /// Events that wait (G6).
    fn parked(&self) -> u64;
    /// Number of rows held.
    fn len(&self) -> usize;
}

pub(super) fn parse<V: View>(params: &Params) -> Result<Arc<dyn Question>, InvalidParameter> {
    Ok(Arc::new(TypedQuestion::<V>(V::Query::parse(params)?)))
}

struct TypedQuestion<V: View>(V::Query);

impl<V: View> std::fmt::Debug for TypedQuestion<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<V: View> Question for TypedQuestion<V> {
    fn canonical(&self) -> Params {
        self.0.canonical()
    }

    fn reaches(&self, now: DateTime<Utc>) -> Vec<Reach> {
        self.0.reaches(now)
    }

    fn moves(&self) -> bool {
        self.0.moves()
    }

    fn rows(&self, own: Own) -> Box<dyn Rows> {
        Box::new(TypedRows::<V> {
            query: self.0.clone(),
            own,
            meta: Arc::default(),
            tables: BTreeSet::new(),
            rows: BTreeMap::new(),
            finals: BTreeMap::new(),
            touched: Touched::All,
        })
    }
}

struct TypedRows<V: View> {
    query: V::Query,
    own: Own,
    meta: Arc<Meta>,
    /// The tables that were loaded: changes of others do not matter.
    tables: BTreeSet<&'static str>,
    /// By key; the keys of different tables of a view never have the same form. A row that came as
    /// news is one for all cohorts that select it.
    rows: BTreeMap<Arc<str>, Arc<StoredRow<V::Row>>>,
    /// Rows that are provisional, by the instant at which they become final (G5).
    finals: BTreeMap<DateTime<Utc>, BTreeSet<Arc<str>>>,
    touched: Touched,
}

/// What changed since the last answer.
enum Touched {
    All,
    Keys(BTreeSet<Arc<str>>),
}

impl Touched {
    fn key(&mut self, key: Arc<str>) {
        if let Self::Keys(keys) = self {
            keys.insert(key);
        }
    }

    fn is_any(&self) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => !keys.is_empty(),
        }
    }
}

impl<V: View> TypedRows<V> {
    fn put(&mut self, key: Arc<str>, stored: Arc<StoredRow<V::Row>>) {
        self.await_final(&key, &stored.row);
        self.rows.insert(Arc::clone(&key), stored);
        self.touched.key(key);
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, _)) = self.rows.remove_entry(key) {
            self.touched.key(key);
        }
    }

    fn await_final(&mut self, key: &Arc<str>, row: &V::Row) {
        let Some(after) = row.final_after(&self.meta.config) else {
            return;
        };
        if self.meta.watermark.is_none_or(|watermark| watermark < after) {
            self.finals.entry(after).or_default().insert(Arc::clone(key));
        }
    }

    /// Another meta: rows may have become final, or, with another configuration, be anything.
    fn set_meta(&mut self, meta: Arc<Meta>) {
        let configured = meta.config != self.meta.config;
        self.meta = meta;
        if configured {
            self.touched = Touched::All;
            self.finals.clear();
            let rows = std::mem::take(&mut self.rows);
            for (key, stored) in &rows {
                self.await_final(key, &stored.row);
            }
            self.rows = rows;
            return;
        }
        while let Some(due) = self.finals.first_entry() {
            if self.meta.watermark.is_none_or(|watermark| watermark < *due.key()) {
                return;
            }
            for key in due.remove() {
                self.touched.key(key);
            }
        }
    }

    fn context(&self, now: DateTime<Utc>) -> AnswerContext<'_> {
        AnswerContext {
            config: &self.meta.config,
            watermark: self.meta.watermark,
            now,
        }
    }
}

impl<V: View> Rows for TypedRows<V> {
    fn load(
        &mut self,
        meta: Option<&RawValue>,
        tables: &[(&'static str, Vec<RawStoredRow>)],
    ) -> Result<(), RowsError> {
        let meta = meta.map_or_else(|| Ok(Meta::default()), read_meta)?;
        let mut selected = BTreeMap::new();
        for (table, rows) in tables {
            for row in rows {
                let decoded = V::Row::decode(table, row.body.get())
                    .map_err(|source| RowsError::of_row::<V>(&row.key, table, source))?;
                if self.query.selects(&decoded, &self.own) {
                    selected.insert(
                        Arc::from(row.key.as_str()),
                        Arc::new(StoredRow {
                            row: decoded,
                            position: row.position,
                            revision: row.revision,
                        }),
                    );
                }
            }
        }
        self.meta = Arc::new(meta);
        self.finals.clear();
        for (key, stored) in &selected {
            self.await_final(key, &stored.row);
        }
        self.tables = tables.iter().map(|(table, _)| *table).collect();
        self.rows = selected;
        self.touched = Touched::All;
        Ok(())
    }

    fn apply(&mut self, news: &News) -> Result<bool, RowsError> {
        let read = news.read::<V>()?;
        for changed in &read.rows {
            if !self.tables.contains(changed.table) {
                continue;
            }
            match &changed.row {
                Some(stored) if self.query.selects(&stored.row, &self.own) => {
                    self.put(Arc::clone(&changed.key), Arc::clone(stored));
                }
                Some(_) | None => self.remove(&changed.key),
            }
        }
        if let Some(meta) = &read.meta {
            self.set_meta(Arc::clone(meta));
        }
        Ok(self.touched.is_any())
    }

    fn answer(&mut self, now: DateTime<Utc>) -> AnswerRows {
        let touched = std::mem::replace(&mut self.touched, Touched::Keys(BTreeSet::new()));
        let context = self.context(now);
        match touched {
            Touched::Keys(keys) if self.query.row_by_row() => AnswerRows::Touched(
                keys.into_iter()
                    .map(|key| {
                        let stored = self.rows.get(&key);
                        let row = stored.and_then(|row| self.query.answer(&[&**row], &context).rows.pop());
                        (key, row.as_ref().map(encode))
                    })
                    .collect(),
            ),
            Touched::Keys(_) | Touched::All => {
                let rows: Vec<&StoredRow<V::Row>> = self.rows.values().map(|row| &**row).collect();
                AnswerRows::Whole(
                    self.query
                        .answer(&rows, &context)
                        .rows
                        .iter()
                        .map(encode)
                        .collect(),
                )
            }
        }
    }

    fn changes_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.query.moves() {
            return None;
        }
        let rows: Vec<&StoredRow<V::Row>> = self.rows.values().map(|row| &**row).collect();
        self.query.changes_at(&rows, &self.context(now))
    }

    fn parked(&self) -> u64 {
        self.meta.parked
    }

    fn len(&self) -> usize {
        self.rows.len()
    }
}

pub(super) fn read_meta(meta: &RawValue) -> Result<Meta, RowsError> {
    serde_json::from_str(meta.get()).map_err(|source| RowsError {
        what: "the view's meta".to_owned(),
        source: Arc::new(source),
    })
}

fn encode(row: &AnswerRow) -> Encoded {
    let json = serde_json::value::to_raw_value(row).expect("a row is strings, numbers and JSON");
    Encoded {
        key: Arc::from(row.key.as_str()),
        json: Arc::from(json),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement(planner: &str) -> RawStoredRow {
        let body = json!({
            "planner_id": planner, "period": "2026-03", "currency": "KRW", "opening_minor": 0, "lines_minor": 5,
            "recovered_minor": 0, "withholding_minor": 0, "payable_minor": 5, "closing_minor": 0,
        });
        RawStoredRow {
            key: format!("{planner}|2026-03|KRW"),
            position: plimsoll_contracts::Position::new(1),
            revision: 0,
            body: serde_json::value::to_raw_value(&body).unwrap(),
        }
    }

    fn seen(own: Own) -> Vec<String> {
        let question = parse::<plimsoll_views::Commission>(&Params::new()).unwrap();
        let mut rows = question.rows(own);
        let statements = vec![statement("A1"), statement("B1")];
        rows.load(None, &[("statements", statements)]).unwrap();
        let AnswerRows::Whole(rows) = rows.answer(Utc::now()) else {
            panic!("the first answer is whole")
        };
        rows.iter().map(|row| row.key.to_string()).collect()
    }

    /// Invariant 10: rows that a token does not show never get into its cohort.
    #[test]
    fn a_planner_sees_own_statements_only() {
        assert_eq!(seen(None), ["A1|2026-03|KRW", "B1|2026-03|KRW"]);
        assert_eq!(seen(Some(BTreeSet::from(["A1".to_owned()]))), ["A1|2026-03|KRW"]);
        assert_eq!(seen(Some(BTreeSet::new())), [] as [&str; 0]);
    }
}
