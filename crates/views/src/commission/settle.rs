//! From a policy's new state to what everyone sees: ledger, policy row, cohorts and parked list.

use std::sync::Arc;

use plimsoll_contracts::{Id, rows::PolicyRow};

use super::{
    Commission, bonus,
    booking::{book, late_comer},
    cap,
    doc::Doc,
    gather::Gather,
    ledger::Owner,
    persistency,
    plan::Plan,
    policy::{Contract, PolicyDoc, policy_key},
    rows::Row,
    stamp::Stamp,
    state::{Reason, Waiting},
};
use crate::{FoldError, ParkedEntry, Workspace};

/// Writes a policy that has changed; `at_hand` is the event that changed it.
pub(super) fn settle(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    before: &PolicyDoc,
    mut policy: PolicyDoc,
    id: &Id,
) -> Result<(), FoldError> {
    let mut gather = Gather::default();
    if let Some(contract) = policy.contract.clone().filter(|_| policy.picture.is_some()) {
        gather.take(post(workspace, plan, at_hand, before, &mut policy, &contract))?;
        let (moved, moves) = (&before.state.moves, &policy.state.moves);
        if moved != moves {
            gather.take(bonus::moved(workspace, plan, at_hand, &contract, moved, moves))?;
        }
        let issued_under = plan.config_at(contract.stamp.position);
        policy.cohorts = persistency::cohorts(&contract, &policy.state, issued_under);
        gather.take(persistency::recount(
            workspace,
            &contract,
            &before.cohorts,
            &policy.cohorts,
        ))?;
        let row = Row::Policy(policy_row(workspace, plan, &contract, &policy));
        if before.picture.is_some() {
            gather.take(workspace.put_row(row))?;
        } else {
            workspace.insert_row(row)?;
        }
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
    let terms = workspace.config().into();
    let owner = Owner {
        policy_id: Some(&contract.policy_id),
        currency: contract.currency,
        terms,
    };
    let PolicyDoc {
        events,
        state,
        residue,
        ..
    } = policy;
    let late = || {
        let events = events.iter().map(|event| &event.stamp);
        late_comer(
            plan,
            at_hand,
            events.chain([&contract.stamp]).chain(plan.stamps_for(contract)),
        )
    };
    let shown = (before.state.entries.as_slice(), &before.residue);
    book(
        workspace,
        plan,
        at_hand,
        owner,
        shown,
        (&mut state.entries, residue),
        late,
    )
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

fn parked(policy: &PolicyDoc, id: &Id, waiting: &Waiting) -> ParkedEntry {
    let absent = policy.absent.as_ref().filter(|_| policy.picture.is_none());
    ParkedEntry {
        key: absent.map_or(id, |absent| &absent.id).to_string(),
        event: waiting.stamp.id,
        reason: waiting.reason.as_str().to_owned(),
        position: waiting.stamp.position,
        occurred_at: waiting.stamp.at,
    }
}
