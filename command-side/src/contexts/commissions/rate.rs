//! A rate document: published once, corrected in versions.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Payload,
    events::{CommissionRateCorrected, CommissionRatePublished, Payout, RateStep},
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::rate_commands::{CorrectRate, PublishRate, RateCommand, Step};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// All of an amount, in basis points.
const WHOLE_BP: u32 = 10_000;

/// The state of one rate document.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rate {
    /// 0 when nothing is published.
    version: u16,
}

impl Aggregate for Rate {
    const CATEGORY: &'static str = "commissionrate";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = RateCommand;
    type Facts = ();

    fn decide(&self, command: &RateCommand, (): &(), moment: &Moment) -> Decision {
        match command {
            RateCommand::PublishRate(c) => self.publish(c),
            RateCommand::CorrectRate(c) => self.correct(c, moment),
        }
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match event {
            Payload::CommissionRatePublished(e) => self.version = e.version,
            Payload::CommissionRateCorrected(e) => self.version = e.version,
            _ => {}
        }
    }
}

/// Both events hold the same terms; only what stands around them differs.
macro_rules! with_terms {
    ($event:ident, $command:ident, { $($own:tt)* }) => {
        $event {
            rate_id: $command.rate_id.clone(),
            product_id: $command.product_id.clone(),
            plan: $command.plan.clone(),
            channel: $command.channel.clone(),
            grade: $command.grade.clone(),
            term_years: $command.term_years,
            component: $command.component,
            basis: $command.basis,
            schedule: schedule(&$command.schedule)?,
            payout: $command.payout,
            advance_bp: advance($command.payout, $command.advance_bp)?,
            effective_from: $command.effective_from,
            effective_to: until($command.effective_from, $command.effective_to)?,
            $($own)*
        }
    };
}

impl Rate {
    fn publish(&self, c: &PublishRate) -> Decision {
        if self.version > 0 {
            let detail = format!("rate `{}` is published already; correct it instead", c.rate_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        let version = checks::next_version(0, c.version)?;
        Ok(vec![with_terms!(CommissionRatePublished, c, { version }).into()])
    }

    fn correct(&self, c: &CorrectRate, moment: &Moment) -> Decision {
        if self.version == 0 {
            return Err(Refusal::no_stream("rate", &c.rate_id));
        }
        let (reason, approved_by) = checks::approved(c.reason.as_ref(), c.approved_by.as_ref(), moment)?;
        let version = checks::next_version(self.version, c.version)?;
        let corrected = with_terms!(CommissionRateCorrected, c, {
            version,
            reason,
            approved_by,
        });
        Ok(vec![corrected.into()])
    }
}

fn schedule(steps: &[Step]) -> Result<Vec<RateStep>, Refusal> {
    if steps.is_empty() {
        return Err(Refusal::shape("/schedule", "a rate has at least one step"));
    }
    let step = |(index, step): (usize, &Step)| {
        let wrong =
            |field: &str, detail: &str| Err(Refusal::shape(format!("/schedule/{index}/{field}"), detail));
        match step {
            Step { from: 0, .. } => wrong("from", "instalments are counted from 1"),
            Step { every: 0, .. } => wrong("every", "the distance is at least 1"),
            Step { from, to, .. } if to < from => wrong("to", "the last instalment is not before the first"),
            Step {
                from,
                to,
                every,
                rate_ppm,
                mode,
            } => Ok(RateStep {
                from: *from,
                to: *to,
                every: *every,
                rate_ppm: checks::not_negative("rate_ppm", *rate_ppm)?,
                mode: *mode,
            }),
        }
    };
    steps.iter().enumerate().map(step).collect()
}

fn advance(payout: Payout, advance_bp: Option<u32>) -> Result<Option<u32>, Refusal> {
    match (payout, advance_bp) {
        (Payout::AsEarned, None) => Ok(None),
        (Payout::AsEarned, Some(_)) => Err(Refusal::shape(
            "/advance_bp",
            "is given with payout `advance` only",
        )),
        (Payout::Advance, Some(bp @ 1..=WHOLE_BP)) => Ok(Some(bp)),
        (Payout::Advance, _) => Err(Refusal::shape(
            "/advance_bp",
            "payout `advance` needs 1 to 10,000 basis points",
        )),
    }
}

fn until(from: NaiveDate, to: Option<NaiveDate>) -> Result<Option<NaiveDate>, Refusal> {
    match to {
        Some(to) if to <= from => Err(Refusal::shape("/effective_to", "lies after effective_from")),
        to => Ok(to),
    }
}
