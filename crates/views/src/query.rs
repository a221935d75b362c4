//! Questions asked of a view's rows: parameters in, selected and grouped rows out — the same
//! code for an HTTP answer, a snapshot on a socket and every delta after it.

mod common;
pub mod elapsed;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{InvalidParameter, Position, TenantConfig};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Row, StoredRow};

pub use common::{Days, Stamp, Words, take_choice, take_choices, word_of};

/// Parameters by name. Common ones (`limit`, `next`, `sort`, `min_position` …) are taken out before.
pub type Params = BTreeMap<String, String>;

/// The ids whose rows a token may see (`own` claim); `None` = all that its scope allows.
pub type Own = Option<BTreeSet<String>>;

/// A stored table and the inclusive range of [`Row::span`] of it that can matter; `None` = all of it.
pub type Reach = (&'static str, Option<(String, String)>);

/// A parsed question.
pub trait ViewQuery: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The view's row type.
    type Row: Row;

    /// Reads the parameters.
    ///
    /// # Errors
    /// [`InvalidParameter`] for one that does not exist, does not parse or does not go with another.
    fn parse(params: &Params) -> Result<Self, InvalidParameter>;

    /// Every parameter with its value, defaults filled in, in one spelling: equal questions have
    /// equal canonical parameters.
    fn canonical(&self) -> Params;

    /// The stored table that it reads.
    fn table(&self) -> &'static str;

    /// The inclusive range of [`Row::span`] that can matter; `None` = the whole table.
    fn span(&self) -> Option<(String, String)>;

    /// Whether a stored row can matter to the answer, for one who may see `own`.
    fn selects(&self, row: &Self::Row, own: &Own) -> bool;

    /// Whether the answer has one row for each selected row, so that a changed row changes only
    /// its own answer row.
    fn row_by_row(&self) -> bool;

    /// The answer from the selected rows, in the question's order (key order where it names none).
    fn answer(&self, rows: &[&StoredRow<Self::Row>], context: &AnswerContext<'_>) -> Answer;

    /// All that it reads at an instant, for a question that reads more than its one table, or
    /// whose range moves with time.
    fn reaches(&self, _now: DateTime<Utc>) -> Vec<Reach> {
        vec![(self.table(), self.span())]
    }

    /// Whether the answer depends on the asker's clock, so that it may change without any event.
    /// Such a question is not row by row.
    fn moves(&self) -> bool {
        false
    }

    /// The next instant after `context.now` at which the answer may be another one although no
    /// row has changed; `None` = there is none. Only asked of a question that [`Self::moves`].
    fn changes_at(
        &self,
        _rows: &[&StoredRow<Self::Row>],
        _context: &AnswerContext<'_>,
    ) -> Option<DateTime<Utc>> {
        None
    }
}

/// What an answer may depend on beside the rows.
#[derive(Debug, Clone, Copy)]
pub struct AnswerContext<'a> {
    /// The tenant's configuration.
    pub config: &'a TenantConfig,
    /// Highest `occurred_at` seen; decides provisional or final.
    pub watermark: Option<DateTime<Utc>>,
    /// The asker's clock, for running windows and live clocks.
    pub now: DateTime<Utc>,
}

/// The rows of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// In the question's order.
    pub rows: Vec<AnswerRow>,
}

/// One row of an answer, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerRow {
    /// Its key in this answer.
    pub key: String,
    /// The last position that changed it.
    pub position: Position,
    /// How often it changed after being final (G5); the highest of the rows behind it.
    pub revision: u32,
    /// Whether it may still move.
    pub state: State,
    /// The columns.
    #[serde(flatten)]
    pub columns: Map<String, Value>,
}

/// Whether a figure may still move (G5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It may still move.
    Provisional,
    /// A later change is a restatement.
    Final,
}

impl AnswerContext<'_> {
    /// Whether a row is final by the watermark; rows that are never provisional are final.
    pub fn state<R: Row>(&self, row: &R) -> State {
        let is_final = row
            .final_after(self.config)
            .is_none_or(|after| self.watermark.is_some_and(|watermark| watermark >= after));
        if is_final {
            State::Final
        } else {
            State::Provisional
        }
    }

    /// A stored row as it stands, as a row of an answer.
    pub fn as_it_stands<R: Row>(&self, stored: &StoredRow<R>) -> AnswerRow {
        AnswerRow {
            key: stored.row.key(),
            position: stored.position,
            revision: stored.revision,
            state: self.state(&stored.row),
            columns: columns(&stored.row),
        }
    }
}

/// The columns of a row, or a part of them, as JSON.
pub fn columns<T: Serialize>(row: &T) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(columns)) => columns,
        other => unreachable!("a row serializes to a JSON object, not {other:?}"),
    }
}

/// Takes a parameter out, so that what remains is unknown.
///
/// # Errors
/// [`InvalidParameter`] when it does not parse.
pub fn take<T: std::str::FromStr>(
    params: &mut Params,
    name: &str,
    form: &str,
) -> Result<Option<T>, InvalidParameter> {
    params
        .remove(name)
        .map(|text| {
            text.parse()
                .map_err(|_| InvalidParameter::new(name, format!("`{text}` is not {form}")))
        })
        .transpose()
}

/// Refuses what is left after every known parameter was taken.
///
/// # Errors
/// [`InvalidParameter`] naming the first unknown one.
pub fn none_left(params: &Params, known: &[&str]) -> Result<(), InvalidParameter> {
    params.keys().next().map_or(Ok(()), |name| {
        Err(InvalidParameter::new(
            name,
            format!("does not exist here; there are: {}", known.join(", ")),
        ))
    })
}
