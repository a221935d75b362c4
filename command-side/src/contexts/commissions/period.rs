//! A commission period: a month that can be posted to until it is closed. A month that nobody
//! opened is not closed either, so it can be closed (M-R1 asks for the first period still open).

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Payload,
    events::{CommissionPeriodClosed, CommissionPeriodOpened},
};
use serde::{Deserialize, Serialize};

use super::{
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

    fn decide(&self, command: &PeriodCommand, facts: &Facts, _: &Moment) -> Decision {
        match (command, self.status) {
            (PeriodCommand::OpenPeriod(c), Status::Closed) => Err(closed(c.period)),
            (PeriodCommand::OpenPeriod(_), Status::Open) => Ok(vec![]),
            (PeriodCommand::OpenPeriod(c), Status::Untouched) => {
                Ok(vec![CommissionPeriodOpened { period: c.period }.into()])
            }
            (PeriodCommand::ClosePeriod(c), Status::Closed) => Err(closed(c.period)),
            (PeriodCommand::ClosePeriod(c), Status::Open | Status::Untouched) => close(c, facts),
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
    /// Whether it was opened and not closed.
    pub(super) fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Whether it is frozen.
    pub(super) fn is_closed(&self) -> bool {
        self.status == Status::Closed
    }
}

fn closed(period: plimsoll_contracts::Month) -> Refusal {
    Refusal::because(Reason::PeriodClosed, format!("{period} is closed"))
}

fn close(c: &ClosePeriod, facts: &Facts) -> Decision {
    if facts.previous_open {
        let detail = format!("{} is still open; close it first", c.period.plus(-1));
        return Err(Refusal::because(Reason::PreviousPeriodOpen, detail));
    }
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
