//! Override rules, clawback and bonus schedules: documents whose every publication is a version.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Amount, Payload,
    events::{
        BonusBand, BonusSchedulePublished, ClawbackSchedulePublished, ClawbackStep, OverrideKind,
        OverrideRulePublished,
    },
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::plan_commands::{BonusCommand, ClawbackCommand, OverrideCommand, PublishOverrideRule};
use crate::domain::{Aggregate, Decision, Moment, Refusal, checks};

/// The state of one override rule: its last version, 0 before the first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct OverrideRule {
    version: u16,
}

impl Aggregate for OverrideRule {
    const CATEGORY: &'static str = "overriderule";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = OverrideCommand;
    type Facts = ();

    fn decide(&self, command: &OverrideCommand, (): &(), _: &Moment) -> Decision {
        let OverrideCommand::PublishOverrideRule(c) = command;
        let (rate_bp, rate_ppm) = override_rate(c)?;
        let published = OverrideRulePublished {
            rule_id: c.rule_id.clone(),
            version: checks::next_version(self.version, c.version)?,
            level: c.level.clone(),
            kind: c.kind,
            rate_bp,
            rate_ppm,
            effective_from: c.effective_from,
        };
        Ok(vec![published.into()])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        if let Payload::OverrideRulePublished(e) = event {
            self.version = e.version;
        }
    }
}

/// Percent has basis points, the others parts per million, and neither has both.
fn override_rate(c: &PublishOverrideRule) -> Result<(Option<u32>, Option<Amount>), Refusal> {
    match (c.kind, c.rate_bp, c.rate_ppm) {
        (OverrideKind::Percent, Some(bp), None) => Ok((Some(bp), None)),
        (OverrideKind::Percent, None, _) => Err(Refusal::shape("/rate_bp", "kind `percent` needs rate_bp")),
        (OverrideKind::Percent, _, Some(_)) => {
            Err(Refusal::shape("/rate_ppm", "kind `percent` has no rate_ppm"))
        }
        (OverrideKind::Differential | OverrideKind::Flat, None, Some(ppm)) => {
            Ok((None, Some(checks::not_negative("rate_ppm", ppm)?)))
        }
        (OverrideKind::Differential | OverrideKind::Flat, _, None) => Err(Refusal::shape(
            "/rate_ppm",
            "kinds `differential` and `flat` need rate_ppm",
        )),
        (OverrideKind::Differential | OverrideKind::Flat, Some(_), _) => Err(Refusal::shape(
            "/rate_bp",
            "kinds `differential` and `flat` have no rate_bp",
        )),
    }
}

/// The state of one clawback schedule: its last version, 0 before the first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClawbackSchedule {
    version: u16,
}

impl Aggregate for ClawbackSchedule {
    const CATEGORY: &'static str = "clawbackschedule";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = ClawbackCommand;
    type Facts = ();

    fn decide(&self, command: &ClawbackCommand, (): &(), _: &Moment) -> Decision {
        let ClawbackCommand::PublishClawbackSchedule(c) = command;
        ascending(
            "steps",
            "paid_to",
            c.steps.iter().map(|step| i64::from(step.paid_to)),
        )?;
        if let Some(index) = c.steps.iter().position(|step| step.rate_bp > 10_000) {
            let detail = "no more than all of it, 10,000 basis points, can come back";
            return Err(Refusal::shape(format!("/steps/{index}/rate_bp"), detail));
        }
        let step = |step: &super::plan_commands::PaidTo| ClawbackStep {
            paid_to: step.paid_to,
            rate_bp: step.rate_bp,
        };
        let published = ClawbackSchedulePublished {
            schedule_id: c.schedule_id.clone(),
            version: checks::next_version(self.version, c.version)?,
            steps: c.steps.iter().map(step).collect(),
            effective_from: c.effective_from,
        };
        Ok(vec![published.into()])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        if let Payload::ClawbackSchedulePublished(e) = event {
            self.version = e.version;
        }
    }
}

/// The state of one bonus schedule: its last version, 0 before the first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct BonusSchedule {
    version: u16,
}

impl Aggregate for BonusSchedule {
    const CATEGORY: &'static str = "bonusschedule";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = BonusCommand;
    type Facts = ();

    fn decide(&self, command: &BonusCommand, (): &(), _: &Moment) -> Decision {
        let BonusCommand::PublishBonusSchedule(c) = command;
        ascending(
            "bands",
            "from_minor",
            c.bands.iter().map(|band| band.from_minor.get()),
        )?;
        if c.bands.first().is_some_and(|band| band.from_minor.get() != 0) {
            return Err(Refusal::shape(
                "/bands/0/from_minor",
                "the first band begins at 0",
            ));
        }
        let band = |band: &super::plan_commands::Band| {
            let from_minor = checks::not_negative("from_minor", band.from_minor)?;
            Ok(BonusBand {
                from_minor,
                rate_bp: band.rate_bp,
            })
        };
        let published = BonusSchedulePublished {
            schedule_id: c.schedule_id.clone(),
            version: checks::next_version(self.version, c.version)?,
            mode: c.mode,
            currency: c.currency,
            bands: c.bands.iter().map(band).collect::<Result<_, Refusal>>()?,
            effective_from: c.effective_from,
        };
        Ok(vec![published.into()])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        if let Payload::BonusSchedulePublished(e) = event {
            self.version = e.version;
        }
    }
}

/// A list that is not empty and whose values rise.
fn ascending(list: &str, field: &str, values: impl Iterator<Item = i64>) -> Result<(), Refusal> {
    let mut last = None;
    for (index, value) in values.enumerate() {
        if last.is_some_and(|last| value <= last) {
            let detail = format!("{field} must be above the one before it");
            return Err(Refusal::shape(format!("/{list}/{index}/{field}"), detail));
        }
        last = Some(value);
    }
    match last {
        Some(_) => Ok(()),
        None => Err(Refusal::shape(format!("/{list}"), "must not be empty")),
    }
}
