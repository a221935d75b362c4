//! Rows of `commission`: the ledger's lines, the monthly statements made of them, the state of
//! each policy, and persistency.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::{Currency, Id, Label, Month};

/// What a line pays or takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Component {
    /// New-business commission.
    New,
    /// Instalment commission.
    Instalment,
    /// Maintenance commission (M-R11).
    Maintenance,
    /// What an instalment earned of an advance (M-R10).
    Earned,
    /// Paid before it is earned (M-R10).
    Advance,
    /// Advance repaid out of what was earned.
    AdvanceRepaid,
    /// Advance taken back at the policy's end.
    AdvanceRecovered,
    /// What a manager earns on a line below (M-R3).
    Override,
    /// Above the cap, waiting; amount 0 (M-R4).
    CapDeferred,
    /// Above the cap, lost; amount 0 (M-R4).
    CapForfeited,
    /// What waited, paid from policy month 13 on.
    CapRelease,
    /// Taken back at the policy's end (M-R5).
    Clawback,
    /// Given again at reinstatement (M-R6).
    ClawbackReversed,
    /// Taken back with a premium that bounced (M-R12).
    Reversed,
    /// Difference to what was posted before (M-R1, M-R2).
    Adjust,
    /// Production bonus (M-R7), or a bonus by hand.
    Bonus,
    /// Settling allowance.
    Settling,
    /// Anything else by hand.
    Manual,
}

impl Component {
    /// Every component, in the order of the domain rules.
    pub const ALL: [Self; 18] = [
        Self::New,
        Self::Instalment,
        Self::Maintenance,
        Self::Earned,
        Self::Advance,
        Self::AdvanceRepaid,
        Self::AdvanceRecovered,
        Self::Override,
        Self::CapDeferred,
        Self::CapForfeited,
        Self::CapRelease,
        Self::Clawback,
        Self::ClawbackReversed,
        Self::Reversed,
        Self::Adjust,
        Self::Bonus,
        Self::Settling,
        Self::Manual,
    ];

    /// The word on the wire and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Instalment => "instalment",
            Self::Maintenance => "maintenance",
            Self::Earned => "earned",
            Self::Advance => "advance",
            Self::AdvanceRepaid => "advance_repaid",
            Self::AdvanceRecovered => "advance_recovered",
            Self::Override => "override",
            Self::CapDeferred => "cap_deferred",
            Self::CapForfeited => "cap_forfeited",
            Self::CapRelease => "cap_release",
            Self::Clawback => "clawback",
            Self::ClawbackReversed => "clawback_reversed",
            Self::Reversed => "reversed",
            Self::Adjust => "adjust",
            Self::Bonus => "bonus",
            Self::Settling => "settling",
            Self::Manual => "manual",
        }
    }
}

impl std::str::FromStr for Component {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|component| component.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a component of commission"))
    }
}

/// A line of the ledger, table `lines`; its key is planner, period and `line_no`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CommissionLineRow {
    /// The month it is posted in (M-R1).
    #[ts(type = "string")]
    pub period: Month,
    /// The payee; `house` where a level has no manager.
    pub planner_id: Id,
    /// Unique per planner and period, in posting order.
    pub line_no: u32,
    /// The policy, unless the line is about none.
    pub policy_id: Option<Id>,
    /// What it pays or takes back.
    pub component: Component,
    /// The instalment behind it.
    pub instalment_no: Option<u16>,
    /// Signed amount.
    #[ts(type = "number")]
    pub amount_minor: i64,
    /// Above the cap, not part of the amount (M-R4).
    #[ts(type = "number")]
    pub deferred_minor: i64,
    /// The component that it follows or takes back.
    pub of_component: Option<Component>,
    /// For an override: on whose line.
    pub for_planner_id: Option<Id>,
    /// For an override: the level of the unit.
    pub level: Option<Label>,
    /// `rate_id@version`.
    #[ts(type = "string | null")]
    pub rate: Option<Arc<str>>,
    /// Id of the event that caused it.
    #[ts(type = "string")]
    pub cause: Uuid,
    /// Currency of the amounts.
    pub currency: Currency,
    /// For a bonus difference: the month of production it belongs to.
    #[ts(type = "string | null")]
    pub for_period: Option<Month>,
}

/// A month of a planner's account, table `statements` (M-R1); its key is planner, period, currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StatementRow {
    /// The planner.
    pub planner_id: Id,
    /// The month.
    #[ts(type = "string")]
    pub period: Month,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Debt brought forward, zero or negative.
    #[ts(type = "number")]
    pub opening_minor: i64,
    /// Sum of the month's lines.
    #[ts(type = "number")]
    pub lines_minor: i64,
    /// What went into the debt.
    #[ts(type = "number")]
    pub recovered_minor: i64,
    /// Withholding tax on the rest.
    #[ts(type = "number")]
    pub withholding_minor: i64,
    /// Paid out.
    #[ts(type = "number")]
    pub payable_minor: i64,
    /// Debt carried forward, zero or negative.
    #[ts(type = "number")]
    pub closing_minor: i64,
}

/// Where a policy stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PolicyStatus {
    /// Premiums may come.
    #[default]
    InForce,
    /// Ended for want of premiums; may be reinstated.
    Lapsed,
    /// Given up.
    Surrendered,
    /// Withdrawn inside the free-look term.
    FreeLook,
    /// Never was.
    Void,
    /// Its term is over.
    Matured,
    /// The insured died.
    Death,
}

/// A policy, table `policies`; its key is `policy_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PolicyRow {
    /// The policy.
    pub policy_id: Id,
    /// Where it stands.
    pub status: PolicyStatus,
    /// Monthly instalments paid.
    pub paid_instalments: u16,
    /// First-year cap (M-R4).
    #[ts(type = "number")]
    pub cap_limit_minor: i64,
    /// Of which posted.
    #[ts(type = "number")]
    pub cap_used_minor: i64,
    /// Above the cap, waiting.
    #[ts(type = "number")]
    pub deferred_minor: i64,
    /// What would come back if it lapsed now (M-R5).
    #[ts(type = "number")]
    pub clawback_exposure_minor: i64,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Who sold it, primary first; stored for the scope of a reader, never part of an answer.
    #[serde(default)]
    #[ts(skip)]
    pub planner_ids: Vec<Id>,
}

/// Share of policies still in force at an instalment, table `persistency` (M-R8); its key is
/// planner, instalment, due month, currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PersistencyRow {
    /// The primary planner.
    pub planner_id: Id,
    /// The instalment at which it is measured.
    pub instalment_no: u16,
    /// The month in which that instalment is due.
    #[ts(type = "string")]
    pub due_month: Month,
    /// Currency of the premiums.
    pub currency: Currency,
    /// Policies of the cohort.
    #[ts(type = "number")]
    pub issued: i64,
    /// Of which not ended by that day.
    #[ts(type = "number")]
    pub kept: i64,
    /// Their monthly premiums.
    #[ts(type = "number")]
    pub issued_premium_minor: i64,
    /// Of which kept.
    #[ts(type = "number")]
    pub kept_premium_minor: i64,
}
