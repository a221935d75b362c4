//! Answers from selected rows: as they stand, or rolled up. Ratios keep numerator and
//! denominator (G7).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_contracts::{
    Label,
    config::ServiceLevelFormula,
    rows::{AgentDayRow, QueueRow},
};
use serde_json::{Map, Value, json};

use super::{CallTimeRow, query::Dimension, team::Teams};
use crate::{
    Answer, AnswerContext, StoredRow,
    query::{Stamp, columns},
};

/// One answer row for each stored row; queues with their service level.
pub(super) fn as_they_stand(
    rows: &[&StoredRow<CallTimeRow>],
    level: Level,
    teams: Option<&Teams<'_>>,
    context: &AnswerContext<'_>,
) -> Answer {
    let rows = rows.iter().map(|stored| {
        let mut row = context.as_it_stands(stored);
        match &stored.row {
            CallTimeRow::Queue(queue) => row.columns.extend(ratios(queue, level)),
            CallTimeRow::Agent(day) => {
                row.columns.extend(handle_time(day));
                if let Some(teams) = teams {
                    let team = teams.on(&day.agent_id, day.business_date);
                    row.columns.insert("team".to_owned(), json!(team));
                }
            }
            _ => {}
        }
        row
    });
    Answer { rows: rows.collect() }
}

/// Rows rolled up by some of their key columns.
pub(super) fn grouped(
    rows: &[&StoredRow<CallTimeRow>],
    by: &BTreeSet<Dimension>,
    level: Level,
    teams: Option<&Teams<'_>>,
    context: &AnswerContext<'_>,
) -> Answer {
    let mut groups: BTreeMap<Vec<String>, (Stamp, Sum)> = BTreeMap::new();
    for stored in rows {
        let key: Vec<String> = by
            .iter()
            .map(|dimension| dimension.value(&stored.row, teams))
            .collect();
        let (stamp, sum) = groups.entry(key).or_default();
        stamp.take_in(stored, context);
        sum.take_in(&stored.row);
    }
    let rows = groups.into_iter().map(|(key, (stamp, sum))| {
        let mut columns = sum.columns(by, level);
        if let Some(team) = by.iter().position(|dimension| *dimension == Dimension::Team) {
            let team = Some(&key[team]).filter(|team| !team.is_empty());
            columns.insert("team".to_owned(), json!(team));
        }
        stamp.row(key.join("|"), columns)
    });
    Answer { rows: rows.collect() }
}

impl Dimension {
    const fn column(self) -> &'static str {
        match self {
            Self::Agent => "agent_id",
            Self::Queue => "queue",
            Self::Day => "business_date",
            Self::HalfHour => "half_hour",
            Self::Team => "team",
        }
    }

    fn value(self, row: &CallTimeRow, teams: Option<&Teams<'_>>) -> String {
        match (self, row) {
            (Self::Agent, CallTimeRow::Agent(row)) => row.agent_id.to_string(),
            (Self::Day, CallTimeRow::Agent(row)) => row.business_date.to_string(),
            (Self::Team, CallTimeRow::Agent(row)) => teams
                .and_then(|teams| teams.on(&row.agent_id, row.business_date))
                .map(Label::to_string)
                .unwrap_or_default(),
            (Self::Queue, CallTimeRow::Queue(row)) => row.queue.to_string(),
            (Self::Day, CallTimeRow::Queue(row)) => row.business_date.to_string(),
            (Self::HalfHour, CallTimeRow::Queue(row)) => row.half_hour.clone(),
            _ => String::new(),
        }
    }
}

/// A roll-up under way.
#[derive(Debug, Default)]
enum Sum {
    #[default]
    Nothing,
    Agents(AgentDayRow),
    Queues(QueueRow),
}

impl Sum {
    fn take_in(&mut self, row: &CallTimeRow) {
        match (&mut *self, row) {
            (Self::Agents(sum), CallTimeRow::Agent(row)) => add_agent_day(sum, row),
            (Self::Queues(sum), CallTimeRow::Queue(row)) => add_queue(sum, row),
            (_, CallTimeRow::Agent(row)) => *self = Self::Agents(row.clone()),
            (_, CallTimeRow::Queue(row)) => *self = Self::Queues(row.clone()),
            _ => {}
        }
    }

    /// The measures; key columns that were not grouped by mean nothing any more.
    fn columns(self, by: &BTreeSet<Dimension>, level: Level) -> Map<String, Value> {
        let mut all = match self {
            Self::Nothing => Map::new(),
            Self::Agents(sum) => {
                let mut all = columns(&sum);
                all.extend(handle_time(&sum));
                all
            }
            Self::Queues(sum) => {
                let mut all = columns(&sum);
                all.extend(ratios(&sum, level));
                all
            }
        };
        for dimension in [
            Dimension::Agent,
            Dimension::Queue,
            Dimension::Day,
            Dimension::HalfHour,
        ] {
            if !by.contains(&dimension) {
                all.remove(dimension.column());
            }
        }
        all
    }
}

