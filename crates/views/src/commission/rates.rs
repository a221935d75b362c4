//! M-R2: which rate document governs a policy, and what its schedule pays at an instalment.

use std::sync::Arc;

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id, Label,
    events::{
        CommissionRateCorrected, CommissionRatePublished, Payout, RateBasis, RateComponent, RateMode,
        RateStep,
    },
    money::split_largest_remainder,
};
use serde::{Deserialize, Serialize};

use super::{
    plan::{Known, Plan, known_by},
    policy::Contract,
    stamp::Stamp,
};

/// A version of a rate document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// `rate_id@version`, as lines name it.
    pub name: Arc<str>,
    /// The document.
    pub rate_id: Id,
    /// 1, 2, 3 …
    pub version: u16,
    /// Whether it corrects an earlier version: then it posts differences.
    pub corrects: bool,
    /// Only this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Id>,
    /// Only this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Label>,
    /// Only this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Label>,
    /// Only this grade of the primary planner at the contract date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Label>,
    /// Only this term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_years: Option<u16>,
    /// What it pays.
    pub component: RateComponent,
    /// Of what.
    pub basis: RateBasis,
    /// When and how much.
    pub schedule: Vec<RateStep>,
    /// As earned, or in advance.
    pub payout: Payout,
    /// Share paid in advance, basis points.
    pub advance_bp: i64,
    /// First contract date.
    pub effective_from: NaiveDate,
    /// First contract date no longer governed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<NaiveDate>,
}

impl Rate {
    /// Whether it can govern a policy: contract date inside, every key given matches.
    pub(super) fn is_candidate(&self, contract: &Contract) -> bool {
        self.effective_from <= contract.contract_date
            && self.effective_to.is_none_or(|end| contract.contract_date < end)
            && agrees(self.product_id.as_ref(), Some(&contract.product_id))
            && agrees(self.plan.as_ref(), contract.plan.as_ref())
            && agrees(self.channel.as_ref(), contract.channel.as_ref())
            && agrees(self.grade.as_ref(), contract.grade.as_ref())
            && agrees(self.term_years.as_ref(), contract.term_years.as_ref())
    }

    /// How many keys are given.
    fn keys(&self) -> usize {
        [
            self.product_id.is_some(),
            self.plan.is_some(),
            self.channel.is_some(),
            self.grade.is_some(),
            self.term_years.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }

    /// The amount that its rates are a share of; none when the policy does not say it.
    fn basis_minor(&self, contract: &Contract) -> Option<i64> {
        match self.basis {
            RateBasis::MonthlyPremium => Some(contract.monthly_premium_minor),
            RateBasis::AnnualPremium => Some(contract.annual_premium_minor),
            RateBasis::AcquisitionCost => contract.acquisition_cost_minor,
        }
    }

    /// What an instalment pays by the schedule, before cap and split (G3 for `spread`).
    pub(super) fn amount_at(&self, contract: &Contract, instalment: u16) -> i64 {
        let basis = self.basis_minor(contract).unwrap_or(0);
        self.schedule
            .iter()
            .map(|step| step_amount(step, basis, instalment))
            .sum()
    }

    /// What the whole schedule pays.
    pub(super) fn whole(&self, contract: &Contract) -> i64 {
        let basis = self.basis_minor(contract).unwrap_or(0);
        let step_whole = |step: &RateStep| {
            let amount = share(basis, step.rate_ppm.get(), 1_000_000);
            match step.mode {
                RateMode::Each => amount * i64::try_from(instalments(step).count()).unwrap_or(0),
                RateMode::Spread => amount,
            }
        };
        self.schedule.iter().map(step_whole).sum()
    }

    /// The first instalment that the schedule names.
    pub(super) fn first_instalment(&self) -> Option<u16> {
        self.schedule.iter().map(|step| step.from).min()
    }

    /// Which of a step's instalments this is, from 0; none when the step does not name it.
    pub(super) fn place_in(&self, step: &RateStep, instalment: u16) -> Option<usize> {
        instalments(step).position(|named| named == instalment)
    }

    /// How many instalments a step names.
    pub(super) fn count_of(&self, step: &RateStep) -> usize {
        instalments(step).count()
    }

    /// Whether the policy says what the rates are a share of.
    pub(super) fn has_basis(&self, contract: &Contract) -> bool {
        self.basis_minor(contract).is_some()
    }
}

/// A given key matches only an equal one; an absent key matches all.
fn agrees<T: PartialEq>(given: Option<&T>, actual: Option<&T>) -> bool {
    given.is_none_or(|given| actual == Some(given))
}

/// `amount × numerator / denominator`, truncated toward zero (G2 for commission).
pub(super) fn share(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let value = i128::from(amount) * i128::from(numerator) / i128::from(denominator);
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

fn instalments(step: &RateStep) -> impl Iterator<Item = u16> {
    (step.from..=step.to).step_by(usize::from(step.every.max(1)))
}

fn step_amount(step: &RateStep, basis: i64, instalment: u16) -> i64 {
    let every = step.every.max(1);
    if instalment < step.from || instalment > step.to || !(instalment - step.from).is_multiple_of(every) {
        return 0;
    }
    let amount = share(basis, step.rate_ppm.get(), 1_000_000);
    match step.mode {
        RateMode::Each => amount,
        RateMode::Spread => {
            let parts = split_largest_remainder(amount, &vec![1; instalments(step).count()]);
            let place = usize::from((instalment - step.from) / every);
            parts.get(place).copied().unwrap_or(0)
        }
    }
}

impl Plan {
    /// The document that governs a component of a policy, among those known at `by` (M-R2).
    pub(super) fn rate_of(
        &self,
        component: RateComponent,
        contract: &Contract,
        by: Option<&Stamp>,
    ) -> Option<&Rate> {
        let candidates = || {
            known_by(&self.rates, by)
                .map(|known: &Known<Rate>| &known.document)
                .filter(|rate| rate.component == component && rate.is_candidate(contract))
        };
        let superseded = |rate: &Rate| {
            candidates().any(|other| other.rate_id == rate.rate_id && other.version > rate.version)
        };
        candidates().filter(|rate| !superseded(rate)).max_by(|a, b| {
            let rank = |rate: &Rate| (rate.keys(), rate.effective_from, rate.version);
            rank(a).cmp(&rank(b)).then_with(|| b.rate_id.cmp(&a.rate_id))
        })
    }
}

macro_rules! rate_from {
    ($event:ident, $corrects:literal) => {
        impl From<&$event> for Rate {
            fn from(event: &$event) -> Self {
                Self {
                    name: format!("{}@{}", event.rate_id, event.version).into(),
                    rate_id: event.rate_id.clone(),
                    version: event.version,
                    corrects: $corrects,
                    product_id: event.product_id.clone(),
                    plan: event.plan.clone(),
                    channel: event.channel.clone(),
                    grade: event.grade.clone(),
                    term_years: event.term_years,
                    component: event.component,
                    basis: event.basis,
                    schedule: event.schedule.clone(),
                    payout: event.payout,
                    advance_bp: event.advance_bp.map_or(0, i64::from),
                    effective_from: event.effective_from,
                    effective_to: event.effective_to,
                }
            }
        }
    };
}
rate_from!(CommissionRatePublished, false);
rate_from!(CommissionRateCorrected, true);
