//! Answers from selected rows: as they stand, or summed.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_contracts::rows::{CommissionLineRow, PersistencyRow, StatementRow};
use serde_json::{Map, Value, json};

use super::{
    Row,
    query::{Dimension, Table},
};
use crate::{Answer, AnswerContext, AnswerRow, StoredRow, query::Stamp};

/// One answer row for each stored row; the planners behind a policy stay inside.
pub(super) fn as_they_stand(rows: &[&StoredRow<Row>], context: &AnswerContext<'_>) -> Answer {
    let rows = rows.iter().map(|stored| {
        let mut row = context.as_it_stands(stored);
        row.columns.remove("planner_ids");
        row
    });
    Answer { rows: rows.collect() }
}

/// One row per combination and currency, in the order of the key.
pub(super) fn grouped(
    rows: &[&StoredRow<Row>],
    table: Table,
    dimensions: &BTreeSet<Dimension>,
    context: &AnswerContext<'_>,
) -> Answer {
    let mut groups: BTreeMap<Vec<Part>, Group> = BTreeMap::new();
    for stored in rows {
        let mut key: Vec<Part> = dimensions.iter().map(|d| d.part(&stored.row)).collect();
        key.push(Part::Text(currency(&stored.row)));
        groups.entry(key).or_default().take_in(stored, context);
    }
    let names: Vec<&str> = dimensions
        .iter()
        .map(|d| d.column(table))
        .chain(["currency"])
        .collect();
    let rows = groups
        .into_iter()
        .map(|(key, group)| group.into_row(&names, &key));
    Answer { rows: rows.collect() }
}

fn currency(row: &Row) -> String {
    match row {
        Row::Statement(row) => row.currency,
        Row::Line(row) => row.currency,
        Row::Policy(row) => row.currency,
        Row::Persistency(row) => row.currency,
    }
    .to_string()
}

/// One part of a group's key; numbers sort as numbers, and nothing comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Nothing,
    Number(u16),
    Text(String),
}

impl Part {
    fn json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Dimension {
    const fn column(self, table: Table) -> &'static str {
        match self {
            Self::Planner => "planner_id",
            Self::Period => match table {
                Table::Persistency => "due_month",
                Table::Statements | Table::Lines | Table::Policies => "period",
            },
            Self::Policy => "policy_id",
            Self::Component => "component",
            Self::Instalment => "instalment_no",
        }
    }

    fn part(self, row: &Row) -> Part {
        let text = |text: &str| Part::Text(text.to_owned());
        match (self, row) {
            (Self::Planner, Row::Statement(row)) => text(row.planner_id.as_str()),
            (Self::Planner, Row::Line(row)) => text(row.planner_id.as_str()),
            (Self::Planner, Row::Persistency(row)) => text(row.planner_id.as_str()),
            (Self::Period, row) => row
                .month()
                .map_or(Part::Nothing, |month| Part::Text(month.to_string())),
            (Self::Policy, Row::Line(row)) => row
                .policy_id
                .as_ref()
                .map_or(Part::Nothing, |id| text(id.as_str())),
            (Self::Component, Row::Line(row)) => text(row.component.as_str()),
            (Self::Instalment, Row::Persistency(row)) => Part::Number(row.instalment_no),
            _ => Part::Nothing,
        }
    }
}

/// The rows of one group, summed (G7: numerators and denominators apart).
#[derive(Debug, Default)]
struct Group {
    sums: BTreeMap<&'static str, i64>,
    stamp: Stamp,
}

impl Group {
    fn take_in(&mut self, stored: &StoredRow<Row>, context: &AnswerContext<'_>) {
        self.stamp.take_in(stored, context);
        match &stored.row {
            Row::Statement(row) => self.statement(row),
            Row::Line(row) => self.line(row),
            Row::Persistency(row) => self.persistency(row),
            Row::Policy(_) => {}
        }
    }

    fn add(&mut self, column: &'static str, value: i64) {
        let sum = self.sums.entry(column).or_default();
        *sum = sum.saturating_add(value);
    }

    /// Opening and closing are debts at a moment and are not summed.
    fn statement(&mut self, row: &StatementRow) {
        self.add("statements", 1);
        self.add("lines_minor", row.lines_minor);
        self.add("recovered_minor", row.recovered_minor);
        self.add("withholding_minor", row.withholding_minor);
        self.add("payable_minor", row.payable_minor);
    }

    fn line(&mut self, row: &CommissionLineRow) {
        self.add("lines", 1);
        self.add("amount_minor", row.amount_minor);
        self.add("deferred_minor", row.deferred_minor);
    }

    fn persistency(&mut self, row: &PersistencyRow) {
        self.add("issued", row.issued);
        self.add("kept", row.kept);
        self.add("issued_premium_minor", row.issued_premium_minor);
        self.add("kept_premium_minor", row.kept_premium_minor);
    }

    fn into_row(self, names: &[&str], key: &[Part]) -> AnswerRow {
        let named = names
            .iter()
            .zip(key)
            .map(|(name, part)| ((*name).to_owned(), part.json()));
        let mut columns: Map<String, Value> = named.collect();
        columns.extend(
            self.sums
                .iter()
                .map(|(name, sum)| ((*name).to_owned(), json!(sum))),
        );
        let texts: Vec<String> = key.iter().map(Part::text).collect();
        AnswerRow {
            key: texts.join("|"),
            position: self.stamp.position,
            revision: self.stamp.revision,
            state: self.stamp.state,
            columns,
        }
    }
}
