//! A policy as far as its events have been folded in canonical order: what each event does, and
//! the entries it posts.

use chrono::{Months, NaiveDate};
use plimsoll_contracts::{
    Id, Label, Month, TenantConfig,
    events::RateComponent,
    rows::{Component, PolicyStatus},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    bonus::Move,
    hierarchy::Picture,
    instalments::Instalments,
    plan::Plan,
    policy::{Contract, Happened, What},
    stamp::Stamp,
};

/// A line of the ledger before it has a number; policy and currency are those of its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// Posting period.
    pub period: Month,
    /// Payee.
    pub planner: Id,
    /// What it pays or takes back.
    pub component: Component,
    /// The instalment behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalment: Option<u16>,
    /// Signed amount.
    pub amount: i64,
    /// Above the cap.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deferred: i64,
    /// The component that it follows or takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Component>,
    /// For an override: on whose line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_planner: Option<Id>,
    /// For an override: the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Label>,
    /// The rate behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<std::sync::Arc<str>>,
    /// The event that caused it.
    pub cause: Uuid,
    /// For a bonus difference: the month of production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_period: Option<Month>,
}

/// A posted line with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The line.
    pub line: Line,
    /// Its number in the ledger; 0 = its period was closed before it could be shown (M-R1).
    pub no: u32,
    /// Of the amount, taken back at an end and not given again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clawed: i64,
    /// Its premium bounced: what was left went back, and nothing more happens to it (M-R12).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reversed: bool,
    /// It used room under the cap (M-R4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

/// Money held for a planner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whose.
    pub planner: Id,
    /// How much.
    pub amount: i64,
}

/// Why an event waits, visibly (G6); the words are those of the domain and of refused commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The policy was never issued.
    PolicyUnknown,
    /// A planner of the policy was never appointed.
    PlannerUnknown,
    /// A unit above a planner was never created.
    UnitUnknown,
    /// No rate document governs the policy (M-R2).
    RateMissing,
    /// A rate is a share of the acquisition cost, which the policy does not say.
    AcquisitionCostMissing,
    /// The instalment was paid before, or was never paid.
    InstalmentOutOfOrder,
    /// The policy has ended.
    PolicyNotInForce,
    /// Only a lapsed policy can be reinstated.
    PolicyNotLapsed,
    /// The policy was issued before.
    AlreadyExists,
    /// The amount is in another currency than the policy.
    CurrencyMismatch,
    /// The shares of the planners do not sum to 10,000 bp.
    SharesNotWhole,
}

impl Reason {
    /// The word in the parked list.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyUnknown => "PolicyUnknown",
            Self::PlannerUnknown => "PlannerUnknown",
            Self::UnitUnknown => "UnitUnknown",
            Self::RateMissing => "RateMissing",
            Self::AcquisitionCostMissing => "AcquisitionCostMissing",
            Self::InstalmentOutOfOrder => "InstalmentOutOfOrder",
            Self::PolicyNotInForce => "PolicyNotInForce",
            Self::PolicyNotLapsed => "PolicyNotLapsed",
            Self::AlreadyExists => "AlreadyExists",
            Self::CurrencyMismatch => "CurrencyMismatch",
            Self::SharesNotWhole => "SharesNotWhole",
        }
    }
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The event.
    pub stamp: Stamp,
    /// Why.
    pub reason: Reason,
    /// First instalment covered, of a premium.
    pub instalment_no: u16,
    /// Instalments covered.
    pub instalments: u16,
}

impl Waiting {
    /// Whether it is a premium that counts as paid and waits for its commission only.
    pub(super) const fn is_paid(&self) -> bool {
        matches!(self.reason, Reason::RateMissing | Reason::AcquisitionCostMissing)
    }
}

/// What a policy has become.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: PolicyStatus,
    /// Instalments paid.
    pub paid: Instalments,
    /// Room used under the cap.
    pub cap_used: i64,
    /// Above the cap, waiting, per payee.
    pub deferred: Vec<Held>,
    /// Advances not yet repaid, per payee (M-R10).
    pub outstanding: Vec<Held>,
    /// Everything posted, in posting order.
    pub entries: Vec<Entry>,
    /// Events that wait.
    pub waiting: Vec<Waiting>,
    /// Servicing planners with their first day (M-R11).
    pub servicing: Vec<(NaiveDate, Id)>,
    /// The month of production that P entered (M-R7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub produced: Option<Month>,
    /// How the policy entered and left planners' production (M-R7).
    pub moves: Vec<Move>,
    /// Every change of the status with its business date (M-R8).
    pub changes: Vec<(NaiveDate, PolicyStatus)>,
}

/// What a step may look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) contract: &'a Contract,
    pub(super) picture: &'a Picture,
    pub(super) events: &'a [Happened],
}

/// The event that causes lines, with what follows from its time and place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'a> {
    pub(super) stamp: &'a Stamp,
    pub(super) config: &'a TenantConfig,
    /// Business date.
    pub(super) date: NaiveDate,
    /// Posting period (M-R1).
    pub(super) period: Month,
    /// Policy month: full calendar months since the contract date, + 1.
    pub(super) policy_month: u32,
}

