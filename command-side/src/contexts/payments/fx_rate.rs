//! Exchange rates between two currencies; a rate holds from its date until the next one.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Payload, events::FxRatePublished};
use serde::{Deserialize, Serialize};

use super::commands::FxRateCommand;
use crate::domain::{Aggregate, Decision, Moment, Refusal, checks};

/// No rule looks back, so nothing is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FxRate {}

impl Aggregate for FxRate {
    const CATEGORY: &'static str = "fxrate";
    type Command = FxRateCommand;
    type Facts = ();

    fn decide(&self, command: &FxRateCommand, (): &(), _: &Moment) -> Decision {
        let FxRateCommand::PublishFxRate(c) = command;
        if c.base == c.quote {
            return Err(Refusal::shape("/quote", "a rate is between two currencies"));
        }
        let published = FxRatePublished {
            base: c.base,
            quote: c.quote,
            rate_micros: checks::positive("rate_micros", c.rate_micros)?,
            effective_from: c.effective_from,
        };
        Ok(vec![published.into()])
    }

    fn evolve(&mut self, _: &Payload, _: DateTime<Utc>) {}
}
