//! Why a cell of revenue is what it is: which events can have touched it.

use chrono::{DateTime, Duration, DurationRound as _, NaiveDate, Timelike as _, Utc};
use plimsoll_contracts::{TenantConfig, time};

use super::{FAILURES, MINUTES, ROWS};
use crate::{
    Place, Trace,
    explain::{days, stretch},
};

/// Rates concern every cell.
const RATES: &str = "fxrate-";
/// The cells by hour of the capture.
const COHORT: &str = "cohort";

/// A cell holds what payments (or orders) did in its hour, at rates of any day. What is moved to
/// the hour of its capture belongs to a payment that was captured in it.
pub(super) fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
    let streams = vec![RATES.to_owned()];
    match place {
        Place::Row {
            table: ROWS | FAILURES | COHORT,
            key,
        } => {
            let mut parts = key.split('|');
            let date: NaiveDate = parts.next()?.parse().ok()?;
            let hour: u32 = parts.next()?.parse().ok()?;
            Some(Trace {
                within: Some(stretch(config, date, |wall| wall.hour() == hour)),
                streams,
                moments: vec![config.final_after(date)],
            })
        }
        Place::Row { table: MINUTES, key } => {
            let minute: DateTime<Utc> = time::parse(key.split('|').next()?).ok()?;
            // When the watermark passes this, the minute's hour is let go.
            let gone = minute.duration_trunc(Duration::hours(1)).ok()? + Duration::hours(49);
            Some(Trace {
                within: Some((minute, minute + Duration::minutes(1))),
                streams,
                moments: vec![gone],
            })
        }
        Place::Span {
            table: ROWS | FAILURES | COHORT,
            from,
            to,
        } => {
            let days = days(from, to)?;
            let (first, last) = (days.first()?, days.last()?);
            Some(Trace {
                within: Some((config.day_start(*first), config.day_end(*last))),
                streams,
                moments: days.iter().map(|day| config.final_after(*day)).collect(),
            })
        }
        _ => None,
    }
}
