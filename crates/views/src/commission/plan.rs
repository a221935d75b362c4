//! The commission plan of a tenant: rates, rules, schedules, closed periods and the terms of each
//! stretch of the log. One small document, for every premium needs all of it.

use plimsoll_contracts::{
    Label, Month, Position, TenantConfig,
    events::{BonusBand, BonusMode, ClawbackStep, OverrideKind},
    money::Currency,
};
use serde::{Deserialize, Serialize};

use chrono::NaiveDate;

use super::{policy::Contract, rates::Rate, stamp::Stamp};

/// Key of the plan's document.
pub(super) const PLAN_KEY: &str = "plan";

/// Everything that every policy of the tenant is folded with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The configuration that governs from a position on, ascending.
    pub terms: Vec<Terms>,
    /// Rate documents in canonical order (M-R2).
    pub rates: Vec<Known<Rate>>,
    /// Override rules in canonical order (M-R3).
    pub overrides: Vec<Known<OverrideRule>>,
    /// Clawback schedules in canonical order (M-R5).
    pub clawbacks: Vec<Known<ClawbackSchedule>>,
    /// Bonus schedules in canonical order (M-R7).
    pub bonuses: Vec<Known<BonusSchedule>>,
    /// Closed periods by position (M-R1).
    pub closings: Vec<Closing>,
}

/// The configuration of a stretch of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The first position that it governs.
    pub from: Position,
    /// The configuration.
    pub config: TenantConfig,
}

/// A document of the plan with the event that made it known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known<T> {
    /// The event.
    pub stamp: Stamp,
    /// What it says.
    pub document: T,
}

/// A closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The month.
    pub period: Month,
    /// The event that closed it.
    pub stamp: Stamp,
}

/// What a manager of a level earns (M-R3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideRule {
    /// Level of the unit.
    pub level: Label,
    /// How it is computed.
    pub kind: OverrideKind,
    /// For percent, basis points.
    pub rate_bp: i64,
    /// For differential and flat, 1e-6 of P.
    pub rate_ppm: i64,
    /// First contract date.
    pub effective_from: NaiveDate,
}

/// How much comes back (M-R5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClawbackSchedule {
    /// Ascending; beyond the last 0.
    pub steps: Vec<ClawbackStep>,
    /// First contract date.
    pub effective_from: NaiveDate,
}

/// Production bonus (M-R7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusSchedule {
    /// Slab or marginal.
    pub mode: BonusMode,
    /// Currency of the bands.
    pub currency: Currency,
    /// Ascending from 0.
    pub bands: Vec<BonusBand>,
    /// First month of production.
    pub effective_from: Month,
}

impl Plan {
    /// The configuration that governs an event.
    pub(super) fn config_at(&self, position: Position) -> &TenantConfig {
        let governing = self.terms.iter().rev().find(|terms| terms.from <= position);
        let terms = governing.or_else(|| self.terms.first());
        &terms
            .expect("the plan notes the configuration of the first event it sees")
            .config
    }

    /// The last month that was closed before a position; closing in order closes all before it.
    pub(super) fn closed_through(&self, position: Position) -> Option<Month> {
        let before = self.closings.iter().filter(|c| c.stamp.position < position);
        before.map(|closing| closing.period).max()
    }

    /// The period that a line is posted in: the month of its cause, or the first one that was still
    /// open when the cause was appended (M-R1).
    pub(super) fn posting_period(&self, month: Month, position: Position) -> Month {
        let first_open = self.closed_through(position).map(|closed| closed.plus(1));
        first_open.map_or(month, |open| open.max(month))
    }

    /// The events that made known what of the plan concerns a policy.
    pub(super) fn stamps_for<'a>(&'a self, contract: &'a Contract) -> impl Iterator<Item = &'a Stamp> {
        let signed = contract.contract_date;
        let rates = self
            .rates
            .iter()
            .filter(|known| known.document.is_candidate(contract));
        let overrides = self
            .overrides
            .iter()
            .filter(move |known| known.document.effective_from <= signed);
        let clawbacks = self
            .clawbacks
            .iter()
            .filter(move |known| known.document.effective_from <= signed);
        let rates = rates.map(|known| &known.stamp);
        let overrides = overrides.map(|known| &known.stamp);
        rates.chain(overrides).chain(clawbacks.map(|known| &known.stamp))
    }

    /// The position of the last closing before a position: what came later is a late comer.
    pub(super) fn last_barrier(&self, position: Position) -> Position {
        let before = self
            .closings
            .iter()
            .map(|c| c.stamp.position)
            .filter(|p| *p < position);
        before.max().unwrap_or(Position::ZERO)
    }

    /// The share that comes back after `paid` instalments, basis points, by the schedule effective
    /// at the contract date among those known at `by` (all, where none is given) (M-R5).
    pub(super) fn clawback_bp(&self, contract_date: NaiveDate, paid: u16, by: Option<&Stamp>) -> i64 {
        let schedule = self.clawback_known(contract_date, by);
        let step = schedule.and_then(|s| s.document.steps.iter().find(|step| paid <= step.paid_to));
        step.map_or(0, |step| i64::from(step.rate_bp))
    }

    /// That schedule, with the event that made it known.
    pub(super) fn clawback_known(
        &self,
        contract_date: NaiveDate,
        by: Option<&Stamp>,
    ) -> Option<&Known<ClawbackSchedule>> {
        known_by(&self.clawbacks, by)
            .filter(|known| known.document.effective_from <= contract_date)
            .max_by(|a, b| {
                let dates = a.document.effective_from.cmp(&b.document.effective_from);
                dates.then_with(|| a.stamp.order(&b.stamp))
            })
    }
}

/// The documents known at an event (its own included), all of them where none is given.
pub(super) fn known_by<'d, 's, T>(
    documents: &'d [Known<T>],
    by: Option<&'s Stamp>,
) -> impl Iterator<Item = &'d Known<T>> + use<'d, 's, T> {
    documents
        .iter()
        .filter(move |known| by.is_none_or(|by| !by.is_before(&known.stamp)))
}

/// Puts a document in canonical order; false for a repeated event.
pub(super) fn learn<T>(documents: &mut Vec<Known<T>>, stamp: Stamp, document: T) -> bool {
    if documents.iter().any(|known| known.stamp.id == stamp.id) {
        return false;
    }
    let place = documents.partition_point(|known| known.stamp.is_before(&stamp));
    documents.insert(place, Known { stamp, document });
    true
}
