//! The view `commission` (domain 2.4): the ledger of what planners earn on policies, their monthly
//! statements, the state of each policy, and persistency.
//!
//! Every event goes to its policy, which is folded in canonical order; the lines that follow are
//! brought to the ledger, where closed months never change.

mod advance;
mod answer;
mod bonus;
mod booking;
mod cap;
mod clawback;
mod corrections;
mod doc;
mod facts;
mod gather;
mod hierarchy;
mod index;
mod instalments;
mod ledger;
mod organisation;
mod overrides;
mod persistency;
mod plan;
mod planning;
mod policy;
mod premium;
mod query;
mod rates;
mod receive;
mod reconcile;
mod rows;
mod settle;
mod stamp;
mod state;
mod statement;

use plimsoll_contracts::{Event, Payload, TenantConfig, rows::PolicyStatus};

use self::{
    ledger::Owner,
    plan::Plan,
    policy::{Contract, Happened, What},
    stamp::Stamp,
};
use crate::{FoldError, Place, Trace, View, Workspace};

pub use self::{doc::Doc, query::CommissionQuery, rows::Row};

const STATEMENTS: &str = "statements";
const LINES: &str = "lines";
const POLICIES: &str = "policies";
const PERSISTENCY: &str = "persistency";

/// The view `commission`.
#[derive(Debug)]
pub struct Commission;

impl View for Commission {
    const NAME: &'static str = "commission";
    const VERSION: u32 = 2;
    const TABLES: &'static [&'static str] = &[STATEMENTS, LINES, POLICIES, PERSISTENCY];
    type Doc = Doc;
    type Row = Row;
    type Query = CommissionQuery;

    fn reads(event_type: &str) -> bool {
        matches!(
            event_type,
            "PolicyIssued"
                | "PremiumPaid"
                | "PremiumReversed"
                | "PolicyFreeLookCancelled"
                | "PolicyVoided"
                | "PolicyLapsed"
                | "PolicySurrendered"
                | "PolicyReinstated"
                | "PolicyMatured"
                | "DeathClaimPaid"
                | "ServicingPlannerReassigned"
                | "PlannerAppointed"
                | "PlannerGradeChanged"
                | "PlannerTransferred"
                | "PlannerTerminated"
                | "OrgUnitCreated"
                | "OrgUnitParentChanged"
                | "OrgUnitManagerAssigned"
                | "CommissionRatePublished"
                | "CommissionRateCorrected"
                | "OverrideRulePublished"
                | "ClawbackSchedulePublished"
                | "BonusSchedulePublished"
                | "CommissionPeriodOpened"
                | "CommissionPeriodClosed"
                | "CommissionAdjusted"
        )
    }

    fn trace(place: Place<'_>, _config: &TenantConfig) -> Option<Trace> {
        facts::trace(place)
    }

    fn facts(row: &Row, event: &Event, workspace: &Workspace<Self>) -> Option<serde_json::Value> {
        facts::facts(row, event, workspace)
    }

    fn apply(event: &Event, payload: &Payload, workspace: &mut Workspace<Self>) -> Result<(), FoldError> {
        let plan = planning::at(workspace, event, payload)?;
        if planning::apply(workspace, &plan, event, payload)?
            || organisation::apply(workspace, &plan, event, payload)?
        {
            return Ok(());
        }
        if let Payload::PolicyIssued(issued) = payload {
            return receive::issued(workspace, &plan, Contract::new(Stamp::of(event), issued));
        }
        let (policy_id, what) = match payload {
            Payload::CommissionAdjusted(adjusted) => match &adjusted.policy_id {
                None => return by_hand(workspace, &plan, event, adjusted),
                Some(policy_id) => {
                    let what = What::Adjusted {
                        planner: adjusted.planner_id.clone(),
                        component: adjusted.component,
                        amount: adjusted.amount_minor.get(),
                        currency: adjusted.currency,
                    };
                    (policy_id, what)
                }
            },
            other => match happening(other) {
                Some(happening) => happening,
                None => return Ok(()),
            },
        };
        let stamp = Stamp::of(event);
        receive::happened(workspace, &plan, policy_id, &Happened { stamp, what })
    }
}

/// What an event means to its policy, where it has one.
fn happening(payload: &Payload) -> Option<(&plimsoll_contracts::Id, What)> {
    let ended = What::Ended;
    Some(match payload {
        Payload::PremiumPaid(paid) => {
            let (no, count) = (paid.instalment_no, paid.instalments);
            (&paid.policy_id, What::Premium { no, count })
        }
        Payload::PremiumReversed(e) => (&e.policy_id, What::PremiumReversed { no: e.instalment_no }),
        Payload::PolicyFreeLookCancelled(e) => (&e.policy_id, ended(PolicyStatus::FreeLook)),
        Payload::PolicyVoided(e) => (&e.policy_id, ended(PolicyStatus::Void)),
        Payload::PolicyLapsed(e) => (&e.policy_id, ended(PolicyStatus::Lapsed)),
        Payload::PolicySurrendered(e) => (&e.policy_id, ended(PolicyStatus::Surrendered)),
        Payload::PolicyMatured(e) => (&e.policy_id, ended(PolicyStatus::Matured)),
        Payload::DeathClaimPaid(e) => (&e.policy_id, ended(PolicyStatus::Death)),
        Payload::PolicyReinstated(e) => (&e.policy_id, What::Reinstated),
        Payload::ServicingPlannerReassigned(e) => {
            let (planner, from) = (e.planner_id.clone(), e.effective_from);
            (&e.policy_id, What::Reassigned { planner, from })
        }
        _ => return None,
    })
}

/// A line by hand that is about no policy: it goes straight to the ledger, once.
fn by_hand(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    event: &Event,
    adjusted: &plimsoll_contracts::events::CommissionAdjusted,
) -> Result<(), FoldError> {
    let key = format!("adjustment/{}", event.id);
    if workspace.doc(&key)?.is_some() {
        return Ok(());
    }
    let stamp = Stamp::of(event);
    let cause = state::Cause::apart(plan, &stamp);
    let component = corrections::by_hand(adjusted.component);
    let line = cause.line(&adjusted.planner_id, component, adjusted.amount_minor.get());
    let terms = workspace.config().into();
    let owner = Owner {
        policy_id: None,
        currency: adjusted.currency,
        terms,
    };
    let mut no = 0;
    let fresh = vec![ledger::Fresh {
        line: &line,
        no: &mut no,
    }];
    ledger::post(workspace, owner, &[], fresh)?;
    workspace.put_doc(&key, Doc::Posted);
    Ok(())
}