impl<'a> Cause<'a> {
    /// An event as the cause of lines.
    pub(super) fn of(plan: &'a Plan, contract_date: NaiveDate, stamp: &'a Stamp) -> Self {
        let config = plan.config_at(stamp.position);
        let date = config.business_date(stamp.at);
        let period = plan.posting_period(Month::of(date), stamp.position);
        let policy_month = policy_month(contract_date, date);
        Self {
            stamp,
            config,
            date,
            period,
            policy_month,
        }
    }

    /// An event that is about no policy as the cause of lines.
    pub(super) fn apart(plan: &'a Plan, stamp: &'a Stamp) -> Self {
        Self::of(plan, NaiveDate::MAX, stamp)
    }

    /// A line of this cause; amounts and what else it says are for the caller to add.
    pub(super) fn line(&self, planner: &Id, component: Component, amount: i64) -> Line {
        Line {
            period: self.period,
            planner: planner.clone(),
            component,
            instalment: None,
            amount,
            deferred: 0,
            of: None,
            for_planner: None,
            level: None,
            rate: None,
            cause: self.stamp.id,
            for_period: None,
        }
    }
}

/// Full calendar months since the contract date, + 1; a day that a month lacks is its last day.
fn policy_month(contract_date: NaiveDate, date: NaiveDate) -> u32 {
    let months = Month::of(date).months_since(Month::of(contract_date));
    let months = u32::try_from(months).unwrap_or(0);
    let reached = contract_date
        .checked_add_months(Months::new(months))
        .is_some_and(|day| day <= date);
    if reached { months + 1 } else { months.max(1) }
}

impl State {
    /// Folds one event that comes after all that were folded before.
    pub(super) fn step(&mut self, context: Context<'_>, event: &Happened) {
        let cause = Cause::of(context.plan, context.contract.contract_date, &event.stamp);
        match &event.what {
            What::Premium { no, count } => self.premium(context, &cause, *no, *count),
            What::PremiumReversed { no } => self.reverse_premium(context, &cause, *no),
            What::Ended(status) => self.end(context, &cause, *status),
            What::Reinstated => self.reinstate(context, &cause),
            What::Reassigned { planner, from } => self.servicing.push((*from, planner.clone())),
            What::Adjusted {
                planner,
                component,
                amount,
                currency,
            } => {
                if *currency == context.contract.currency {
                    self.adjust_by_hand(context, &cause, planner, *component, *amount);
                } else {
                    self.park(&event.stamp, Reason::CurrencyMismatch);
                }
            }
            What::IssuedAgain => self.park(&event.stamp, Reason::AlreadyExists),
            What::Rate { corrects } => self.rate_known(context, &cause, *corrects),
        }
    }

    /// Parks an event that is no premium.
    pub(super) fn park(&mut self, stamp: &Stamp, reason: Reason) {
        self.wait(stamp, reason, 0, 0);
    }

    pub(super) fn wait(&mut self, stamp: &Stamp, reason: Reason, instalment_no: u16, instalments: u16) {
        let stamp = stamp.clone();
        self.waiting.push(Waiting {
            stamp,
            reason,
            instalment_no,
            instalments,
        });
    }

    /// Posts a line unless it says nothing.
    pub(super) fn post(&mut self, line: Line, counted: bool) {
        if line.amount != 0 || line.deferred != 0 {
            self.entries.push(Entry {
                line,
                no: 0,
                clawed: 0,
                reversed: false,
                counted,
            });
        }
    }

    /// The servicing planner of a day: the primary one until reassigned (M-R11).
    pub(super) fn servicing_on(&self, date: NaiveDate, primary: &Id) -> Id {
        let mut planner = (NaiveDate::MIN, primary);
        for (from, id) in &self.servicing {
            if *from <= date && *from >= planner.0 {
                planner = (*from, id);
            }
        }
        planner.1.clone()
    }
}

/// Adds to what is held for a planner.
pub(super) fn hold(held: &mut Vec<Held>, planner: &Id, amount: i64) {
    match held.iter_mut().find(|h| h.planner == *planner) {
        Some(h) => h.amount += amount,
        None => held.push(Held {
            planner: planner.clone(),
            amount,
        }),
    }
    held.retain(|h| h.amount != 0);
}

/// What is held for a planner.
pub(super) fn held(held: &[Held], planner: &Id) -> i64 {
    held.iter()
        .find(|h| h.planner == *planner)
        .map_or(0, |h| h.amount)
}

/// The component that a rate document pays.
pub(super) const fn component_of(component: RateComponent) -> Component {
    match component {
        RateComponent::New => Component::New,
        RateComponent::Instalment => Component::Instalment,
        RateComponent::Maintenance => Component::Maintenance,
    }
}

/// Whether a configured list of components names one.
pub(super) fn names(list: &[String], component: Component) -> bool {
    list.iter().any(|name| name == component.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) const fn is_zero(amount: &i64) -> bool {
    *amount == 0
}
