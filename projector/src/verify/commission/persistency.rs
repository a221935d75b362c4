//! M-R8: the share of policies still in force at their n-th instalment, by count and by premium.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use plimsoll_contracts::{
    Month, TenantConfig,
    config::PersistencyDeath,
    rows::commission::{PersistencyRow, PolicyStatus},
};

use super::policy::Policy;

/// By the configuration under which each policy was issued.
pub(super) fn rows(policies: &[Policy<'_>]) -> Vec<PersistencyRow> {
    let mut cohorts: BTreeMap<String, PersistencyRow> = BTreeMap::new();
    for policy in policies {
        let Some(primary) = policy.issued.planners.first() else {
            continue;
        };
        let config = &policy.issue.config;
        for &n in &config.persistency_months {
            let months = Months::new(u32::from(n).saturating_sub(1));
            let due = policy.issued.contract_date + months;
            let Some(kept) = kept(policy, due, config) else {
                continue;
            };
            let due_month = Month::of(due);
            let currency = policy.issued.currency;
            let premium = policy.issued.monthly_premium_minor.get();
            let row = cohorts
                .entry(format!("{}|{n}|{due_month}|{currency}", primary.planner_id))
                .or_insert_with(|| PersistencyRow {
                    planner_id: primary.planner_id.clone(),
                    instalment_no: n,
                    due_month,
                    currency,
                    issued: 0,
                    kept: 0,
                    issued_premium_minor: 0,
                    kept_premium_minor: 0,
                });
            row.issued += 1;
            row.issued_premium_minor += premium;
            row.kept += i64::from(kept);
            row.kept_premium_minor += if kept { premium } else { 0 };
        }
    }
    cohorts.into_values().collect()
}

/// Whether a policy was kept on a day; nothing where it belongs to no cohort.
fn kept(policy: &Policy<'_>, day: NaiveDate, config: &TenantConfig) -> Option<bool> {
    if matches!(policy.status(), PolicyStatus::FreeLook | PolicyStatus::Void) {
        return None;
    }
    let mut by_then = policy
        .states
        .iter()
        .filter(|(since, _)| *since <= day)
        .map(|(_, status)| *status);
    match by_then.next_back().unwrap_or(PolicyStatus::InForce) {
        PolicyStatus::InForce => Some(true),
        PolicyStatus::Death => match config.persistency_death {
            PersistencyDeath::Kept => Some(true),
            PersistencyDeath::Excluded => None,
        },
        _ => Some(false),
    }
}
