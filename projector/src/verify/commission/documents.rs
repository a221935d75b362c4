//! The dated documents of a tenant: rates, override rules, clawback and bonus schedules. Which of them
//! counts is a question of what was known at a moment and what was in effect on a day (M-R2).

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id, Label, Payload,
    events::{
        BonusSchedulePublished, ClawbackSchedulePublished, CommissionRateCorrected, CommissionRatePublished,
        OverrideRulePublished, Payout, RateBasis, RateComponent, RateStep,
    },
};

use super::{
    bonus::Producer,
    facts::{Fact, Known, Story},
    rate::Governed,
};

/// A version of a rate document, published or corrected.
#[derive(Debug, Clone)]
pub(super) struct Rate<'a> {
    pub(super) fact: &'a Fact<'a>,
    pub(super) rate_id: &'a Id,
    pub(super) version: u16,
    pub(super) product_id: Option<&'a Id>,
    pub(super) plan: Option<&'a Label>,
    pub(super) channel: Option<&'a Label>,
    pub(super) grade: Option<&'a Label>,
    pub(super) term_years: Option<u16>,
    pub(super) component: RateComponent,
    pub(super) basis: RateBasis,
    pub(super) schedule: &'a [RateStep],
    pub(super) payout: Payout,
    pub(super) advance_bp: u32,
    pub(super) effective_from: NaiveDate,
    pub(super) effective_to: Option<NaiveDate>,
}

/// All documents of a story.
#[derive(Debug, Default)]
pub(super) struct Documents<'a> {
    pub(super) rates: Vec<Rate<'a>>,
    rules: Vec<(&'a Fact<'a>, &'a OverrideRulePublished)>,
    clawbacks: Vec<(&'a Fact<'a>, &'a ClawbackSchedulePublished)>,
    bonuses: Vec<(&'a Fact<'a>, &'a BonusSchedulePublished)>,
}

macro_rules! rate {
    ($fact:expr, $of:expr) => {
        Rate {
            fact: $fact,
            rate_id: &$of.rate_id,
            version: $of.version,
            product_id: $of.product_id.as_ref(),
            plan: $of.plan.as_ref(),
            channel: $of.channel.as_ref(),
            grade: $of.grade.as_ref(),
            term_years: $of.term_years,
            component: $of.component,
            basis: $of.basis,
            schedule: &$of.schedule,
            payout: $of.payout,
            advance_bp: $of.advance_bp.unwrap_or(0),
            effective_from: $of.effective_from,
            effective_to: $of.effective_to,
        }
    };
}

impl<'a> Documents<'a> {
    pub(super) fn of(story: &'a Story<'a>) -> Self {
        let mut documents = Self::default();
        for fact in &story.facts {
            match fact.payload {
                Payload::CommissionRatePublished(of) => documents.rates.push(published(fact, of)),
                Payload::CommissionRateCorrected(of) => documents.rates.push(corrected(fact, of)),
                Payload::OverrideRulePublished(of) => documents.rules.push((fact, of)),
                Payload::ClawbackSchedulePublished(of) => documents.clawbacks.push((fact, of)),
                Payload::BonusSchedulePublished(of) => documents.bonuses.push((fact, of)),
                _ => {}
            }
        }
        documents
    }

    /// The latest rule of a level in effect on the contract date (M-R3).
    pub(super) fn rule(
        &self,
        level: &Label,
        contract_date: NaiveDate,
        known: Known<'_>,
    ) -> Option<&'a OverrideRulePublished> {
        let rules = self.rules.iter().filter(|(fact, rule)| {
            known.has(fact) && rule.level == *level && rule.effective_from <= contract_date
        });
        rules
            .max_by_key(|(fact, rule)| (rule.effective_from, fact.at))
            .map(|(_, rule)| *rule)
    }

    /// What comes back after `paid` instalments, basis points: the first step that reaches so far, of
    /// the schedule in effect on the contract date (M-R5).
    pub(super) fn clawback_bp(&self, contract_date: NaiveDate, known: Known<'_>, paid: u16) -> i64 {
        let schedules = self
            .clawbacks
            .iter()
            .filter(|(fact, schedule)| known.has(fact) && schedule.effective_from <= contract_date);
        let schedule = schedules.max_by_key(|(fact, schedule)| (schedule.effective_from, fact.at));
        schedule
            .and_then(|(_, schedule)| schedule.steps.iter().find(|step| paid <= step.paid_to))
            .map_or(0, |step| i64::from(step.rate_bp))
    }

    /// The latest bonus schedule in effect for a production's month, of those that the closing at the
    /// end of a stage knew (M-R7).
    pub(super) fn bonus(
        &self,
        stage: usize,
        (month, _, currency): &Producer,
    ) -> Option<&'a BonusSchedulePublished> {
        let schedules = self.bonuses.iter().filter(|(fact, schedule)| {
            fact.stage <= stage && schedule.currency == *currency && schedule.effective_from <= *month
        });
        schedules
            .max_by_key(|(fact, schedule)| (schedule.effective_from, fact.at))
            .map(|(_, of)| *of)
    }

    /// What of the documents concerns a policy.
    pub(super) fn about(&self, of: &Governed<'_>) -> impl Iterator<Item = &'a Fact<'a>> {
        let signed = of.policy.contract_date;
        let rates = self
            .rates
            .iter()
            .filter(move |rate| rate.fits(of))
            .map(|rate| rate.fact);
        let rules = self.rules.iter().map(|(fact, of)| (*fact, of.effective_from));
        let clawbacks = self.clawbacks.iter().map(|(fact, of)| (*fact, of.effective_from));
        let dated = rules.chain(clawbacks).filter(move |(_, from)| *from <= signed);
        rates.chain(dated.map(|(fact, _)| fact))
    }
}

fn published<'a>(fact: &'a Fact<'a>, of: &'a CommissionRatePublished) -> Rate<'a> {
    rate!(fact, of)
}

fn corrected<'a>(fact: &'a Fact<'a>, of: &'a CommissionRateCorrected) -> Rate<'a> {
    rate!(fact, of)
}
