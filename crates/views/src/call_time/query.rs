//! Questions about call time: which table, which days, whose, and grouped how.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{InvalidParameter, config::ServiceLevelFormula, rows::SegmentMark};

use super::{
    AGENTS, CENTRE, CallTimeRow, LIVE, LONG, MARKED, QUEUES, TEAMS, WAITS,
    answer::{self, Level},
    team::Teams,
    waits,
};
use crate::{
    Answer, AnswerContext, Params, StoredRow, ViewQuery,
    query::{Days, Own, Reach, Words, none_left, take, take_choice, take_choices, word_of},
};

/// How far back a log-in may lie that tells an agent's team.
const TEAM_REACH_D: i64 = 35;

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
    team: Words,
    /// Another threshold of the service level than the configured one.
    threshold_s: Option<u32>,
    /// Only rows that changed after a position.
    changed_since: Option<u64>,
}

/// What rows can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Agent,
    Queue,
    Day,
    HalfHour,
    Team,
}

const TABLES: &[(&str, &str)] = &[
    ("agents", AGENTS),
    ("queues", QUEUES),
    ("centre", CENTRE),
    ("live", LIVE),
    ("marked", MARKED),
];
const AGENT_DIMENSIONS: &[(&str, Dimension)] = &[
    ("agent", Dimension::Agent),
    ("day", Dimension::Day),
    ("team", Dimension::Team),
];
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
    ("long", Some(SegmentMark::Long)),
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
        AGENTS => &[
            "table",
            "date",
            "from",
            "to",
            "agent_id",
            "team",
            "group_by",
            "changed_since",
        ],
        QUEUES => &[
            "table",
            "date",
            "from",
            "to",
            "queue",
            "group_by",
            "formula",
            "threshold_s",
            "changed_since",
        ],
        CENTRE => &["table", "date", "from", "to", "changed_since"],
        LIVE => &["table", "live", "only", "agent_id", "queue"],
        _ => &["table", "only", "date", "from", "to", "agent_id", "changed_since"],
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
            team: Words::take(&mut left, "team")?,
            threshold_s: take(&mut left, "threshold_s", "a number of seconds")?,
            changed_since: take(&mut left, "changed_since", "a position such as 12345")?,
        };
        none_left(&left, takes)?;
        Ok(query)
    }

    fn canonical(&self) -> Params {
        let mut params = Params::from([("table".to_owned(), self.table.to_owned())]);
        self.days.put(&mut params);
        self.agent_id.put("agent_id", &mut params);
        self.queue.put("queue", &mut params);
        self.team.put("team", &mut params);
        let mut put = |name: &str, word: &str| params.insert(name.to_owned(), word.to_owned());
        if let Some(mark) = self.only {
            put("only", mark.as_str());
        }
        if let Some(formula) = self.formula {
            put("formula", word_of(FORMULAS, formula));
        }
        if let Some(threshold_s) = self.threshold_s {
            put("threshold_s", &threshold_s.to_string());
        }
        if let Some(position) = self.changed_since {
            put("changed_since", &position.to_string());
        }
        if !self.group_by.is_empty() {
            let choice = if self.table == QUEUES {
                QUEUE_DIMENSIONS
            } else {
                AGENT_DIMENSIONS
            };
            let words: Vec<&str> = self.group_by.iter().map(|d| word_of(choice, *d)).collect();
            put("group_by", &words.join(","));
        }
        params
    }

    fn table(&self) -> &'static str {
        if self.only == Some(SegmentMark::Long) {
            LONG
        } else {
            self.table
        }
    }

    fn reaches(&self, _now: DateTime<Utc>) -> Vec<Reach> {
        let mut reaches = vec![(self.table(), self.span())];
        if self.needs_teams() {
            // Whoever has not logged in on a day is still of the team of the log-in before.
            let from = self.days.from.map(|day| day - TimeDelta::days(TEAM_REACH_D));
            let span = Days { from, ..self.days }.span();
            reaches.push((TEAMS, span));
        }
        if self.threshold_s.is_some() {
            reaches.push((WAITS, self.span()));
        }
        reaches
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
            CallTimeRow::Waits(row) => {
                self.days.contains(row.business_date) && self.queue.fit(row.queue.as_str())
            }
            CallTimeRow::Team(row) => {
                let agent_id = row.agent_id.as_str();
                self.agent_id.fit(agent_id) && may_see(agent_id)
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
            && !self.needs_teams()
            && self.threshold_s.is_none()
            && self.changed_since.is_none()
    }

    fn answer(&self, rows: &[&StoredRow<CallTimeRow>], context: &AnswerContext<'_>) -> Answer {
        let configured = context.config.service_level;
        let level = Level {
            formula: self.formula.unwrap_or(configured.formula),
            threshold_s: self.threshold_s.unwrap_or(configured.threshold_s),
        };
        let teams = self.needs_teams().then(|| Teams::of(rows));
        let restated = self
            .threshold_s
            .map(|threshold_s| waits::at_threshold(rows, threshold_s));
        let rows = restated
            .as_ref()
            .map_or_else(|| rows.to_vec(), |restated| restated.iter().collect());
        let fits = |stored: &&StoredRow<CallTimeRow>| {
            let is_news = self
                .changed_since
                .is_none_or(|since| stored.position.get() > since);
            is_news && self.is_of_team(&stored.row, teams.as_ref())
        };
        let rows: Vec<&StoredRow<CallTimeRow>> = rows.into_iter().filter(fits).collect();
        if self.group_by.is_empty() {
            answer::as_they_stand(&rows, level, teams.as_ref(), context)
        } else {
            answer::grouped(&rows, &self.group_by, level, teams.as_ref(), context)
        }
    }
}

impl CallTimeQuery {
    fn needs_teams(&self) -> bool {
        self.team != Words::default() || self.group_by.contains(&Dimension::Team)
    }

    /// Whether a row is of the table and, of an agent, of the teams asked for.
    fn is_of_team(&self, row: &CallTimeRow, teams: Option<&Teams<'_>>) -> bool {
        match row {
            CallTimeRow::Team(_) | CallTimeRow::Waits(_) => false,
            CallTimeRow::Agent(day) => teams.is_none_or(|teams| {
                let team = teams.on(&day.agent_id, day.business_date);
                self.team.fit(team.map_or("", |team| team.as_str()))
            }),
            _ => true,
        }
    }
}
