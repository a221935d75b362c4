//! A line by hand: written once, never changed.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Payload, events::CommissionAdjusted};
use serde::{Deserialize, Serialize};

use super::commands::AdjustmentCommand;
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one adjustment.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Adjustment {
    made: bool,
}

impl Aggregate for Adjustment {
    const CATEGORY: &'static str = "commissionadjustment";
    type Command = AdjustmentCommand;
    type Facts = ();

    fn decide(&self, command: &AdjustmentCommand, (): &(), moment: &Moment) -> Decision {
        let AdjustmentCommand::AdjustCommission(c) = command;
        if self.made {
            let detail = format!("adjustment `{}` was made already", c.adjustment_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        if c.amount_minor.get() == 0 {
            return Err(Refusal::because(
                Reason::InvalidAmount,
                "an adjustment of 0 adjusts nothing",
            ));
        }
        let (reason, approved_by) = checks::approved(c.reason.as_ref(), c.approved_by.as_ref(), moment)?;
        let adjusted = CommissionAdjusted {
            adjustment_id: c.adjustment_id.clone(),
            planner_id: c.planner_id.clone(),
            policy_id: c.policy_id.clone(),
            component: c.component,
            amount_minor: c.amount_minor,
            currency: c.currency,
            reason,
            approved_by,
        };
        Ok(vec![adjusted.into()])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        self.made |= matches!(event, Payload::CommissionAdjusted(_));
    }
}
