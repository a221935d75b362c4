//! Events of the commission plan: rates, rules, schedules, closed periods — and the terms of the
//! tenant, noted where they change, so that a late event refolds under the terms of its time.

use std::sync::Arc;

use plimsoll_contracts::{Event, Payload};

use super::{
    Commission, bonus,
    doc::Doc,
    index,
    plan::{BonusSchedule, ClawbackSchedule, Closing, OverrideRule, PLAN_KEY, Plan, Terms, learn},
    policy::policy_key,
    rates::Rate,
    receive,
    stamp::Stamp,
};
use crate::{FoldError, Workspace};

/// The plan as the event at hand finds it.
pub(super) fn at(
    workspace: &mut Workspace<Commission>,
    event: &Event,
    payload: &Payload,
) -> Result<Arc<Plan>, FoldError> {
    let found = match workspace.doc(PLAN_KEY) {
        Ok(Some(Doc::Plan(plan))) => Ok(Arc::clone(plan)),
        Ok(_) => Ok(Arc::default()),
        Err(missing) => {
            // Asked for together: nearly every event needs its policy next.
            if let Some((policy_id, _)) = super::happening(payload) {
                workspace.doc(&policy_key(policy_id)).ok();
                workspace.row(super::POLICIES, policy_id.as_str()).ok();
            }
            Err(missing)
        }
    };
    let mut plan = found?;
    let config = workspace.config();
    if plan.terms.last().is_none_or(|terms| terms.config != *config) {
        let terms = Terms {
            from: event.position,
            config: config.clone(),
        };
        Arc::make_mut(&mut plan).terms.push(terms);
        workspace.put_doc(PLAN_KEY, Doc::Plan(Arc::clone(&plan)));
    }
    Ok(plan)
}

/// Folds an event of the plan; false when it is none.
pub(super) fn apply(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    event: &Event,
    payload: &Payload,
) -> Result<bool, FoldError> {
    let stamp = Stamp::of(event);
    match payload {
        Payload::CommissionRatePublished(published) => rate(workspace, plan, &stamp, published.into())?,
        Payload::CommissionRateCorrected(corrected) => rate(workspace, plan, &stamp, corrected.into())?,
        Payload::OverrideRulePublished(published) => {
            let rule = OverrideRule {
                level: published.level.clone(),
                kind: published.kind,
                rate_bp: published.rate_bp.map_or(0, i64::from),
                rate_ppm: published.rate_ppm.map_or(0, |ppm| ppm.get()),
                effective_from: published.effective_from,
            };
            let mut plan = plan.clone();
            if learn(&mut plan.overrides, stamp.clone(), rule) {
                below(workspace, plan, &stamp, published.effective_from)?;
            }
        }
        Payload::ClawbackSchedulePublished(published) => {
            let schedule = ClawbackSchedule {
                steps: published.steps.clone(),
                effective_from: published.effective_from,
            };
            let mut plan = plan.clone();
            if learn(&mut plan.clawbacks, stamp.clone(), schedule) {
                below(workspace, plan, &stamp, published.effective_from)?;
            }
        }
        Payload::CommissionPeriodClosed(closed) => {
            if !plan.closings.iter().any(|closing| closing.stamp.id == stamp.id) {
                let mut plan = plan.clone();
                let period = closed.period;
                let closing = Closing { period, stamp };
                plan.closings.push(closing.clone());
                bonus::close(workspace, &plan, &closing)?;
                workspace.put_doc(PLAN_KEY, Doc::Plan(Arc::new(plan)));
            }
        }
        Payload::BonusSchedulePublished(published) => {
            let schedule = BonusSchedule {
                mode: published.mode,
                currency: published.currency,
                bands: published.bands.clone(),
                effective_from: published.effective_from,
            };
            let mut plan = plan.clone();
            if learn(&mut plan.bonuses, stamp, schedule) {
                workspace.put_doc(PLAN_KEY, Doc::Plan(Arc::new(plan)));
            }
        }
        // A period is open until it is closed.
        Payload::CommissionPeriodOpened(_) => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn rate(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    stamp: &Stamp,
    rate: Rate,
) -> Result<(), FoldError> {
    let mut plan = plan.clone();
    let (from, to, corrects) = (rate.effective_from, rate.effective_to, rate.corrects);
    if !learn(&mut plan.rates, stamp.clone(), rate) {
        return Ok(());
    }
    let policies = index::contracted(workspace, from, to)?;
    receive::rate_known(workspace, &plan, &policies, stamp, corrects)?;
    workspace.put_doc(PLAN_KEY, Doc::Plan(Arc::new(plan)));
    Ok(())
}

/// Folds again every policy with a contract date from `from` on, and keeps the plan.
fn below(
    workspace: &mut Workspace<Commission>,
    plan: Plan,
    stamp: &Stamp,
    from: chrono::NaiveDate,
) -> Result<(), FoldError> {
    let policies = index::contracted(workspace, from, None)?;
    receive::refold(workspace, &plan, &policies, stamp)?;
    workspace.put_doc(PLAN_KEY, Doc::Plan(Arc::new(plan)));
    Ok(())
}
