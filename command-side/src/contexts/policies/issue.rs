//! Issuing a policy: shares that make a whole, of planners who are active.

use std::collections::BTreeSet;

use plimsoll_contracts::events::{PlannerShare, PolicyIssued};

use super::{commands::IssuePolicy, facts::Facts};
use crate::domain::{Decision, Reason, Refusal, checks};

/// All of a policy, in basis points.
const WHOLE_BP: u64 = 10_000;

/// The event of a new policy.
pub(super) fn issue(c: &IssuePolicy, facts: &Facts) -> Decision {
    let sum: u64 = c.planners.iter().map(|share| u64::from(share.share_bp)).sum();
    if sum != WHOLE_BP {
        let detail = format!("the shares sum to {sum} basis points, they must make 10,000");
        return Err(Refusal::because(Reason::SharesNotWhole, detail));
    }
    let mut seen = BTreeSet::new();
    for (index, share) in c.planners.iter().enumerate() {
        if !seen.insert(&share.planner_id) {
            let detail = format!("planner `{}` is there twice", share.planner_id);
            return Err(Refusal::shape(format!("/planners/{index}/planner_id"), detail));
        }
    }
    facts.active(c.planners.iter().map(|share| &share.planner_id), c.contract_date)?;
    let share = |share: &super::commands::Share| PlannerShare {
        planner_id: share.planner_id.clone(),
        share_bp: share.share_bp,
    };
    let cost = c.acquisition_cost_minor;
    let issued = PolicyIssued {
        policy_id: c.policy_id.clone(),
        product_id: c.product_id.clone(),
        plan: c.plan.clone(),
        channel: c.channel.clone(),
        term_years: c.term_years,
        contract_date: c.contract_date,
        currency: c.currency,
        monthly_premium_minor: checks::positive("monthly_premium_minor", c.monthly_premium_minor)?,
        annual_premium_minor: checks::not_negative("annual_premium_minor", c.annual_premium_minor)?,
        acquisition_cost_minor: cost
            .map(|cost| checks::not_negative("acquisition_cost_minor", cost))
            .transpose()?,
        premium_mode: c.premium_mode,
        planners: c.planners.iter().map(share).collect(),
    };
    Ok(vec![issued.into()])
}
