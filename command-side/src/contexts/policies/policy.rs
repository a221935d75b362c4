//! A policy's life: in force, lapsed and back, or ended one way or another.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Currency, Id, Payload,
    events::{
        DeathClaimPaid, PolicyFreeLookCancelled, PolicyLapsed, PolicyMatured, PolicyReinstated,
        PolicySurrendered, PolicyVoided, PremiumPaid, PremiumReversed, ServicingPlannerReassigned,
    },
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::{
    commands::{
        PayDeathClaim, PayPremium, PolicyCommand, ReassignServicingPlanner, ReversePremium, SurrenderPolicy,
    },
    facts::Facts,
    issue::issue,
    term::{within_days, within_months},
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one policy.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Policy {
    issued: Option<Issued>,
    status: Status,
    /// First instalment and number of instalments of each premium that is paid.
    paid: Vec<(u16, u16)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Issued {
    contract_date: NaiveDate,
    currency: Currency,
    servicing_planner: Id,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    InForce,
    Lapsed(DateTime<Utc>),
    FreeLookCancelled,
    Voided,
    /// Surrendered, matured, or ended by death.
    Ended,
}

impl Aggregate for Policy {
    const CATEGORY: &'static str = "policy";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(100);
    type Command = PolicyCommand;
    type Facts = Facts;

    fn decide(&self, command: &PolicyCommand, facts: &Facts, moment: &Moment) -> Decision {
        let event: Payload = match command {
            PolicyCommand::IssuePolicy(c) if self.issued.is_some() => {
                let detail = format!("policy `{}` was issued already", c.policy_id);
                return Err(Refusal::because(Reason::AlreadyExists, detail));
            }
            PolicyCommand::IssuePolicy(c) => return issue(c, facts),
            PolicyCommand::PayPremium(c) => return self.pay(c),
            PolicyCommand::ReversePremium(c) => return self.reverse(c),
            PolicyCommand::SurrenderPolicy(c) => return self.surrender(c),
            PolicyCommand::PayDeathClaim(c) => return self.pay_death_claim(c),
            PolicyCommand::ReassignServicingPlanner(c) => return self.reassign(c, facts),
            PolicyCommand::ReinstatePolicy(c) => return self.reinstate(&c.policy_id, facts, moment),
            PolicyCommand::CancelFreeLook(c) => {
                let issued = self.in_force(&c.policy_id)?;
                let today = facts.config.business_date(moment.at);
                if !within_days(issued.contract_date, facts.config.free_look_days, today) {
                    let days = facts.config.free_look_days;
                    let detail = format!(
                        "the free-look term of {days} days from {} has passed",
                        issued.contract_date
                    );
                    return Err(Refusal::because(Reason::FreeLookOver, detail));
                }
                PolicyFreeLookCancelled {
                    policy_id: c.policy_id.clone(),
                }
                .into()
            }
            PolicyCommand::VoidPolicy(c) => {
                self.existing(&c.policy_id)?;
                if matches!(self.status, Status::FreeLookCancelled | Status::Voided) {
                    return Err(not_in_force("the policy was undone already"));
                }
                PolicyVoided {
                    policy_id: c.policy_id.clone(),
                    reason: c.reason,
                }
                .into()
            }
            PolicyCommand::LapsePolicy(c) => {
                self.in_force(&c.policy_id)?;
                PolicyLapsed {
                    policy_id: c.policy_id.clone(),
                    reason: c.reason.clone(),
                }
                .into()
            }
            PolicyCommand::MaturePolicy(c) => {
                self.in_force(&c.policy_id)?;
                PolicyMatured {
                    policy_id: c.policy_id.clone(),
                }
                .into()
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &Payload, at: DateTime<Utc>) {
        match event {
            Payload::PolicyIssued(e) => {
                self.issued = e.planners.first().map(|primary| Issued {
                    contract_date: e.contract_date,
                    currency: e.currency,
                    servicing_planner: primary.planner_id.clone(),
                });
            }
            Payload::PremiumPaid(e) => self.paid.push((e.instalment_no, e.instalments)),
            Payload::PremiumReversed(e) => self.paid.retain(|(first, _)| *first != e.instalment_no),
            Payload::PolicyFreeLookCancelled(_) => self.status = Status::FreeLookCancelled,
            Payload::PolicyVoided(_) => self.status = Status::Voided,
            Payload::PolicyLapsed(_) => self.status = Status::Lapsed(at),
            Payload::PolicyReinstated(_) => self.status = Status::InForce,
            Payload::PolicySurrendered(_) | Payload::PolicyMatured(_) | Payload::DeathClaimPaid(_) => {
                self.status = Status::Ended;
            }
            Payload::ServicingPlannerReassigned(e) => {
                if let Some(issued) = &mut self.issued {
                    issued.servicing_planner = e.planner_id.clone();
                }
            }
            _ => {}
        }
    }
}

fn not_in_force(detail: impl Into<String>) -> Refusal {
    Refusal::because(Reason::PolicyNotInForce, detail)
}

impl Policy {
    fn existing(&self, id: &Id) -> Result<&Issued, Refusal> {
        self.issued
            .as_ref()
            .ok_or_else(|| Refusal::no_stream("policy", id))
    }

    fn in_force(&self, id: &Id) -> Result<&Issued, Refusal> {
        let issued = self.existing(id)?;
        match self.status {
            Status::InForce => Ok(issued),
            Status::Lapsed(at) => Err(not_in_force(format!("the policy lapsed at {at}"))),
            Status::FreeLookCancelled | Status::Voided | Status::Ended => {
                Err(not_in_force("the policy has ended"))
            }
        }
    }

    fn pay(&self, c: &PayPremium) -> Decision {
        let issued = self.in_force(&c.policy_id)?;
        checks::same_currency(issued.currency, c.currency)?;
        let amount_minor = checks::positive("amount_minor", c.amount_minor)?;
        if c.instalments == 0 {
            return Err(Refusal::shape(
                "/instalments",
                "a premium covers at least one monthly instalment",
            ));
        }
        let next = self
            .paid
            .last()
            .map_or(1, |(first, count)| u32::from(*first) + u32::from(*count));
        if u32::from(c.instalment_no) != next {
            let detail = format!("instalment {next} is next, not {}", c.instalment_no);
            return Err(Refusal::because(Reason::InstalmentOutOfOrder, detail));
        }
        let paid = PremiumPaid {
            policy_id: c.policy_id.clone(),
            instalment_no: c.instalment_no,
            instalments: c.instalments,
            amount_minor,
            currency: c.currency,
            due_on: c.due_on,
        };
        Ok(vec![paid.into()])
    }

    /// A premium can bounce after the policy has ended, so the status does not matter.
    fn reverse(&self, c: &ReversePremium) -> Decision {
        self.existing(&c.policy_id)?;
        match self.paid.last() {
            Some((last, _)) if *last == c.instalment_no => {}
            Some((last, _)) => {
                let detail = format!("the last paid premium is {last}, not {}", c.instalment_no);
                return Err(Refusal::because(Reason::InstalmentOutOfOrder, detail));
            }
            None => {
                return Err(Refusal::because(
                    Reason::InstalmentOutOfOrder,
                    "no premium is paid",
                ));
            }
        }
        let (policy_id, reason) = (c.policy_id.clone(), c.reason.clone());
        Ok(vec![
            PremiumReversed {
                policy_id,
                instalment_no: c.instalment_no,
                reason,
            }
            .into(),
        ])
    }

    fn surrender(&self, c: &SurrenderPolicy) -> Decision {
        let issued = self.in_force(&c.policy_id)?;
        checks::same_currency(issued.currency, c.currency)?;
        let surrender_value_minor = checks::not_negative("surrender_value_minor", c.surrender_value_minor)?;
        let policy_id = c.policy_id.clone();
        Ok(vec![
            PolicySurrendered {
                policy_id,
                surrender_value_minor,
                currency: c.currency,
            }
            .into(),
        ])
    }

    fn pay_death_claim(&self, c: &PayDeathClaim) -> Decision {
        let issued = self.in_force(&c.policy_id)?;
        checks::same_currency(issued.currency, c.currency)?;
        let amount_minor = checks::not_negative("amount_minor", c.amount_minor)?;
        Ok(vec![
            DeathClaimPaid {
                policy_id: c.policy_id.clone(),
                amount_minor,
                currency: c.currency,
            }
            .into(),
        ])
    }

    fn reinstate(&self, policy_id: &Id, facts: &Facts, moment: &Moment) -> Decision {
        self.existing(policy_id)?;
        let Status::Lapsed(at) = self.status else {
            return Err(Refusal::because(
                Reason::PolicyNotLapsed,
                "only a lapsed policy can be reinstated",
            ));
        };
        let (lapsed_on, today) = (
            facts.config.business_date(at),
            facts.config.business_date(moment.at),
        );
        if !within_months(lapsed_on, facts.config.reinstatement_months, today) {
            let months = facts.config.reinstatement_months;
            let detail = format!("the policy lapsed on {lapsed_on}, more than {months} months ago");
            return Err(Refusal::because(Reason::ReinstatementExpired, detail));
        }
        Ok(vec![
            PolicyReinstated {
                policy_id: policy_id.clone(),
            }
            .into(),
        ])
    }

    fn reassign(&self, c: &ReassignServicingPlanner, facts: &Facts) -> Decision {
        let issued = self.existing(&c.policy_id)?;
        facts.active(std::iter::once(&c.planner_id), c.effective_from)?;
        let reassigned = ServicingPlannerReassigned {
            policy_id: c.policy_id.clone(),
            old_planner_id: issued.servicing_planner.clone(),
            planner_id: c.planner_id.clone(),
            effective_from: c.effective_from,
        };
        Ok(vec![reassigned.into()])
    }
}
