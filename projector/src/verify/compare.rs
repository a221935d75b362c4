//! Holds two sequences of rows, both in table and key order, against each other, cell by cell.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use plimsoll_contracts::{TenantId, time};
use serde_json::{Map, Value};

use super::{
    Plan,
    report::{DIFFERENCES_TOLD, Difference, TableReport},
};

/// A row of either side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SideRow {
    /// Number of its table.
    pub(super) table: usize,
    pub(super) key: String,
    pub(super) columns: Map<String, Value>,
}

/// What has been compared so far.
#[derive(Debug)]
pub(super) struct Tally {
    tenant: TenantId,
    pub(super) tables: Vec<TableReport>,
    /// The first differences of the whole verification.
    pub(super) differences: Vec<Difference>,
    /// Columns of the store that the independent path does not compute.
    pub(super) unknown_columns: BTreeSet<String>,
}

impl SideRow {
    fn place(&self) -> (usize, &str) {
        (self.table, &self.key)
    }
}

/// Which side is first; both, when they are the same row.
pub(super) fn order(stored: Option<&SideRow>, expected: Option<&SideRow>) -> Option<Ordering> {
    match (stored, expected) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(stored), Some(expected)) => Some(stored.place().cmp(&expected.place())),
    }
}

impl Tally {
    pub(super) fn new(tenant: TenantId, tables: &[&'static str]) -> Self {
        let empty = |table: &&'static str| TableReport {
            table: (*table).to_owned(),
            rows: 0,
            cells: 0,
            differences: 0,
        };
        Self {
            tenant,
            tables: tables.iter().map(empty).collect(),
            differences: Vec::new(),
            unknown_columns: BTreeSet::new(),
        }
    }

    /// Compares what the two sides have of one row.
    pub(super) fn row(&mut self, stored: Option<SideRow>, expected: Option<SideRow>) {
        let Some((table, key)) = stored.as_ref().or(expected.as_ref()).map(SideRow::place) else {
            return;
        };
        let key = key.to_owned();
        self.tables[table].rows += 1;
        match (stored, expected) {
            (Some(stored), Some(expected)) => self.cells(table, &key, stored.columns, expected.columns),
            (stored, expected) => {
                let whole = |row: Option<SideRow>| row.map_or(Value::Null, |row| Value::Object(row.columns));
                self.difference(table, &key, None, whole(stored), whole(expected));
            }
        }
    }

    fn cells(
        &mut self,
        table: usize,
        key: &str,
        mut stored: Map<String, Value>,
        expected: Map<String, Value>,
    ) {
        for (column, expected) in expected {
            let (stored, expected) = (
                normal(stored.remove(&column).unwrap_or(Value::Null)),
                normal(expected),
            );
            self.tables[table].cells += 1;
            if stored != expected {
                self.difference(table, key, Some(column), stored, expected);
            }
        }
        for column in stored.into_iter().map(|(column, _)| column) {
            let name = format!("{}.{column}", self.tables[table].table);
            self.unknown_columns.insert(name);
        }
    }

    fn difference(
        &mut self,
        table: usize,
        key: &str,
        column: Option<String>,
        stored: Value,
        expected: Value,
    ) {
        let report = &mut self.tables[table];
        report.differences += 1;
        if self.differences.len() < DIFFERENCES_TOLD {
            self.differences.push(Difference {
                tenant: self.tenant.clone(),
                table: report.table.clone(),
                key: key.to_owned(),
                column,
                stored,
                expected,
            });
        }
    }
}

/// A value as both sides may be compared: instants in one spelling.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > 18 && text.as_bytes()[10] == b'T' => {
            time::parse(&text).map_or(Value::String(text), |at| Value::String(time::format(at)))
        }
        Value::Array(values) => values.into_iter().map(normal).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        other => other,
    }
}

/// Rows in table and key order; where a plan tells rows apart by what they say, that is their key, with
/// a number for those that say the same.
pub(super) fn in_order(plan: &Plan, mut rows: Vec<SideRow>) -> Vec<SideRow> {
    if let Some(by_content) = plan.by_content {
        let mut said: BTreeMap<String, usize> = BTreeMap::new();
        rows.sort_by_cached_key(|row| whole(&row.columns));
        for row in &mut rows {
            if let Some(content) = by_content(plan.tables[row.table], &row.columns) {
                let times = said.entry(content.clone()).or_default();
                *times += 1;
                row.key = format!("{content}#{times}");
            }
        }
    }
    rows.sort_by(|a, b| a.place().cmp(&b.place()));
    rows
}

/// All cells but those that hang on the order of arrival, to number equal rows alike on both sides.
fn whole(columns: &Map<String, Value>) -> String {
    let mut columns = columns.clone();
    columns.retain(|name, _| name != "line_no" && name != "cause");
    Value::Object(columns).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(key: &str, columns: Value) -> SideRow {
        let Value::Object(columns) = columns else {
            panic!("columns are an object")
        };
        SideRow {
            table: 0,
            key: key.to_owned(),
            columns,
        }
    }

    fn tally() -> Tally {
        Tally::new(TenantId::main(), &["rows"])
    }

    #[test]
    fn instants_are_equal_in_any_spelling_and_other_columns_are_named() {
        let mut tally = tally();
        tally.row(
            Some(row(
                "a",
                json!({"at": "2026-03-01T00:00:00+00:00", "n": 1, "more": 2}),
            )),
            Some(row("a", json!({"at": "2026-03-01T09:00:00+09:00", "n": 1}))),
        );
        assert_eq!((tally.tables[0].cells, tally.tables[0].differences), (2, 0));
        assert_eq!(
            tally.unknown_columns.into_iter().collect::<Vec<_>>(),
            ["rows.more"]
        );
    }

    #[test]
    fn a_cell_and_a_row_are_named() {
        let mut tally = tally();
        tally.row(Some(row("a", json!({"n": 1}))), Some(row("a", json!({"n": 2}))));
        tally.row(None, Some(row("b", json!({"n": 3}))));
        tally.row(Some(row("c", json!({"n": 4}))), None);
        let found: Vec<_> = tally
            .differences
            .iter()
            .map(|d| {
                (
                    d.key.as_str(),
                    d.column.as_deref(),
                    d.stored.clone(),
                    d.expected.clone(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("a", Some("n"), json!(1), json!(2)),
                ("b", None, Value::Null, json!({"n": 3})),
                ("c", None, json!({"n": 4}), Value::Null),
            ]
        );
    }
}
