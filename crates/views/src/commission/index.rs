//! Which policies there are, by contract month in pages of bounded size: how an event that concerns
//! many policies (a rate, a rule, a late change of the hierarchy) finds them.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{Id, Month, time};
use serde::{Deserialize, Serialize};

use super::{Commission, doc::Doc, gather::Gather, policy::Contract};
use crate::{FoldError, Workspace};

/// Policies on a page.
const PAGE_LEN: usize = 128;
const CONTRACTS_KEY: &str = "contracts";

/// How many policies there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contracts {
    /// Policies by contract month.
    pub months: BTreeMap<Month, usize>,
    /// When the last one was issued, by its event.
    #[serde(default, with = "time::option")]
    pub latest_issued: Option<DateTime<Utc>>,
}

/// Some policies of a contract month, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Page(pub Vec<Listed>);

/// A policy of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The policy.
    pub policy_id: Id,
    /// Its contract date.
    pub contract_date: NaiveDate,
    /// When it was issued, by its event.
    #[serde(with = "time")]
    pub issued_at: DateTime<Utc>,
}

fn page_key(month: Month, page: usize) -> String {
    format!("{CONTRACTS_KEY}/{month}/{page}")
}

fn waiting_key(id: &Id) -> String {
    format!("waiting/{id}")
}

fn contracts(workspace: &mut Workspace<Commission>) -> Result<Arc<Contracts>, FoldError> {
    match workspace.doc(CONTRACTS_KEY)? {
        Some(Doc::Contracts(contracts)) => Ok(Arc::clone(contracts)),
        _ => Ok(Arc::default()),
    }
}

fn page(workspace: &mut Workspace<Commission>, month: Month, number: usize) -> Result<Arc<Page>, FoldError> {
    match workspace.doc(&page_key(month, number))? {
        Some(Doc::Page(page)) => Ok(Arc::clone(page)),
        _ => Ok(Arc::default()),
    }
}

/// Lists a policy that was issued.
pub(super) fn list(workspace: &mut Workspace<Commission>, contract: &Contract) -> Result<(), FoldError> {
    let mut head = contracts(workspace)?;
    let month = Month::of(contract.contract_date);
    let count = head.months.get(&month).copied().unwrap_or(0);
    let number = count / PAGE_LEN;
    let mut last = page(workspace, month, number)?;
    Arc::make_mut(&mut last).0.push(Listed {
        policy_id: contract.policy_id.clone(),
        contract_date: contract.contract_date,
        issued_at: contract.stamp.at,
    });
    let changed = Arc::make_mut(&mut head);
    changed.months.insert(month, count + 1);
    changed.latest_issued = changed.latest_issued.max(Some(contract.stamp.at));
    workspace.put_doc(&page_key(month, number), Doc::Page(last));
    workspace.put_doc(CONTRACTS_KEY, Doc::Contracts(head));
    Ok(())
}

/// The policies with a contract date from `from` on and before `to`.
pub(super) fn contracted(
    workspace: &mut Workspace<Commission>,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<Vec<Id>, FoldError> {
    let inside =
        |listed: &Listed| listed.contract_date >= from && to.is_none_or(|to| listed.contract_date < to);
    select(workspace, Month::of(from), inside)
}

/// The policies issued at `at` or later with a contract date from `from` on: those whose picture
/// a change of the hierarchy at `at` may be in, although it came after them.
pub(super) fn issued_since(
    workspace: &mut Workspace<Commission>,
    at: DateTime<Utc>,
    from: NaiveDate,
) -> Result<Vec<Id>, FoldError> {
    if contracts(workspace)?
        .latest_issued
        .is_none_or(|latest| latest < at)
    {
        return Ok(Vec::new());
    }
    let inside = |listed: &Listed| listed.contract_date >= from && listed.issued_at >= at;
    select(workspace, Month::of(from), inside)
}

fn select(
    workspace: &mut Workspace<Commission>,
    from: Month,
    inside: impl Fn(&Listed) -> bool,
) -> Result<Vec<Id>, FoldError> {
    let head = contracts(workspace)?;
    let mut found = Vec::new();
    let mut gather = Gather::default();
    for (month, count) in head.months.range(from..) {
        for number in 0..count.div_ceil(PAGE_LEN) {
            if let Some(page) = gather.take(page(workspace, *month, number))? {
                found.extend(page.0.iter().filter(|l| inside(l)).map(|l| l.policy_id.clone()));
            }
        }
    }
    gather.done()?;
    Ok(found)
}

/// Notes that a policy waits for a planner or unit (G6).
pub(super) fn wait_for(
    workspace: &mut Workspace<Commission>,
    absent: &Id,
    policy_id: &Id,
) -> Result<(), FoldError> {
    let mut waiting = waiting(workspace, absent)?;
    if !waiting.contains(policy_id) {
        Arc::make_mut(&mut waiting).push(policy_id.clone());
        workspace.put_doc(&waiting_key(absent), Doc::Waiting(waiting));
    }
    Ok(())
}

/// Takes the policies that waited for a planner or unit.
pub(super) fn take_waiting(
    workspace: &mut Workspace<Commission>,
    arrived: &Id,
) -> Result<Vec<Id>, FoldError> {
    let waiting = waiting(workspace, arrived)?;
    if !waiting.is_empty() {
        workspace.remove_doc(&waiting_key(arrived));
    }
    Ok(waiting.to_vec())
}

fn waiting(workspace: &mut Workspace<Commission>, id: &Id) -> Result<Arc<Vec<Id>>, FoldError> {
    match workspace.doc(&waiting_key(id))? {
        Some(Doc::Waiting(waiting)) => Ok(Arc::clone(waiting)),
        _ => Ok(Arc::default()),
    }
}
