//! Questions about commission: which rows of which table, and lines or statements summed by what.

use std::collections::BTreeSet;

use plimsoll_contracts::{InvalidParameter, Month, rows::Component};

use super::{LINES, PERSISTENCY, POLICIES, Row, STATEMENTS, answer};
use crate::{
    Answer, AnswerContext, Params, StoredRow, ViewQuery,
    query::{Own, Words, none_left, take, take_choice, take_choices},
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
pub(super) enum Table {
    Statements,
    Lines,
    Policies,
    Persistency,
}

/// What rows can be summed by, in the order of answer columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
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
            return answer::as_they_stand(rows, context);
        }
        answer::grouped(rows, self.table, &self.group_by, context)
    }
}

fn own((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

impl Dimension {
    fn word(self) -> &'static str {
        DIMENSIONS
            .iter()
            .find(|(_, d)| *d == self)
            .map_or("", |(word, _)| word)
    }
}
