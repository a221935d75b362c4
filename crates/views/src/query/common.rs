//! Parameters and stamps that several views share.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use plimsoll_contracts::{InvalidParameter, Position};
use serde_json::{Map, Value};

use super::{AnswerContext, AnswerRow, Params, State, take};
use crate::{Row, StoredRow};

/// An inclusive range of business dates; an end that is not given is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl Days {
    /// Takes `from` and `to`, or the single day that the parameter `day` names.
    ///
    /// # Errors
    /// [`InvalidParameter`] for what is no date, for a day beside a range, for a range upside down.
    pub fn take(params: &mut Params, day: &str) -> Result<Self, InvalidParameter> {
        let single: Option<Date> = take(params, day, Date::FORM)?;
        let from: Option<Date> = take(params, "from", Date::FORM)?;
        let to: Option<Date> = take(params, "to", Date::FORM)?;
        let (from, to) = (from.map(|date| date.0), to.map(|date| date.0));
        if let Some(Date(single)) = single {
            if from.is_some() || to.is_some() {
                return Err(InvalidParameter::new(day, "does not go with `from` or `to`"));
            }
            return Ok(Self {
                from: Some(single),
                to: Some(single),
            });
        }
        if let (Some(first), Some(last)) = (from, to)
            && first > last
        {
            return Err(InvalidParameter::new(
                "from",
                format!("{first} is after `to` {last}"),
            ));
        }
        Ok(Self { from, to })
    }

    /// Whether a day is in the range.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// The range as text, for [`super::ViewQuery::span`]; `None` when both ends are open.
    #[must_use]
    pub fn span(&self) -> Option<(String, String)> {
        let text =
            |end: Option<NaiveDate>, open: &str| end.map_or_else(|| open.to_owned(), |d| d.to_string());
        (self.from.is_some() || self.to.is_some())
            .then(|| (text(self.from, "0000-01-01"), text(self.to, "9999-12-31")))
    }

    /// Adds the range to canonical parameters.
    pub fn put(&self, params: &mut Params) {
        for (name, end) in [("from", self.from), ("to", self.to)] {
            if let Some(day) = end {
                params.insert(name.to_owned(), day.to_string());
            }
        }
    }
}

/// A date written `YYYY-MM-DD`, and in no other way.
struct Date(NaiveDate);

impl Date {
    const FORM: &'static str = "a date such as 2026-03-01";
}

impl std::str::FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let date: NaiveDate = text.parse().map_err(|_| ())?;
        (date.to_string() == text && text.len() == 10)
            .then_some(Self(date))
            .ok_or(())
    }
}

/// The words that a column may have; none given = any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Takes a comma-separated list.
    ///
    /// # Errors
    /// [`InvalidParameter`] for an empty list or an empty word in it.
    pub fn take(params: &mut Params, name: &str) -> Result<Self, InvalidParameter> {
        let Some(text) = params.remove(name) else {
            return Ok(Self::default());
        };
        let words: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
        if words.contains("") {
            return Err(InvalidParameter::new(
                name,
                "wants words with commas between them",
            ));
        }
        Ok(Self(words))
    }

    /// The same out of a fixed choice.
    ///
    /// # Errors
    /// [`InvalidParameter`] naming the choice.
    pub fn take_of<T: Copy>(
        params: &mut Params,
        name: &str,
        choice: &[(&str, T)],
    ) -> Result<Self, InvalidParameter> {
        let words = Self::take(params, name)?;
        for word in &words.0 {
            pick(name, word, choice)?;
        }
        Ok(words)
    }

    /// Whether a column's word fits.
    #[must_use]
    pub fn fit(&self, word: &str) -> bool {
        self.0.is_empty() || self.0.contains(word)
    }

    /// Adds the list to canonical parameters.
    pub fn put(&self, name: &str, params: &mut Params) {
        if !self.0.is_empty() {
            let words: Vec<&str> = self.0.iter().map(String::as_str).collect();
            params.insert(name.to_owned(), words.join(","));
        }
    }
}

/// Takes a word out of a fixed choice.
///
/// # Errors
/// [`InvalidParameter`] naming the choice.
pub fn take_choice<T: Copy>(
    params: &mut Params,
    name: &str,
    choice: &[(&str, T)],
) -> Result<Option<T>, InvalidParameter> {
    params
        .remove(name)
        .map(|word| pick(name, &word, choice))
        .transpose()
}

/// Takes a comma-separated list out of a fixed choice; the result is in the order of the choice.
///
/// # Errors
/// [`InvalidParameter`] naming the choice.
pub fn take_choices<T: Copy + Ord>(
    params: &mut Params,
    name: &str,
    choice: &[(&str, T)],
) -> Result<BTreeSet<T>, InvalidParameter> {
    let Some(words) = params.remove(name) else {
        return Ok(BTreeSet::new());
    };
    words.split(',').map(|word| pick(name, word, choice)).collect()
}

/// The word for a value out of a fixed choice.
#[must_use]
pub fn word_of<T: PartialEq + Copy>(choice: &[(&'static str, T)], value: T) -> &'static str {
    choice
        .iter()
        .find(|(_, known)| *known == value)
        .map_or("", |(word, _)| word)
}

fn pick<T: Copy>(name: &str, word: &str, choice: &[(&str, T)]) -> Result<T, InvalidParameter> {
    choice
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known: Vec<&str> = choice.iter().map(|(known, _)| *known).collect();
            InvalidParameter::new(name, format!("`{word}` is none of {}", known.join(", ")))
        })
}

/// Position, revision and state of an answer row that stands for several stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The last change of any.
    pub position: Position,
    /// The highest of all.
    pub revision: u32,
    /// Final when all are.
    pub state: State,
}

impl Default for Stamp {
    fn default() -> Self {
        Self {
            position: Position::ZERO,
            revision: 0,
            state: State::Final,
        }
    }
}

impl Stamp {
    /// Takes one more stored row in.
    pub fn take_in<R: Row>(&mut self, stored: &StoredRow<R>, context: &AnswerContext<'_>) {
        self.position = self.position.max(stored.position);
        self.revision = self.revision.max(stored.revision);
        if context.state(&stored.row) == State::Provisional {
            self.state = State::Provisional;
        }
    }

    /// The answer row that stands for the stored rows taken in.
    #[must_use]
    pub const fn row(self, key: String, columns: Map<String, Value>) -> AnswerRow {
        AnswerRow {
            key,
            position: self.position,
            revision: self.revision,
            state: self.state,
            columns,
        }
    }
}
