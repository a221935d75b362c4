//! Questions about commission: which rows of which table, and lines or statements summed by what.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_contracts::{
    InvalidParameter, Month,
    rows::{CommissionLineRow, Component, PersistencyRow, StatementRow},
};
use serde_json::{Map, Value, json};

use super::{LINES, PERSISTENCY, POLICIES, Row, STATEMENTS};
use crate::{
    Answer, AnswerContext, AnswerRow, Params, StoredRow, ViewQuery,
    query::{Own, Stamp, Words, none_left, take, take_choice, take_choices},
};

/// A parsed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommissionQuery {
    table: Table,
    planner_id: Words,
    policy_id: Words,
    component: Words,
    currency: Words,
    instalment_no: Option<u16>,
    from: Option<Month>,
    to: Option<Month>,
    group_by: BTreeSet<Dimension>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Statements,
    Lines,
    Policies,
    Persistency,
}

/// What rows can be summed by, in the order of answer columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dimension {
    Planner,
    Period,
    Policy,
    Component,
    Instalment,
}

const TABLES: &[(&str, Table)] = &[
    (STATEMENTS, Table::Statements),
    (LINES, Table::Lines),
    (POLICIES, Table::Policies),
    (PERSISTENCY, Table::Persistency),
];
const DIMENSIONS: &[(&str, Dimension)] = &[
    ("planner", Dimension::Planner),
    ("period", Dimension::Period),
    ("policy", Dimension::Policy),
    ("component", Dimension::Component),
    ("instalment", Dimension::Instalment),
];

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Statements => STATEMENTS,
            Self::Lines => LINES,
            Self::Policies => POLICIES,
            Self::Persistency => PERSISTENCY,
        }
    }

    /// The parameters that its rows answer to.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Statements => &[
                "table",
                "planner_id",
                "period",
                "from",
                "to",
                "currency",
                "group_by",
            ],
            Self::Lines => &[
                "table",
                "planner_id",
                "period",
                "from",
                "to",
                "policy_id",
                "component",
                "currency",
                "group_by",
            ],
            Self::Policies => &["table", "planner_id", "policy_id", "currency"],
            Self::Persistency => &[
                "table",
                "planner_id",
                "period",
                "from",
                "to",
                "persistency",
                "currency",
                "group_by",
            ],
        }
    }

    /// What its rows can be summed by.
    const fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Statements => &[Dimension::Planner, Dimension::Period],
            Self::Lines => &[
                Dimension::Planner,
                Dimension::Period,
                Dimension::Policy,
                Dimension::Component,
            ],
            Self::Policies => &[],
            Self::Persistency => &[Dimension::Planner, Dimension::Period, Dimension::Instalment],
        }
    }
}

/// Takes `period`, or `from` and `to`.
fn months(params: &mut Params) -> Result<(Option<Month>, Option<Month>), InvalidParameter> {
    const FORM: &str = "a month such as 2026-03";
    let single: Option<Month> = take(params, "period", FORM)?;
    let from: Option<Month> = take(params, "from", FORM)?;
    let to: Option<Month> = take(params, "to", FORM)?;
    if single.is_some() {
        if from.is_some() || to.is_some() {
            return Err(InvalidParameter::new("period", "does not go with `from` or `to`"));
        }
        return Ok((single, single));
    }
    match (from, to) {
        (Some(first), Some(last)) if first > last => Err(InvalidParameter::new(
            "from",
            format!("{first} is after `to` {last}"),
        )),
        range => Ok(range),
    }
}

