//! Commission recomputed by a fold of its own: naive, whole-history, one file per rule of the domain.
//! It reads the raw events of one tenant and knows nothing of the views' fold that it checks.

mod advance;
mod bonus;
mod cap;
mod clawback;
mod closing;
mod correction;
mod documents;
mod facts;
mod ledger;
mod organisation;
mod overrides;
mod persistency;
mod policy;
mod premium;
mod rate;
mod rows;
mod statement;
#[cfg(test)]
mod tests;

use plimsoll_contracts::{Event, TenantConfig};
use serde_json::{Map, Value};

use self::{documents::Documents, facts::Story, organisation::Organisation};
use super::{ExpectedRow, Refusal};

/// The rows of `lines`, `statements`, `policies` and `persistency` that the raw events of one tenant,
/// in log order, must have led to.
///
/// # Errors
/// [`Refusal`] when the history holds something whose meaning the rules leave open.
pub(crate) fn recompute(events: &[Event], config: TenantConfig) -> Result<Vec<ExpectedRow>, Refusal> {
    let story = Story::read(events, config)?;
    let documents = Documents::of(&story);
    let organisation = Organisation::of(&story);
    let posted = closing::post(&story, &documents, &organisation);
    rows::of(&story, &posted)
}

/// The events that matter to the ledger.
pub(crate) const TYPES: &[&str] = &[
    "PolicyIssued",
    "PremiumPaid",
    "PremiumReversed",
    "PolicyFreeLookCancelled",
    "PolicyVoided",
    "PolicyLapsed",
    "PolicySurrendered",
    "PolicyReinstated",
    "PolicyMatured",
    "DeathClaimPaid",
    "ServicingPlannerReassigned",
    "PlannerAppointed",
    "PlannerGradeChanged",
    "PlannerTransferred",
    "PlannerTerminated",
    "OrgUnitCreated",
    "OrgUnitParentChanged",
    "OrgUnitManagerAssigned",
    "CommissionRatePublished",
    "CommissionRateCorrected",
    "OverrideRulePublished",
    "ClawbackSchedulePublished",
    "BonusSchedulePublished",
    "CommissionPeriodOpened",
    "CommissionPeriodClosed",
    "CommissionAdjusted",
];

/// What tells a line of the ledger apart from others, its number left aside: payee, month, and what it
/// is about. Rows of the other tables have keys of their own.
pub(crate) fn by_content(table: &str, columns: &Map<String, Value>) -> Option<String> {
    const PARTS: [&str; 9] = [
        "planner_id",
        "period",
        "policy_id",
        "component",
        "instalment_no",
        "of_component",
        "for_planner_id",
        "level",
        "for_period",
    ];
    let part = |name: &&str| match columns.get(*name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    (table == "lines").then(|| PARTS.iter().map(part).collect::<Vec<_>>().join("|"))
}
