//! A commission period: a month that can be posted to until it, or a later one, is closed. A month
//! that nobody opened is not closed either, so it can be closed when its turn comes: closing a month
//! ends all months before it (M-R1), so none may be left out.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Month, Payload,
    events::{CommissionPeriodClosed, CommissionPeriodOpened},
};
use serde::{Deserialize, Serialize};

use super::{
    closings::Course,
    commands::{ClosePeriod, PeriodCommand},
    facts::Facts,
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal};

/// The state of one month.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Period {
    status: Status,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Untouched,
    Open,
    Closed,
}

impl Aggregate for Period {
    const CATEGORY: &'static str = "commissionperiod";
    type Command = PeriodCommand;
    type Facts = Facts;

    fn decide(&self, command: &PeriodCommand, facts: &Facts, moment: &Moment) -> Decision {
        match (command, self.status) {
            (PeriodCommand::OpenPeriod(c), Status::Closed) => Err(closed(c.period)),
            (PeriodCommand::OpenPeriod(_), Status::Open) => Ok(vec![]),
            (PeriodCommand::OpenPeriod(c), Status::Untouched) => {
                not_ended(c.period, facts)?;
                Ok(vec![CommissionPeriodOpened { period: c.period }.into()])
            }
            (PeriodCommand::ClosePeriod(c), Status::Closed) => Err(closed(c.period)),
            (PeriodCommand::ClosePeriod(c), Status::Open | Status::Untouched) => close(c, facts, moment),
        }
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match event {
            Payload::CommissionPeriodOpened(_) if self.status == Status::Untouched => {
                self.status = Status::Open
            }
            Payload::CommissionPeriodClosed(_) => self.status = Status::Closed,
            _ => {}
        }
    }
}

impl Period {
    /// Whether it is frozen.
    pub(super) fn is_closed(&self) -> bool {
        self.status == Status::Closed
    }
}

fn closed(period: Month) -> Refusal {
    Refusal::because(Reason::PeriodClosed, format!("{period} is closed"))
}

/// Closing a month has ended all months before it.
fn not_ended(period: Month, facts: &Facts) -> Result<(), Refusal> {
    match facts.course.closed_through {
        Some(last) if period <= last => {
            let detail = format!("{last} is closed, and {period} with it");
            Err(Refusal::because(Reason::PeriodClosed, detail))
        }
        _ => Ok(()),
    }
}

/// No earlier month is open, none is left out, and the month has begun on the business calendar.
fn in_turn(period: Month, facts: &Facts, moment: &Moment) -> Result<(), Refusal> {
    let not_yet = |detail: String| Err(Refusal::because(Reason::PreviousPeriodOpen, detail));
    let Course { open, closed_through } = &facts.course;
    if let Some(earlier) = open.first().filter(|earlier| **earlier < period) {
        return not_yet(format!("{earlier} is still open; close it first"));
    }
    match closed_through.map(|last| last.plus(1)) {
        Some(next) if next < period => {
            return not_yet(format!("{next} is not closed yet; close it first"));
        }
        _ => {}
    }
    let today = facts.config.business_date(moment.at);
    if Month::of(today) < period {
        return not_yet(format!("{period} has not begun: the business date is {today}"));
    }
    Ok(())
}

fn close(c: &ClosePeriod, facts: &Facts, moment: &Moment) -> Decision {
    not_ended(c.period, facts)?;
    in_turn(c.period, facts, moment)?;
    let forced = c.forced.unwrap_or(false);
    if facts.parked > 0 && !forced {
        let detail = format!(
            "{} events are parked; supply what they wait for, or force the close",
            facts.parked
        );
        return Err(Refusal::because(Reason::ParkedEventsRemain, detail));
    }
    Ok(vec![
        CommissionPeriodClosed {
            period: c.period,
            forced,
            reason: c.reason.clone(),
        }
        .into(),
    ])
}
