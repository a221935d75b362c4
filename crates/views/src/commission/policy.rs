//! A policy's document: its contract, its events in canonical order, the picture of the hierarchy,
//! and the state they have led to (G4: a late event refolds its own policy).

use std::sync::Arc;

use chrono::NaiveDate;
use plimsoll_contracts::{
    Currency, Id, Label,
    events::{AdjustmentComponent, PlannerShare, PolicyIssued},
    rows::PolicyStatus,
};
use serde::{Deserialize, Serialize};

use super::{
    Commission,
    doc::Doc,
    hierarchy::{Absent, Picture},
    persistency::Cohort,
    plan::Plan,
    reconcile::Residue,
    stamp::Stamp,
    state::{Context, State},
};
use crate::{FoldError, Workspace};

/// A policy as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyDoc {
    /// What was sold, once it is known.
    pub contract: Option<Contract>,
    /// Its other events, in canonical order.
    pub events: Vec<Happened>,
    /// The hierarchy at the contract date, once it can be taken.
    pub picture: Option<Picture>,
    /// What the picture waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Absent>,
    /// What the events have led to.
    pub state: State,
    /// The last event folded into the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Stamp>,
    /// What closed periods show beside the state's entries (M-R1).
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
    /// The cohorts it is counted in (M-R8).
    pub cohorts: Vec<Cohort>,
}

/// What was sold, to whom it is paid, and on which date all depends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// The event that issued the policy.
    pub stamp: Stamp,
    /// The policy.
    pub policy_id: Id,
    /// Insurance product.
    pub product_id: Id,
    /// Plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Label>,
    /// Grade of the primary planner at the contract date, once the picture is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Label>,
    /// Term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_years: Option<u16>,
    /// Contract date.
    pub contract_date: NaiveDate,
    /// Currency of every amount.
    pub currency: Currency,
    /// P.
    pub monthly_premium_minor: i64,
    /// Yearly premium.
    pub annual_premium_minor: i64,
    /// Acquisition cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquisition_cost_minor: Option<i64>,
    /// Who sold it, primary first.
    pub planners: Vec<PlannerShare>,
}

/// Something that happened to a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// Where the event stands.
    pub stamp: Stamp,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What happened, without what the fold does not need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A premium for `count` instalments from `no` on.
    Premium {
        /// First instalment.
        no: u16,
        /// Instalments covered.
        count: u16,
    },
    /// The premium of an instalment bounced.
    PremiumReversed {
        /// The instalment.
        no: u16,
    },
    /// The policy ended.
    Ended(PolicyStatus),
    /// It lives again.
    Reinstated,
    /// Another planner looks after it.
    Reassigned {
        /// Who.
        planner: Id,
        /// First day.
        from: NaiveDate,
    },
    /// A line by hand.
    Adjusted {
        /// For whom.
        planner: Id,
        /// What it counts as.
        component: AdjustmentComponent,
        /// Signed amount.
        amount: i64,
        /// Currency.
        currency: Currency,
    },
    /// A second issue.
    IssuedAgain,
    /// A rate document that may govern the policy became known; never stored, it is in the plan.
    Rate {
        /// Whether it corrects an earlier version.
        corrects: bool,
    },
}

impl Contract {
    pub(super) fn new(stamp: Stamp, issued: &PolicyIssued) -> Self {
        Self {
            stamp,
            policy_id: issued.policy_id.clone(),
            product_id: issued.product_id.clone(),
            plan: issued.plan.clone(),
            channel: issued.channel.clone(),
            grade: None,
            term_years: issued.term_years,
            contract_date: issued.contract_date,
            currency: issued.currency,
            monthly_premium_minor: issued.monthly_premium_minor.get(),
            annual_premium_minor: issued.annual_premium_minor.get(),
            acquisition_cost_minor: issued.acquisition_cost_minor.map(|amount| amount.get()),
            planners: issued.planners.clone(),
        }
    }

