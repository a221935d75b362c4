//! M-R3: what the managers of the photographed hierarchy earn on a payee's line, from the bottom up.

use plimsoll_contracts::{
    Id,
    config::MissingLevel,
    events::{OverrideKind, OverrideRulePublished},
    rows::commission::Component,
};

use super::{
    facts::Fact,
    ledger::{Line, names, share_of},
    organisation::Level,
    policy::Policy,
    rate::PPM,
};

/// What the line on which overrides are earned was a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartOf {
    /// The component's paid total.
    pub(super) total: i64,
    /// The payee's share of it, basis points.
    pub(super) share_bp: i64,
}

impl<'a> Policy<'a> {
    /// Posts a payee's line, followed by its overrides.
    pub(super) fn pay(&mut self, cause: &Fact<'a>, line: &Line<'a>, part_of: Option<PartOf>) {
        if line.amount == 0 {
            return;
        }
        let earned_on = line.counts_as();
        self.push(line.clone());
        if !names(&cause.config.override_components, earned_on) {
            return;
        }
        let picture = self.pictures.get(&line.planner).cloned().unwrap_or_default();
        let premium = self.issued.monthly_premium_minor.get();
        let mut below_ppm = part_of.map_or(0, |of| {
            if premium == 0 {
                0
            } else {
                share_of(of.total, PPM, premium)
            }
        });
        for (height, level) in picture.iter().enumerate() {
            let rule = self
                .documents
                .rule(level.level, self.issued.contract_date, self.known(cause));
            let Some(rule) = rule else { continue };
            let amount = self.earned_by(rule, line, part_of, below_ppm);
            if rule.kind == OverrideKind::Differential {
                below_ppm = rule.rate_ppm.map_or(0, |own| own.get());
            }
            let manager = payee_of(cause, &picture[height..]);
            self.push(Line {
                planner: manager,
                component: Component::Override,
                amount,
                deferred: 0,
                of: Some(earned_on),
                for_planner: Some(line.planner.clone()),
                level: Some(level.level.clone()),
                counted: false,
                ..line.clone()
            });
        }
    }

    fn earned_by(
        &self,
        rule: &OverrideRulePublished,
        line: &Line<'_>,
        part_of: Option<PartOf>,
        below_ppm: i64,
    ) -> i64 {
        let premium = self.issued.monthly_premium_minor.get();
        let own_ppm = rule.rate_ppm.map_or(0, |own| own.get());
        let of_premium = |ppm: i64, share_bp: i64| share_of(share_of(premium, ppm, PPM), share_bp, 10_000);
        match (rule.kind, part_of) {
            (OverrideKind::Percent, _) => share_of(line.amount, i64::from(rule.rate_bp.unwrap_or(0)), 10_000),
            (_, Some(of)) if line.component == Component::New => match rule.kind {
                OverrideKind::Differential => of_premium((own_ppm - below_ppm).max(0), of.share_bp),
                OverrideKind::Flat | OverrideKind::Percent => of_premium(own_ppm, of.share_bp),
            },
            _ => 0,
        }
    }
}

/// Who is paid for the lowest of these levels.
fn payee_of(cause: &Fact<'_>, upwards: &[Level<'_>]) -> Id {
    let reach = match cause.config.missing_level {
        MissingLevel::House => 1,
        MissingLevel::PassUp => upwards.len(),
    };
    let manager = upwards.iter().take(reach).find_map(|level| level.manager);
    manager.cloned().unwrap_or_else(house)
}

/// The payee of a level without manager.
pub(super) fn house() -> Id {
    "house".parse().expect("`house` is an id")
}
