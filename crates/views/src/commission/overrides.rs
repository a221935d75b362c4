//! M-R3: what the managers above a payee earn on the payee's line, by the policy's picture of the
//! hierarchy and the latest rule per level.

use chrono::NaiveDate;
use plimsoll_contracts::{Id, Label, config::MissingLevel, events::OverrideKind, rows::Component};

use super::{
    hierarchy::Level,
    plan::{Known, OverrideRule, Plan, known_by},
    rates::share,
    stamp::Stamp,
    state::{Cause, Context, Line, State, names},
};

/// Who gets what no manager earns; has no statement.
pub(super) const HOUSE: &str = "house";

impl State {
    /// Posts the overrides on a payee's line, from the bottom up; `total` is the component's
    /// amount before the split.
    pub(super) fn pay_overrides(
        &mut self,
        context: Context<'_>,
        cause: &Cause<'_>,
        payee: usize,
        line: &Line,
        total: i64,
    ) {
        let of = if line.component == Component::Adjust {
            line.of
        } else {
            Some(line.component)
        };
        let Some(of) = of.filter(|of| names(&cause.config.override_components, *of)) else {
            return;
        };
        let Some(chain) = context.picture.chains.get(payee).filter(|_| line.amount != 0) else {
            return;
        };
        let premium = context.contract.monthly_premium_minor;
        let mut below_ppm = if premium == 0 {
            0
        } else {
            share(total, 1_000_000, premium)
        };
        for (place, level) in chain.iter().enumerate() {
            let contract_date = context.contract.contract_date;
            let Some(rule) = context
                .plan
                .override_rule(&level.level, contract_date, cause.stamp)
            else {
                continue;
            };
            let of_premium = |ppm: i64| {
                let part = context.contract.shares()[payee];
                share(share(premium, ppm, 1_000_000), part, 10_000)
            };
            let amount = match rule.kind {
                OverrideKind::Percent => share(line.amount, rule.rate_bp, 10_000),
                _ if line.component != Component::New => 0,
                OverrideKind::Flat => of_premium(rule.rate_ppm),
                OverrideKind::Differential => of_premium((rule.rate_ppm - below_ppm).max(0)),
            };
            if rule.kind == OverrideKind::Differential {
                below_ppm = rule.rate_ppm;
            }
            let manager = manager_of(chain, place, cause.config.missing_level);
            let mut earned = cause.line(&manager, Component::Override, amount);
            (earned.instalment, earned.rate) = (line.instalment, line.rate.clone());
            earned.of = Some(of);
            earned.for_planner = Some(line.planner.clone());
            earned.level = Some(level.level.clone());
            self.post(earned, false);
        }
    }
}

/// The manager of a level, or who stands in for a missing one.
fn manager_of(chain: &[Level], place: usize, missing: MissingLevel) -> Id {
    let manager = match missing {
        MissingLevel::House => chain[place].manager.as_ref(),
        MissingLevel::PassUp => chain[place..].iter().find_map(|level| level.manager.as_ref()),
    };
    manager
        .cloned()
        .unwrap_or_else(|| HOUSE.parse().expect("`house` has the shape of an id"))
}

impl Plan {
    /// The latest rule of a level effective at the contract date, among those known at an event.
    fn override_rule(&self, level: &Label, contract_date: NaiveDate, by: &Stamp) -> Option<&OverrideRule> {
        self.override_known(level, contract_date, by)
            .map(|known| &known.document)
    }

    /// The same with the event that made it known.
    pub(super) fn override_known(
        &self,
        level: &Label,
        contract_date: NaiveDate,
        by: &Stamp,
    ) -> Option<&Known<OverrideRule>> {
        known_by(&self.overrides, Some(by))
            .filter(|known| known.document.level == *level && known.document.effective_from <= contract_date)
            .max_by(|a, b| {
                let dates = a.document.effective_from.cmp(&b.document.effective_from);
                dates.then_with(|| a.stamp.order(&b.stamp))
            })
    }
}
