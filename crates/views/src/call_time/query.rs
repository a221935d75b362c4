//! Questions about call time: which table, which days, whose, and grouped how.

use std::collections::BTreeSet;

use plimsoll_contracts::{InvalidParameter, config::ServiceLevelFormula, rows::SegmentMark};

use super::{AGENTS, CENTRE, CallTimeRow, LIVE, MARKED, QUEUES, answer};
use crate::{
    Answer, AnswerContext, Params, StoredRow, ViewQuery,
    query::{Days, Own, Words, none_left, take_choice, take_choices},
};

/// A parsed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTimeQuery {
    table: &'static str,
    days: Days,
    agent_id: Words,
    queue: Words,
    /// Of table `marked`: only segments listed for this reason.
    only: Option<SegmentMark>,
    group_by: BTreeSet<Dimension>,
    formula: Option<ServiceLevelFormula>,
}

/// What rows can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Agent,
    Queue,
    Day,
    HalfHour,
}

const TABLES: &[(&str, &str)] = &[
    ("agents", AGENTS),
    ("queues", QUEUES),
    ("centre", CENTRE),
    ("live", LIVE),
    ("marked", MARKED),
];
const AGENT_DIMENSIONS: &[(&str, Dimension)] = &[("agent", Dimension::Agent), ("day", Dimension::Day)];
const QUEUE_DIMENSIONS: &[(&str, Dimension)] = &[
    ("queue", Dimension::Queue),
    ("day", Dimension::Day),
    ("half_hour", Dimension::HalfHour),
];
/// Lists by name; those going on are a table of their own.
const LISTS: &[(&str, Option<SegmentMark>)] = &[
    ("open", None),
    ("estimated", Some(SegmentMark::Estimated)),
    ("unresolved", Some(SegmentMark::Unresolved)),
    ("quarantined", Some(SegmentMark::Quarantined)),
    ("conflict", Some(SegmentMark::Conflict)),
];
const FORMULAS: &[(&str, ServiceLevelFormula)] = &[
    ("F1", ServiceLevelFormula::F1),
    ("F2", ServiceLevelFormula::F2),
    ("F3", ServiceLevelFormula::F3),
    ("F4", ServiceLevelFormula::F4),
    ("F5", ServiceLevelFormula::F5),
];

/// The parameters that a table takes beside `table`.
fn known(table: &str) -> &'static [&'static str] {
    match table {
        AGENTS => &["table", "date", "from", "to", "agent_id", "group_by"],
        QUEUES => &["table", "date", "from", "to", "queue", "group_by", "formula"],
        CENTRE => &["table", "date", "from", "to"],
        LIVE => &["table", "live", "only", "agent_id", "queue"],
        _ => &["table", "only", "date", "from", "to", "agent_id"],
    }
}

/// Takes the table, which `live=true` and `only=…` name as well, and the list asked for.
fn take_table(params: &mut Params) -> Result<(&'static str, Option<SegmentMark>), InvalidParameter> {
    let named = take_choice(params, "table", TABLES)?;
    let live = take_choice(params, "live", &[("true", LIVE)])?;
    let list = take_choice(params, "only", LISTS)?;
    let listed = list.map(|mark| if mark.is_some() { MARKED } else { LIVE });
    for (name, table) in [("live", live), ("only", listed)] {
        if let Some(other) = table.and_then(|table| named.or(live).filter(|other| *other != table)) {
            return Err(InvalidParameter::new(
                name,
                format!("does not go with table `{other}`"),
            ));
        }
    }
    Ok((named.or(live).or(listed).unwrap_or(AGENTS), list.flatten()))
}

fn word_of<T: PartialEq>(choice: &[(&'static str, T)], value: &T) -> &'static str {
    choice
        .iter()
        .find(|(_, known)| known == value)
        .map_or("", |(word, _)| word)
}

impl ViewQuery for CallTimeQuery {
    type Row = CallTimeRow;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        let (table, only) = take_table(&mut left)?;
        let takes = known(table);
        if let Some(name) = left.keys().find(|name| !takes.contains(&name.as_str())) {
            let detail = format!(
                "does not exist for table `{table}`; there are: {}",
                takes.join(", ")
            );
            return Err(InvalidParameter::new(name, detail));
        }
        let dimensions = if table == QUEUES {
            QUEUE_DIMENSIONS
        } else {
            AGENT_DIMENSIONS
        };
        let query = Self {
            table,
            days: Days::take(&mut left, "date")?,
            agent_id: Words::take(&mut left, "agent_id")?,
            queue: Words::take(&mut left, "queue")?,
            only,
            group_by: take_choices(&mut left, "group_by", dimensions)?,
            formula: take_choice(&mut left, "formula", FORMULAS)?,
        };
        none_left(&left, takes)?;
        Ok(query)
    }

    fn canonical(&self) -> Params {
        let mut params = Params::from([("table".to_owned(), self.table.to_owned())]);
        self.days.put(&mut params);
        self.agent_id.put("agent_id", &mut params);
        self.queue.put("queue", &mut params);
        let mut put = |name: &str, word: &str| params.insert(name.to_owned(), word.to_owned());
        if let Some(mark) = self.only {
            put("only", mark.as_str());
        }
        if let Some(formula) = &self.formula {
            put("formula", word_of(FORMULAS, formula));
        }
        if !self.group_by.is_empty() {
            let choice = if self.table == QUEUES {
                QUEUE_DIMENSIONS
            } else {
                AGENT_DIMENSIONS
            };
            let words: Vec<&str> = self.group_by.iter().map(|d| word_of(choice, d)).collect();
            put("group_by", &words.join(","));
        }
        params
    }

    fn table(&self) -> &'static str {
        self.table
    }

    fn span(&self) -> Option<(String, String)> {
        self.days.span()
    }

    /// `own` names agents; queues and the centre belong to nobody and stay visible.
    fn selects(&self, row: &CallTimeRow, own: &Own) -> bool {
        let may_see = |agent_id: &str| own.as_ref().is_none_or(|own| own.contains(agent_id));
        match row {
            CallTimeRow::Agent(row) => {
                let agent_id = row.agent_id.as_str();
                self.days.contains(row.business_date) && self.agent_id.fit(agent_id) && may_see(agent_id)
            }
            CallTimeRow::Queue(row) => {
                self.days.contains(row.business_date) && self.queue.fit(row.queue.as_str())
            }
            CallTimeRow::Centre(row) => self.days.contains(row.business_date),
            CallTimeRow::Live(row) => {
                let agent_id = row.agent_id.as_str();
                let queue = row.queue.as_ref().map_or("", |queue| queue.as_str());
                self.agent_id.fit(agent_id) && self.queue.fit(queue) && may_see(agent_id)
            }
            CallTimeRow::Marked(row) => {
                let agent_id = row.agent_id.as_str();
                self.days.contains(row.business_date)
                    && self.only.is_none_or(|mark| mark == row.mark)
                    && self.agent_id.fit(agent_id)
                    && may_see(agent_id)
            }
        }
    }

    fn row_by_row(&self) -> bool {
        self.group_by.is_empty()
    }

    fn answer(&self, rows: &[&StoredRow<CallTimeRow>], context: &AnswerContext<'_>) -> Answer {
        let formula = self.formula.unwrap_or(context.config.service_level.formula);
        if self.group_by.is_empty() {
            answer::as_they_stand(rows, formula, context)
        } else {
            answer::grouped(rows, &self.group_by, formula, context)
        }
    }
}
