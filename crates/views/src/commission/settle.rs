//! From a policy's new state to what everyone sees: ledger, policy row, cohorts and parked list.

use std::sync::Arc;

use plimsoll_contracts::{Month, rows::PolicyRow};
use uuid::Uuid;

use super::{
    Commission, cap,
    doc::Doc,
    gather::Gather,
    ledger::{self, Fresh, Owner},
    persistency,
    plan::Plan,
    policy::{Contract, PolicyDoc, policy_key},
    reconcile::{Now, Shown, reconcile},
    rows::Row,
    stamp::Stamp,
    state::{Reason, Waiting},
};
use crate::{FoldError, ParkedEntry, Workspace};

/// Writes a policy that has changed; `at_hand` is the event that changed it, `refolded` whether
/// its entries were made anew rather than added to.
pub(super) fn settle(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    before: &PolicyDoc,
    mut policy: PolicyDoc,
    id: &plimsoll_contracts::Id,
) -> Result<(), FoldError> {
    let mut gather = Gather::default();
    if let Some(contract) = policy.contract.clone().filter(|_| policy.picture.is_some()) {
        gather.take(post(workspace, plan, at_hand, before, &mut policy, &contract))?;
        let issued_under = plan.config_at(contract.stamp.position);
        policy.cohorts = persistency::cohorts(&contract, &policy.state, issued_under);
        gather.take(persistency::recount(
            workspace,
            &contract,
            &before.cohorts,
            &policy.cohorts,
        ))?;
        let row = Row::Policy(policy_row(workspace, plan, &contract, &policy));
        let written = if before.picture.is_some() {
            workspace.put_row(row)
        } else {
            workspace.insert_row(row)
        };
        gather.take(written)?;
    }
    let (waited, waits) = (waiting(before), waiting(&policy));
    if waited != waits {
        let entries = waits.iter().map(|waiting| parked(&policy, id, waiting)).collect();
        gather.take(workspace.set_parked(&policy_key(id), entries))?;
    }
    gather.done()?;
    workspace.put_doc(&policy_key(id), Doc::Policy(Arc::new(policy)));
    Ok(())
}

/// Brings the ledger to the policy's entries (M-R1).
fn post(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    before: &PolicyDoc,
    policy: &mut PolicyDoc,
    contract: &Contract,
) -> Result<(), FoldError> {
    let old = &before.state.entries;
    let is_added_to = policy.state.entries.get(..old.len()).is_some_and(|kept| {
        kept.iter()
            .zip(old)
            .all(|(now, then)| now.no == then.no && now.line == then.line)
    });
    let closed_through = plan.closed_through(at_hand.position);
    let mut removed: Vec<Shown> = Vec::new();
    if !is_added_to || !before.residue.is_empty() {
        let now = Now {
            closed_through,
            cause: late_comer(plan, policy, contract, at_hand),
        };
        (policy.residue, removed) = reconcile(old, &before.residue, &mut policy.state.entries, now);
    }
    let is_open = |period: Month| closed_through.is_none_or(|closed| closed < period);
    let entries = policy.state.entries.iter_mut().map(|entry| Fresh {
        line: &entry.line,
        no: &mut entry.no,
    });
    let carried = policy.residue.carried.iter_mut().map(|c| Fresh {
        line: &c.shown.line,
        no: &mut c.shown.no,
    });
    let fresh: Vec<Fresh<'_>> = entries
        .chain(carried)
        .filter(|fresh| *fresh.no == 0 && is_open(fresh.line.period))
        .collect();
    if fresh.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let terms = workspace.config().into();
    let owner = Owner {
        policy_id: Some(&contract.policy_id),
        currency: contract.currency,
        terms,
    };
    ledger::post(workspace, owner, &removed, fresh)
}

/// The event that a difference in a closed period is put down to: the last in canonical order of
/// those that came after the close and belong before it, the event at hand where there is none.
fn late_comer(plan: &Plan, policy: &PolicyDoc, contract: &Contract, at_hand: &Stamp) -> Uuid {
    let barrier = plan.last_barrier(at_hand.position);
    let closed_through = plan.closed_through(at_hand.position);
    let is_late = |stamp: &&Stamp| {
        let month = Month::of(plan.config_at(stamp.position).business_date(stamp.at));
        stamp.position > barrier && closed_through.is_some_and(|closed| month <= closed)
    };
    let events = policy
        .events
        .iter()
        .map(|event| &event.stamp)
        .chain([&contract.stamp]);
    let late = events
        .chain(plan.stamps())
        .filter(is_late)
        .max_by(|a, b| a.order(b));
    late.map_or(at_hand.id, |stamp| stamp.id)
}

fn policy_row(
    workspace: &Workspace<Commission>,
    plan: &Plan,
    contract: &Contract,
    policy: &PolicyDoc,
) -> PolicyRow {
    let (state, config) = (&policy.state, workspace.config());
    PolicyRow {
        policy_id: contract.policy_id.clone(),
        status: state.status,
        paid_instalments: state.paid.count(),
        cap_limit_minor: cap::limit(contract, config.cap_multiple),
        cap_used_minor: state.cap_used,
        deferred_minor: state.deferred.iter().map(|held| held.amount).sum(),
        clawback_exposure_minor: state.exposure(plan, contract, config),
        currency: contract.currency,
        planner_ids: contract
            .planners
            .iter()
            .map(|share| share.planner_id.clone())
            .collect(),
    }
}

/// Everything of a policy that waits: single events, or all of it.
fn waiting(policy: &PolicyDoc) -> Vec<Waiting> {
    if policy.picture.is_some() {
        return policy.state.waiting.clone();
    }
    let reason = policy
        .absent
        .as_ref()
        .map_or(Reason::PolicyUnknown, |absent| absent.reason);
    let issued = policy.contract.iter().map(|contract| &contract.stamp);
    issued
        .chain(policy.events.iter().map(|event| &event.stamp))
        .map(|stamp| Waiting {
            stamp: stamp.clone(),
            reason,
            instalment_no: 0,
            instalments: 0,
        })
        .collect()
}

fn parked(policy: &PolicyDoc, id: &plimsoll_contracts::Id, waiting: &Waiting) -> ParkedEntry {
    let absent = policy.absent.as_ref().filter(|_| policy.picture.is_none());
    ParkedEntry {
        key: absent.map_or(id, |absent| &absent.id).to_string(),
        event: waiting.stamp.id,
        reason: waiting.reason.as_str().to_owned(),
        position: waiting.stamp.position,
        occurred_at: waiting.stamp.at,
    }
}
