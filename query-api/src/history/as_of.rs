//! Which moment a question is about (G5): a position or a time of recording, and what was known by
//! a business time.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, InvalidParameter, Position, Problem, time};
use plimsoll_views::{Params, query::take};

use super::{History, of_log};
use crate::{http::AtLeast, problems};

const AS_OF_POSITION: &str = "as_of_position";
const AS_OF_TIME: &str = "as_of_time";
const KNOWN_AT: &str = "known_at";

/// The parameters by which a question is about the past.
pub(crate) const PARAMETERS: [&str; 3] = [AS_OF_POSITION, AS_OF_TIME, KNOWN_AT];

/// A moment as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AsOf {
    at: Option<At>,
    known: Known,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    Position(AtLeast),
    Time(DateTime<Utc>),
}

/// The business time by which something must have occurred to be known; none = everything counts
/// (M-R2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known(Option<DateTime<Utc>>);

/// A moment of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Events up to here.
    pub(crate) position: Position,
    /// Recorded time of the event there.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// What a clock showed then.
    pub(crate) now: DateTime<Utc>,
    /// Which of them count.
    pub(crate) known: Known,
    /// Nothing can change what the view was then.
    pub(crate) is_settled: bool,
}

impl Known {
    /// Whether an event counts. Configuration always does: it is set on an operator's clock.
    pub(crate) fn holds(self, event: &Event) -> bool {
        self.0.is_none_or(|at| event.occurred_at <= at) || &*event.event_type == "TenantConfigured"
    }
}

/// A time as a parameter shows it.
struct Time(DateTime<Utc>);

impl FromStr for Time {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self(at.to_utc()))
            .map_err(|_| ())
    }
}

const TIME_FORM: &str = "a time such as 2026-03-01T09:00:00Z";

impl AsOf {
    /// Takes the parameters out; none = the question is about the present.
    ///
    /// # Errors
    /// [`InvalidParameter`] for what does not parse or go together.
    pub(crate) fn take(params: &mut Params, has_known_at: bool) -> Result<Option<Self>, InvalidParameter> {
        let position: Option<AtLeast> = take(
            params,
            AS_OF_POSITION,
            "a position such as 12345 or k3f9.000000012345",
        )?;
        let time: Option<Time> = take(params, AS_OF_TIME, TIME_FORM)?;
        let known: Option<Time> = match has_known_at {
            true => take(params, KNOWN_AT, TIME_FORM)?,
            false => None,
        };
        let at = match (position, time) {
            (Some(_), Some(_)) => {
                let detail = "does not go with `as_of_position`: each of them names the moment";
                return Err(InvalidParameter::new(AS_OF_TIME, detail));
            }
            (Some(position), None) => Some(At::Position(position)),
            (None, Some(Time(at))) => Some(At::Time(at)),
            (None, None) => None,
        };
        let known = Known(known.map(|Time(at)| at));
        Ok((at.is_some() || known != Known::default()).then_some(Self { at, known }))
    }

    /// The parameter that says so.
    pub(crate) const fn name(&self) -> &'static str {
        match self.at {
            Some(At::Position(_)) => AS_OF_POSITION,
            Some(At::Time(_)) => AS_OF_TIME,
            None => KNOWN_AT,
        }
    }

    /// The question's form, for its entity tag.
    pub(crate) fn form(&self, moment: &Moment) -> Vec<(&'static str, String)> {
        let known = self.known.0.map(|at| (KNOWN_AT, time::format(at)));
        [
            (AS_OF_POSITION, moment.position.to_string()),
            ("now", time::format(moment.now)),
        ]
        .into_iter()
        .chain(known)
        .collect()
    }
}

impl History {
    /// Finds the moment in the log.
    ///
    /// # Errors
    /// 400 for another history's position, 412 for one that does not exist yet, 503.
    pub(crate) async fn moment(&self, asked: &AsOf) -> Result<Moment, Problem> {
        let head = self.log().head().await.map_err(|error| of_log(&error))?;
        let clock = Utc::now();
        let (position, now, is_settled) = match &asked.at {
            None => (head.position, None, false),
            Some(At::Time(at)) => {
                let found = self.log().position_at(*at).await;
                let position = found.map_err(|error| of_log(&error))?.min(head.position);
                // What is recorded later may carry the very time of the last event.
                (position, Some(clock.min(*at)), *at < head.recorded_at)
            }
            Some(At::Position(AtLeast::Position(position))) => (*position, None, true),
            Some(At::Position(AtLeast::Token(token))) if token.epoch == head.epoch => {
                (token.position, None, true)
            }
            Some(At::Position(AtLeast::Token(token))) => {
                let detail = format!(
                    "{token} belongs to another history of the log; this one is `{}`",
                    head.epoch
                );
                return Err(Problem::invalid_parameter(AS_OF_POSITION, detail));
            }
        };
        if position > head.position {
            return Err(problems::log_behind(position, head.position));
        }
        let recorded = self.log().recorded_at(position).await;
        let as_of = recorded.map_err(|error| of_log(&error))?;
        Ok(Moment {
            position,
            as_of,
            now: now.or(as_of).unwrap_or(clock),
            known: asked.known,
            is_settled: is_settled && position > Position::ZERO,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_from(pairs: &[(&str, &str)], has_known_at: bool) -> Result<Option<AsOf>, InvalidParameter> {
        let mut params = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        AsOf::take(&mut params, has_known_at)
    }

    #[test]
    fn a_moment_is_named_once_and_well() {
        assert_eq!(take_from(&[("from", "2026-03-01")], true), Ok(None));
        let both = [("as_of_position", "5"), ("as_of_time", "2026-03-01T00:00:00Z")];
        assert_eq!(take_from(&both, false).unwrap_err().name, "as_of_time");
        assert_eq!(
            take_from(&[("as_of_time", "yesterday")], false).unwrap_err().name,
            "as_of_time"
        );
        assert_eq!(
            take_from(&[("as_of_position", "-1")], false).unwrap_err().name,
            "as_of_position"
        );
    }

    #[test]
    fn known_at_is_asked_of_views_that_have_it() {
        let asked = [("known_at", "2026-03-01T00:00:00Z")];
        assert_eq!(take_from(&asked, true).unwrap().unwrap().name(), "known_at");
        assert_eq!(take_from(&asked, false), Ok(None));
    }
}
