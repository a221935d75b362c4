//! Events of commission plans: rates, override rules, clawback and bonus schedules, periods.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::{Amount, Currency, SignedAmount},
    month::Month,
};

/// What a rate document pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateComponent {
    /// New-business commission.
    New,
    /// Instalment commission.
    Instalment,
    /// Maintenance commission.
    Maintenance,
}

/// What a rate is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateBasis {
    /// P.
    MonthlyPremium,
    /// The yearly premium.
    AnnualPremium,
    /// The acquisition cost.
    AcquisitionCost,
}

/// How a schedule step pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateMode {
    /// The rate on every instalment named.
    Each,
    /// The whole amount split over them (G3).
    Spread,
}

/// When commission is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payout {
    /// With each instalment.
    AsEarned,
    /// A share of the whole at the first instalment (M-R10).
    Advance,
}

/// One step of a rate schedule: instalments from, from + every, … up to `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateStep {
    /// First instalment.
    pub from: u16,
    /// Last instalment at most.
    pub to: u16,
    /// Distance.
    pub every: u16,
    /// Rate, 1e-6 of the basis.
    pub rate_ppm: Amount,
    /// Each or spread.
    pub mode: RateMode,
}

/// A rate document: stream `commissionrate-{rate_id}` (M-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionRatePublished {
    /// The document.
    pub rate_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Only this product; absent = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Id>,
    /// Only this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// Only this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Label>,
    /// Only this grade of the primary planner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Label>,
    /// Only this term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_years: Option<u16>,
    /// What it pays.
    pub component: RateComponent,
    /// Of what.
    pub basis: RateBasis,
    /// When and how much.
    pub schedule: Vec<RateStep>,
    /// As earned, or in advance.
    pub payout: Payout,
    /// Share paid in advance, basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_bp: Option<u32>,
    /// First contract date.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
    /// First contract date no longer governed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::time::date::option"
    )]
    pub effective_to: Option<NaiveDate>,
}

/// A later version of a rate document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionRateCorrected {
    /// The document.
    pub rate_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Only this product; absent = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Id>,
    /// Only this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// Only this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Label>,
    /// Only this grade of the primary planner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Label>,
    /// Only this term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_years: Option<u16>,
    /// What it pays.
    pub component: RateComponent,
    /// Of what.
    pub basis: RateBasis,
    /// When and how much.
    pub schedule: Vec<RateStep>,
    /// As earned, or in advance.
    pub payout: Payout,
    /// Share paid in advance, basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_bp: Option<u32>,
    /// First contract date.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
    /// First contract date no longer governed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::time::date::option"
    )]
    pub effective_to: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// Who approved; not the actor.
    pub approved_by: Id,
}

/// How an override is computed (M-R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// A share of the payee’s line.
    Percent,
    /// What the level’s own rate exceeds the rate below.
    Differential,
    /// A rate of P.
    Flat,
}

/// What a manager earns: stream `overriderule-{rule_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideRulePublished {
    /// The rule.
    pub rule_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Level of the unit managed.
    pub level: Label,
    /// How.
    pub kind: OverrideKind,
    /// For percent, basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_bp: Option<u32>,
    /// For differential and flat, 1e-6 of P.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ppm: Option<Amount>,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// Up to `paid_to` paid instalments, this share comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClawbackStep {
    /// Paid instalments, at most.
    pub paid_to: u16,
    /// Share, basis points.
    pub rate_bp: u32,
}

/// How much comes back (M-R5): stream `clawbackschedule-{schedule_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClawbackSchedulePublished {
    /// The schedule.
    pub schedule_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Ascending; beyond the last 0.
    pub steps: Vec<ClawbackStep>,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}

/// How bands apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BonusMode {
    /// The whole at the rate of the band reached.
    Slab,
    /// Each part at its band’s rate.
    Marginal,
}

/// A band of production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusBand {
    /// Production from here on.
    pub from_minor: Amount,
    /// Rate, basis points.
    pub rate_bp: u32,
}

/// Production bonus (M-R7): stream `bonusschedule-{schedule_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusSchedulePublished {
    /// The schedule.
    pub schedule_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Slab or marginal.
    pub mode: BonusMode,
    /// Currency.
    pub currency: Currency,
    /// Ascending from 0.
    pub bands: Vec<BonusBand>,
    /// First month.
    #[serde(with = "crate::time::month")]
    pub effective_from: Month,
}

/// A month can be posted to: stream `commissionperiod-{month}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionPeriodOpened {
    /// The month.
    #[serde(with = "crate::time::month")]
    pub period: Month,
}

/// A month is frozen (M-R1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionPeriodClosed {
    /// The month.
    #[serde(with = "crate::time::month")]
    pub period: Month,
    /// Closed although events are parked.
    pub forced: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a manual line counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentComponent {
    /// None of the others.
    Manual,
    /// Bonus.
    Bonus,
    /// Settling allowance.
    Settling,
}

/// A line by hand: stream `commissionadjustment-{adjustment_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionAdjusted {
    /// The adjustment.
    pub adjustment_id: Id,
    /// For whom.
    pub planner_id: Id,
    /// About which policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<Id>,
    /// What it counts as.
    pub component: AdjustmentComponent,
    /// Signed amount, not 0.
    pub amount_minor: SignedAmount,
    /// Currency.
    pub currency: Currency,
    /// Why.
    pub reason: String,
    /// Who approved; not the actor.
    pub approved_by: Id,
}
