//! M-R2: which rate document governs a policy, and what it gives for an instalment.

use std::{cmp::Reverse, collections::BTreeMap};

use plimsoll_contracts::{
    Label,
    events::{PolicyIssued, RateBasis, RateComponent, RateMode, RateStep},
    money::split_largest_remainder,
};

use super::{
    documents::{Documents, Rate},
    facts::Known,
    ledger::share_of,
};

/// What a millionth is a part of.
pub(super) const PPM: i64 = 1_000_000;

/// What a document's keys are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Governed<'a> {
    pub(super) policy: &'a PolicyIssued,
    /// Grade of the primary planner at the contract date.
    pub(super) grade: Option<&'a Label>,
}

impl Rate<'_> {
    pub(super) fn fits(&self, of: &Governed<'_>) -> bool {
        let policy = of.policy;
        let in_effect = self.effective_from <= policy.contract_date
            && self.effective_to.is_none_or(|end| policy.contract_date < end);
        in_effect
            && self.product_id.is_none_or(|key| *key == policy.product_id)
            && self.plan.is_none_or(|key| policy.plan.as_ref() == Some(key))
            && self
                .channel
                .is_none_or(|key| policy.channel.as_ref() == Some(key))
            && self.grade.is_none_or(|key| of.grade == Some(key))
            && self.term_years.is_none_or(|key| policy.term_years == Some(key))
    }

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

    /// `rate_id@version`.
    pub(super) fn name(&self) -> String {
        format!("{}@{}", self.rate_id, self.version)
    }

    fn basis_minor(&self, policy: &PolicyIssued) -> Option<i64> {
        match self.basis {
            RateBasis::MonthlyPremium => Some(policy.monthly_premium_minor.get()),
            RateBasis::AnnualPremium => Some(policy.annual_premium_minor.get()),
            RateBasis::AcquisitionCost => policy.acquisition_cost_minor.map(|cost| cost.get()),
        }
    }

    /// Whether the policy says what the rates are a share of.
    pub(super) fn has_basis(&self, policy: &PolicyIssued) -> bool {
        self.basis_minor(policy).is_some()
    }

    /// What instalment `n` earns, before cap and split.
    pub(super) fn due(&self, policy: &PolicyIssued, n: u16) -> i64 {
        self.schedule
            .iter()
            .map(|step| self.step_due(step, policy, n))
            .sum()
    }

    fn step_due(&self, step: &RateStep, policy: &PolicyIssued, n: u16) -> i64 {
        let whole = share_of(self.basis_minor(policy).unwrap_or(0), step.rate_ppm.get(), PPM);
        let instalments = instalments(step);
        let Some(place) = instalments.iter().position(|at| *at == n) else {
            return 0;
        };
        match step.mode {
            RateMode::Each => whole,
            RateMode::Spread => split_largest_remainder(whole, &vec![1; instalments.len()])[place],
        }
    }

    /// What the whole schedule earns.
    pub(super) fn whole(&self, policy: &PolicyIssued) -> i64 {
        let all = self.schedule.iter().flat_map(instalments);
        let all: std::collections::BTreeSet<u16> = all.collect();
        all.into_iter().map(|n| self.due(policy, n)).sum()
    }

    /// The schedule's first instalment.
    pub(super) fn first(&self) -> Option<u16> {
        self.schedule.iter().map(|step| step.from).min()
    }
}

fn instalments(step: &RateStep) -> Vec<u16> {
    (step.from..=step.to)
        .step_by(usize::from(step.every.max(1)))
        .collect()
}

impl<'a> Documents<'a> {
    fn candidates(&self, of: &Governed<'_>, known: Known<'_>) -> Vec<&Rate<'a>> {
        self.rates
            .iter()
            .filter(|rate| known.has(rate.fact) && rate.fits(of))
            .collect()
    }

    /// The one document of a component that governs the policy, as known at a moment: within a rate id
    /// the highest version, then most keys, latest effective date, highest version, lowest rate id.
    pub(super) fn rate(
        &self,
        component: RateComponent,
        of: &Governed<'_>,
        known: Known<'_>,
    ) -> Option<&Rate<'a>> {
        let mut newest: BTreeMap<&str, &Rate<'a>> = BTreeMap::new();
        for rate in self
            .candidates(of, known)
            .into_iter()
            .filter(|rate| rate.component == component)
        {
            let kept = newest.entry(rate.rate_id.as_str()).or_insert(rate);
            if kept.version < rate.version {
                *kept = rate;
            }
        }
        newest.into_values().max_by_key(|rate| {
            (
                rate.keys(),
                rate.effective_from,
                rate.version,
                Reverse(rate.rate_id),
            )
        })
    }
    /// The documents that govern the policy, in the order of work; none when there is no document, or
    /// when one is a share of something that the policy does not say (G6).
    pub(super) fn rates(&self, of: &Governed<'_>, known: Known<'_>) -> Option<Vec<&Rate<'a>>> {
        let components = [
            RateComponent::New,
            RateComponent::Instalment,
            RateComponent::Maintenance,
        ];
        let rates = components
            .into_iter()
            .filter_map(|component| self.rate(component, of, known));
        let rates: Vec<&Rate<'a>> = rates.collect();
        let complete = !rates.is_empty() && rates.iter().all(|rate| rate.has_basis(of.policy));
        complete.then_some(rates)
    }
}
