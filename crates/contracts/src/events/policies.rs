//! Events of an insurance policy: stream `policy-{policy_id}`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::{Amount, Currency},
};

/// How often premiums are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PremiumMode {
    /// Each month.
    Monthly,
    /// Each quarter.
    Quarterly,
    /// Twice a year.
    HalfYearly,
    /// Once a year.
    Yearly,
}

/// A planner’s share of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerShare {
    /// The planner.
    pub planner_id: Id,
    /// Share in basis points; the shares of a policy sum to 10,000.
    pub share_bp: u32,
}

/// A policy begins; the first planner is the primary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyIssued {
    /// The policy.
    pub policy_id: Id,
    /// Insurance product.
    pub product_id: Id,
    /// Plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Label>,
    /// Term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_years: Option<u16>,
    /// Contract date on the local business calendar.
    #[serde(with = "crate::time::date")]
    pub contract_date: NaiveDate,
    /// Currency.
    pub currency: Currency,
    /// P: the monthly premium.
    pub monthly_premium_minor: Amount,
    /// Yearly premium.
    pub annual_premium_minor: Amount,
    /// Acquisition cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquisition_cost_minor: Option<Amount>,
    /// How often premiums are due.
    pub premium_mode: PremiumMode,
    /// Who sold it, primary first.
    pub planners: Vec<PlannerShare>,
}

/// A premium arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremiumPaid {
    /// The policy.
    pub policy_id: Id,
    /// First monthly instalment covered.
    pub instalment_no: u16,
    /// Monthly instalments covered; 1 for monthly.
    pub instalments: u16,
    /// How much.
    pub amount_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// When it was due.
    #[serde(with = "crate::time::date")]
    pub due_on: NaiveDate,
}

/// The last premium bounced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremiumReversed {
    /// The policy.
    pub policy_id: Id,
    /// Which.
    pub instalment_no: u16,
    /// Why.
    pub reason: String,
}

/// The customer withdrew inside the free-look term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFreeLookCancelled {
    /// The policy.
    pub policy_id: Id,
}

/// Why a policy is void from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    /// It was sold badly.
    QualityComplaint,
    /// It was described wrongly.
    Misrepresentation,
    /// Another reason.
    Other,
}

/// The policy never was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVoided {
    /// The policy.
    pub policy_id: Id,
    /// Why.
    pub reason: VoidReason,
}

/// Premiums stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLapsed {
    /// The policy.
    pub policy_id: Id,
    /// Why.
    pub reason: String,
}

/// The customer gave the policy up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySurrendered {
    /// The policy.
    pub policy_id: Id,
    /// What was paid out.
    pub surrender_value_minor: Amount,
    /// Currency.
    pub currency: Currency,
}

/// A lapsed policy lives again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReinstated {
    /// The policy.
    pub policy_id: Id,
}

/// The term is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyMatured {
    /// The policy.
    pub policy_id: Id,
}

/// The insured died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeathClaimPaid {
    /// The policy.
    pub policy_id: Id,
    /// What was paid out.
    pub amount_minor: Amount,
    /// Currency.
    pub currency: Currency,
}

/// Another planner looks after the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicingPlannerReassigned {
    /// The policy.
    pub policy_id: Id,
    /// Who did before.
    pub old_planner_id: Id,
    /// Who does now.
    pub planner_id: Id,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}