impl ViewQuery for CommissionQuery {
    type Row = Row;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        let table = take_choice(&mut left, "table", TABLES)?.unwrap_or(Table::Statements);
        let known = table.parameters();
        let unknown: Params = left
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .map(own)
            .collect();
        none_left(&unknown, known)?;
        let components: Vec<(&str, Component)> = Component::ALL.iter().map(|c| (c.as_str(), *c)).collect();
        take_choices(&mut left.clone(), "component", &components)?;
        let group_by = take_choices(&mut left, "group_by", DIMENSIONS)?;
        if let Some(dimension) = group_by.iter().find(|d| !table.dimensions().contains(d)) {
            let detail = format!("`{}` does not go with table {}", dimension.word(), table.name());
            return Err(InvalidParameter::new("group_by", detail));
        }
        let (from, to) = months(&mut left)?;
        let question = Self {
            table,
            planner_id: Words::take(&mut left, "planner_id")?,
            policy_id: Words::take(&mut left, "policy_id")?,
            component: Words::take(&mut left, "component")?,
            currency: Words::take(&mut left, "currency")?,
            instalment_no: take(&mut left, "persistency", "an instalment number such as 13")?,
            from,
            to,
            group_by,
        };
        none_left(&left, known)?;
        Ok(question)
    }

    fn canonical(&self) -> Params {
        let mut params = Params::from([("table".to_owned(), self.table.name().to_owned())]);
        self.planner_id.put("planner_id", &mut params);
        self.policy_id.put("policy_id", &mut params);
        self.component.put("component", &mut params);
        self.currency.put("currency", &mut params);
        let instalment = self.instalment_no.map(|no| ("persistency", no.to_string()));
        let ends = [("from", self.from), ("to", self.to)];
        let ends = ends
            .into_iter()
            .filter_map(|(name, end)| Some((name, end?.to_string())));
        for (name, text) in ends.chain(instalment) {
            params.insert(name.to_owned(), text);
        }
        if !self.group_by.is_empty() {
            let words: Vec<&str> = self.group_by.iter().map(|d| d.word()).collect();
            params.insert("group_by".to_owned(), words.join(","));
        }
        params
    }

    fn table(&self) -> &'static str {
        self.table.name()
    }

    fn span(&self) -> Option<(String, String)> {
        let text = |end: Option<Month>, open: &str| end.map_or_else(|| open.to_owned(), |m| m.to_string());
        (self.from.is_some() || self.to.is_some())
            .then(|| (text(self.from, "0000-01"), text(self.to, "9999-12")))
    }

    /// One who may see only `own` ids sees the rows of these planners: of a policy, those of any
    /// planner it was sold by.
    fn selects(&self, row: &Row, own: &Own) -> bool {
        let may_see = |id: &str| own.as_ref().is_none_or(|own| own.contains(id)) && self.planner_id.fit(id);
        let in_months = row.month().is_none_or(|month| {
            self.from.is_none_or(|from| from <= month) && self.to.is_none_or(|to| month <= to)
        });
        in_months
            && match row {
                Row::Statement(row) => {
                    may_see(row.planner_id.as_str()) && self.currency.fit(row.currency.as_str())
                }
                Row::Line(row) => {
                    may_see(row.planner_id.as_str())
                        && self
                            .policy_id
                            .fit(row.policy_id.as_ref().map_or("", |id| id.as_str()))
                        && self.component.fit(row.component.as_str())
                        && self.currency.fit(row.currency.as_str())
                }
                Row::Policy(row) => {
                    row.planner_ids.iter().any(|id| may_see(id.as_str()))
                        && self.policy_id.fit(row.policy_id.as_str())
                        && self.currency.fit(row.currency.as_str())
                }
                Row::Persistency(row) => {
                    may_see(row.planner_id.as_str())
                        && self.instalment_no.is_none_or(|no| no == row.instalment_no)
                        && self.currency.fit(row.currency.as_str())
                }
            }
    }

    fn row_by_row(&self) -> bool {
        self.group_by.is_empty()
    }

    fn answer(&self, rows: &[&StoredRow<Row>], context: &AnswerContext<'_>) -> Answer {
        if self.row_by_row() {
            let rows = rows.iter().map(|stored| {
                let mut row = context.as_it_stands(stored);
                row.columns.remove("planner_ids");
                row
            });
            return Answer { rows: rows.collect() };
        }
        let mut groups: BTreeMap<Vec<Part>, Group> = BTreeMap::new();
        for stored in rows {
            let mut key: Vec<Part> = self.group_by.iter().map(|d| d.part(&stored.row)).collect();
            key.push(Part::Text(currency(&stored.row)));
            groups.entry(key).or_default().take_in(stored, context);
        }
        let names: Vec<&str> = self
            .group_by
            .iter()
            .map(|d| d.column(self.table))
            .chain(["currency"])
            .collect();
        let rows = groups
            .into_iter()
            .map(|(key, group)| group.into_row(&names, &key));
        Answer { rows: rows.collect() }
    }
}

fn own((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
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
    fn word(self) -> &'static str {
        DIMENSIONS
            .iter()
            .find(|(_, d)| *d == self)
            .map_or("", |(word, _)| word)
    }

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
