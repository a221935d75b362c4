//! A settlement batch: taken once, as the acquirer sent it.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Payload,
    events::{SettlementLine, SettlementReceived},
};
use serde::{Deserialize, Serialize};

use super::commands::{SettledLine, SettlementCommand};
use crate::domain::{Aggregate, Decision, Moment, Refusal, checks};

/// The state of one batch.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Settlement {
    received: bool,
}

impl Aggregate for Settlement {
    const CATEGORY: &'static str = "settlement";
    type Command = SettlementCommand;
    type Facts = ();

    fn decide(&self, command: &SettlementCommand, (): &(), _: &Moment) -> Decision {
        let SettlementCommand::ReceiveSettlement(c) = command;
        if self.received {
            return Ok(vec![]);
        }
        let received = SettlementReceived {
            batch_id: c.batch_id.clone(),
            settled_on: c.settled_on,
            currency: c.currency,
            lines: c.lines.iter().map(line).collect::<Result<_, Refusal>>()?,
        };
        Ok(vec![received.into()])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        self.received |= matches!(event, Payload::SettlementReceived(_));
    }
}

fn line(line: &SettledLine) -> Result<SettlementLine, Refusal> {
    Ok(SettlementLine {
        payment_id: line.payment_id.clone(),
        capture_id: line.capture_id.clone(),
        refund_id: line.refund_id.clone(),
        amount_minor: line.amount_minor,
        fee_minor: checks::not_negative("fee_minor", line.fee_minor)?,
    })
}