    /// The primary planner.
    pub(super) fn primary(&self) -> &Id {
        self.planner(0)
    }

    /// The planner at a place; a policy without planners was parked before anyone asks.
    pub(super) fn planner(&self, payee: usize) -> &Id {
        &self.planners[payee].planner_id
    }

    /// The place of a planner among the policy's.
    pub(super) fn payee(&self, planner: &Id) -> Option<usize> {
        self.planners
            .iter()
            .position(|share| share.planner_id == *planner)
    }

    /// The shares in basis points, primary first.
    pub(super) fn shares(&self) -> Vec<i64> {
        self.planners
            .iter()
            .map(|share| i64::from(share.share_bp))
            .collect()
    }
}

impl PolicyDoc {
    /// Puts an event in its canonical place; false for a repeated one.
    pub(super) fn hear(&mut self, happened: Happened) -> bool {
        if self.knows(&happened.stamp) {
            return false;
        }
        let place = self
            .events
            .partition_point(|event| event.stamp.is_before(&happened.stamp));
        self.events.insert(place, happened);
        true
    }

    /// Whether an event was heard before.
    pub(super) fn knows(&self, stamp: &Stamp) -> bool {
        self.contract
            .as_ref()
            .is_some_and(|contract| contract.stamp.id == stamp.id)
            || self.events.iter().rev().any(|event| event.stamp.id == stamp.id)
    }

    /// Folds what is new: only the event at hand where it is the last in canonical order, else
    /// everything again. Both give the same state.
    pub(super) fn fold(&mut self, plan: &Plan, at_hand: Option<&Happened>) {
        let (Some(contract), Some(picture)) = (&self.contract, &self.picture) else {
            return;
        };
        let context = Context {
            plan,
            contract,
            picture,
            events: &self.events,
        };
        let next = at_hand.filter(|event| {
            self.last
                .as_ref()
                .is_some_and(|last| last.is_before(&event.stamp))
        });
        if let Some(event) = next {
            self.state.step(context, event);
            self.last = Some(event.stamp.clone());
            return;
        }
        let mut state = State::default();
        let mut last = contract.stamp.clone();
        for event in timeline(plan, contract, &self.events) {
            state.step(context, &event);
            if last.is_before(&event.stamp) {
                last = event.stamp.clone();
            }
        }
        self.state = state;
        self.last = Some(last);
    }
}

/// The policy's events and those of the rate documents that may govern it, in canonical order.
pub(super) fn timeline<'a>(
    plan: &Plan,
    contract: &Contract,
    events: &'a [Happened],
) -> Vec<std::borrow::Cow<'a, Happened>> {
    use std::borrow::Cow;
    // A premium may have come, and waited for a rate, before the issue did.
    let first = events.first().map(|event| &event.stamp);
    let first = first
        .filter(|stamp| stamp.is_before(&contract.stamp))
        .unwrap_or(&contract.stamp);
    let rates = plan
        .rates
        .iter()
        .filter(|known| first.is_before(&known.stamp) && known.document.is_candidate(contract))
        .map(|known| Happened {
            stamp: known.stamp.clone(),
            what: What::Rate {
                corrects: known.document.corrects,
            },
        });
    let mut all: Vec<Cow<'a, Happened>> = events.iter().map(Cow::Borrowed).collect();
    all.extend(rates.map(Cow::Owned));
    all.sort_by(|a, b| a.stamp.order(&b.stamp));
    all
}

pub(super) fn policy_key(id: &Id) -> String {
    format!("policy/{id}")
}

pub(super) fn load_policy(
    workspace: &mut Workspace<Commission>,
    id: &Id,
) -> Result<Arc<PolicyDoc>, FoldError> {
    match workspace.doc(&policy_key(id))? {
        Some(Doc::Policy(policy)) => Ok(Arc::clone(policy)),
        _ => Ok(Arc::default()),
    }
}