/// Sums, the longest as maximum, first and last as the outermost.
fn add_agent_day(sum: &mut AgentDayRow, row: &AgentDayRow) {
    sum.call_s += row.call_s;
    sum.talk_s += row.talk_s;
    sum.hold_s += row.hold_s;
    sum.consult_s += row.consult_s;
    sum.acw_s += row.acw_s;
    sum.handle_s += row.handle_s;
    sum.busy_s += row.busy_s;
    sum.handled += row.handled;
    sum.transfers_in += row.transfers_in;
    sum.transfers_out += row.transfers_out;
    sum.longest_s = sum.longest_s.max(row.longest_s);
    sum.estimated += row.estimated;
    sum.unresolved += row.unresolved;
    sum.quarantined += row.quarantined;
    sum.open += row.open;
    sum.first_at = [sum.first_at, row.first_at].into_iter().flatten().min();
    sum.last_at = sum.last_at.max(row.last_at);
}

const fn add_queue(sum: &mut QueueRow, row: &QueueRow) {
    sum.offered += row.offered;
    sum.answered += row.answered;
    sum.abandoned += row.abandoned;
    sum.answered_within += row.answered_within;
    sum.abandoned_within += row.abandoned_within;
    sum.abandoned_short += row.abandoned_short;
    sum.wait_answered_s += row.wait_answered_s;
}

/// The formula and the threshold by which a service level is told; it is labelled with both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) formula: ServiceLevelFormula,
    pub(super) threshold_s: u32,
}

/// Average handle time as a pair; null where nothing was handled (G7).
fn handle_time(day: &AgentDayRow) -> Map<String, Value> {
    let aht = (day.handled != 0).then_some([day.handle_s, day.handled]);
    Map::from_iter([("aht".to_owned(), json!(aht))])
}

/// Service level by a named formula (C-R8), and the average speed of answer; null where nothing
/// is divided by (G7).
fn ratios(q: &QueueRow, Level { formula, threshold_s }: Level) -> Map<String, Value> {
    let (w, a, b) = (q.answered_within, q.answered, q.abandoned);
    let ratio = match formula {
        ServiceLevelFormula::F1 => [w + q.abandoned_within, a + b],
        ServiceLevelFormula::F2 => [w, a],
        ServiceLevelFormula::F3 => [w, a + b],
        ServiceLevelFormula::F4 => [w, a + b - q.abandoned_within],
        ServiceLevelFormula::F5 => [w + q.abandoned_short, a + b],
    };
    let or_null = |ratio: [i64; 2]| if ratio[1] == 0 { Value::Null } else { json!(ratio) };
    Map::from_iter([
        ("service_level".to_owned(), or_null(ratio)),
        ("service_level_formula".to_owned(), json!(formula)),
        ("service_level_threshold_s".to_owned(), json!(threshold_s)),
        ("asa".to_owned(), or_null([q.wait_answered_s, q.answered])),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_r8_each_formula_says_something_else() {
        let row = QueueRow {
            queue: "Q".parse().unwrap(),
            business_date: chrono::NaiveDate::default(),
            half_hour: "09:00".to_owned(),
            offered: 1_060,
            answered: 1_000,
            abandoned: 60,
            answered_within: 860,
            abandoned_within: 20,
            abandoned_short: 10,
            wait_answered_s: 0,
        };
        let of = |formula| {
            let level = Level {
                formula,
                threshold_s: 20,
            };
            ratios(&row, level)["service_level"].clone()
        };
        assert_eq!(of(ServiceLevelFormula::F1), json!([880, 1_060]));
        assert_eq!(of(ServiceLevelFormula::F2), json!([860, 1_000]));
        assert_eq!(of(ServiceLevelFormula::F3), json!([860, 1_060]));
        assert_eq!(of(ServiceLevelFormula::F4), json!([860, 1_040]));
        assert_eq!(of(ServiceLevelFormula::F5), json!([870, 1_060]));
    }

    #[test]
    fn g7_a_ratio_over_nothing_is_null() {
        let row = QueueRow {
            queue: "Q".parse().unwrap(),
            business_date: chrono::NaiveDate::default(),
            half_hour: "09:00".to_owned(),
            offered: 1,
            answered: 0,
            abandoned: 0,
            answered_within: 0,
            abandoned_within: 0,
            abandoned_short: 0,
            wait_answered_s: 0,
        };
        let level = Level {
            formula: ServiceLevelFormula::F1,
            threshold_s: 20,
        };
        let ratios = ratios(&row, level);
        assert_eq!(
            (&ratios["service_level"], &ratios["asa"]),
            (&Value::Null, &Value::Null)
        );
    }
}
