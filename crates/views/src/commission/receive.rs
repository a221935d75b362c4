//! How an event finds its policy, and how what concerns many policies finds them all.

use std::sync::Arc;

use plimsoll_contracts::Id;

use super::{
    Commission, POLICIES,
    gather::Gather,
    hierarchy::photograph,
    index,
    plan::Plan,
    policy::{Contract, Happened, PolicyDoc, What, load_policy},
    settle::settle,
    stamp::Stamp,
    state::Reason,
};
use crate::{FoldError, Workspace};

/// A policy was issued.
pub(super) fn issued(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    contract: Contract,
) -> Result<(), FoldError> {
    let id = contract.policy_id.clone();
    let before = load(workspace, &id)?;
    let stamp = contract.stamp.clone();
    if before.contract.is_some() {
        let what = What::IssuedAgain;
        return happened(workspace, plan, &id, &Happened { stamp, what });
    }
    let mut policy = PolicyDoc::clone(&before);
    index::list(workspace, &contract)?;
    policy.contract = Some(contract);
    look(workspace, &mut policy)?;
    policy.fold(plan, None);
    settle(workspace, plan, &stamp, &before, policy, &id)
}

/// Something happened to a policy.
pub(super) fn happened(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    id: &Id,
    event: &Happened,
) -> Result<(), FoldError> {
    let before = load(workspace, id)?;
    if before.knows(&event.stamp) {
        return Ok(());
    }
    let mut policy = PolicyDoc::clone(&before);
    policy.hear(event.clone());
    policy.fold(plan, Some(event));
    settle(workspace, plan, &event.stamp, &before, policy, id)
}

/// A rate document became known: every policy that it may govern looks at it.
pub(super) fn rate_known(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    policies: &[Id],
    stamp: &Stamp,
    corrects: bool,
) -> Result<(), FoldError> {
    let event = Happened {
        stamp: stamp.clone(),
        what: What::Rate { corrects },
    };
    each(workspace, policies, |workspace, id| {
        let before = load(workspace, id)?;
        let known = plan.rates.iter().find(|known| known.stamp.id == stamp.id);
        let governs = before
            .contract
            .as_ref()
            .zip(known)
            .is_some_and(|(contract, known)| known.document.is_candidate(contract));
        if !governs || before.picture.is_none() {
            return Ok(());
        }
        let mut policy = PolicyDoc::clone(&before);
        policy.fold(plan, Some(&event));
        settle(workspace, plan, stamp, &before, policy, id)
    })
}

/// Something under the policies changed (a rule, a schedule): they are folded again.
pub(super) fn refold(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    policies: &[Id],
    stamp: &Stamp,
) -> Result<(), FoldError> {
    each(workspace, policies, |workspace, id| {
        let before = load(workspace, id)?;
        let mut policy = PolicyDoc::clone(&before);
        policy.fold(plan, None);
        settle(workspace, plan, stamp, &before, policy, id)
    })
}

/// The hierarchy under the policies changed: the picture is taken again.
pub(super) fn look_again(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    policies: &[Id],
    stamp: &Stamp,
) -> Result<(), FoldError> {
    each(workspace, policies, |workspace, id| {
        let before = load(workspace, id)?;
        let mut policy = PolicyDoc::clone(&before);
        look(workspace, &mut policy)?;
        if policy.picture == before.picture && policy.absent == before.absent {
            return Ok(());
        }
        policy.fold(plan, None);
        settle(workspace, plan, stamp, &before, policy, id)
    })
}

/// Takes the picture of a policy, or notes what it waits for (G6).
fn look(workspace: &mut Workspace<Commission>, policy: &mut PolicyDoc) -> Result<(), FoldError> {
    let Some(contract) = &mut policy.contract else {
        return Ok(());
    };
    let (stamp, on) = (contract.stamp.clone(), contract.contract_date);
    match photograph(workspace, &contract.policy_id, &stamp, on, &contract.planners)? {
        Ok(picture) => {
            contract.grade.clone_from(&picture.grade);
            (policy.picture, policy.absent) = (Some(picture), None);
        }
        Err(absent) => {
            if absent.reason != Reason::SharesNotWhole {
                index::wait_for(workspace, &absent.id, &contract.policy_id)?;
            }
            policy.absent = Some(absent);
        }
    }
    Ok(())
}

fn load(workspace: &mut Workspace<Commission>, id: &Id) -> Result<Arc<PolicyDoc>, FoldError> {
    let policy = load_policy(workspace, id);
    let row = workspace.row(POLICIES, id.as_str()).map(|_| ());
    row.and(policy)
}

fn each(
    workspace: &mut Workspace<Commission>,
    policies: &[Id],
    mut work: impl FnMut(&mut Workspace<Commission>, &Id) -> Result<(), FoldError>,
) -> Result<(), FoldError> {
    let mut gather = Gather::default();
    for id in policies {
        gather.take(work(workspace, id))?;
    }
    gather.done()
}
