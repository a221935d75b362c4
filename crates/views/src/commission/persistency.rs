//! M-R8: in which cohorts a policy is counted, and whether it was kept.

use chrono::{Months, NaiveDate};
use plimsoll_contracts::{
    Month, TenantConfig,
    config::PersistencyDeath,
    rows::{PersistencyRow, PolicyStatus},
};
use serde::{Deserialize, Serialize};

use super::{Commission, PERSISTENCY, gather::Gather, policy::Contract, rows::Row, state::State};
use crate::{FoldError, Row as _, Workspace};

/// A cohort that a policy is counted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// The instalment at which it is measured.
    pub instalment: u16,
    /// The month in which that instalment is due.
    pub due_month: Month,
    /// Not ended by the end of that day.
    pub kept: bool,
}

/// The cohorts of a policy, by the configuration under which it was issued: in none when it was
/// undone, and at a death where that counts neither way.
pub(super) fn cohorts(contract: &Contract, state: &State, config: &TenantConfig) -> Vec<Cohort> {
    let undone = matches!(state.status, PolicyStatus::FreeLook | PolicyStatus::Void);
    let instalments = config.persistency_months.iter().copied().filter(|_| !undone);
    instalments
        .filter_map(|instalment| {
            let months = Months::new(u32::from(instalment.saturating_sub(1)));
            let due = contract.contract_date.checked_add_months(months)?;
            let kept = match state.status_on(due) {
                PolicyStatus::InForce => true,
                PolicyStatus::Death => match config.persistency_death {
                    PersistencyDeath::Kept => true,
                    PersistencyDeath::Excluded => return None,
                },
                _ => false,
            };
            Some(Cohort {
                instalment,
                due_month: Month::of(due),
                kept,
            })
        })
        .collect()
}

impl State {
    /// Where the policy stood at the end of a business day.
    fn status_on(&self, day: NaiveDate) -> PolicyStatus {
        let until = self.changes.iter().rev().find(|(date, _)| *date <= day);
        until.map_or(PolicyStatus::InForce, |(_, status)| *status)
    }
}

/// Moves a policy from the cohorts it was counted in to those it is counted in now.
pub(super) fn recount(
    workspace: &mut Workspace<Commission>,
    contract: &Contract,
    before: &[Cohort],
    now: &[Cohort],
) -> Result<(), FoldError> {
    let gone = before.iter().filter(|cohort| !now.contains(cohort));
    let come = now.iter().filter(|cohort| !before.contains(cohort));
    let mut gather = Gather::default();
    for (cohort, count) in gone
        .map(|cohort| (cohort, -1))
        .chain(come.map(|cohort| (cohort, 1)))
    {
        gather.take(add(workspace, contract, cohort, count))?;
    }
    gather.done()
}

fn add(
    workspace: &mut Workspace<Commission>,
    contract: &Contract,
    cohort: &Cohort,
    count: i64,
) -> Result<(), FoldError> {
    let nothing = Row::Persistency(PersistencyRow {
        planner_id: contract.primary().clone(),
        instalment_no: cohort.instalment,
        due_month: cohort.due_month,
        currency: contract.currency,
        issued: 0,
        kept: 0,
        issued_premium_minor: 0,
        kept_premium_minor: 0,
    });
    let key = nothing.key();
    let known = workspace.row(PERSISTENCY, &key)?.cloned();
    let Row::Persistency(mut row) = known.unwrap_or(nothing) else {
        unreachable!("table persistency holds persistency rows")
    };
    let premium = count * contract.monthly_premium_minor;
    row.issued += count;
    row.issued_premium_minor += premium;
    if cohort.kept {
        row.kept += count;
        row.kept_premium_minor += premium;
    }
    if row.issued == 0 {
        workspace.remove_row(PERSISTENCY, &key)
    } else {
        workspace.put_row(Row::Persistency(row))
    }
}
