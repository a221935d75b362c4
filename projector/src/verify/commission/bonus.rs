//! M-R7: what policies bring into the production of a planner and month, the bonus that a closing posts
//! on it, and the difference that each later event makes.

use std::collections::BTreeMap;

use plimsoll_contracts::{
    Currency, Id, Month,
    events::{BonusMode, BonusSchedulePublished},
    rows::commission::{Component, PolicyStatus},
};

use super::{
    documents::Documents,
    facts::{Closing, Fact, Story},
    ledger::{Line, share_of},
    policy::Policy,
};

/// Whose production of which month.
pub(super) type Producer = (Month, Id, Currency);

/// A policy enters or leaves a production.
#[derive(Debug, Clone)]
pub(super) struct Move<'a> {
    pub(super) fact: &'a Fact<'a>,
    pub(super) of: Producer,
    /// Signed share of P.
    pub(super) part: i64,
}

impl<'a> Policy<'a> {
    /// The premium of instalment 1 came: P enters the production of its month.
    pub(super) fn enter_production(&mut self, fact: &'a Fact<'a>) {
        self.move_production(fact, Month::of(fact.date), 1);
    }

    /// It bounced: P was never in any production.
    pub(super) fn leave_production(&mut self, fact: &'a Fact<'a>) {
        if let Some(month) = self.produces_in() {
            self.move_production(fact, month, -1);
        }
    }

    /// The status changed: a policy that ended early leaves, one that lives again comes back.
    pub(super) fn review_production(&mut self, fact: &'a Fact<'a>) {
        let ended = !matches!(
            self.status(),
            PolicyStatus::InForce | PolicyStatus::Death | PolicyStatus::Matured
        );
        let early = self.paid_count() < fact.config.bonus_keep_instalments;
        let first = self.paid.iter().find(|paid| paid.premium.instalment_no == 1);
        match (ended && early, self.produces_in()) {
            (true, Some(month)) => self.move_production(fact, month, -1),
            (false, None) => {
                if let Some(month) = first.map(|first| Month::of(first.fact.date)) {
                    self.move_production(fact, month, 1);
                }
            }
            _ => {}
        }
    }

    /// The month whose production it is in now.
    fn produces_in(&self) -> Option<Month> {
        let last = self.moves.last()?;
        (last.part > 0).then_some(last.of.0)
    }

    fn move_production(&mut self, fact: &'a Fact<'a>, month: Month, sign: i64) {
        for (planner, part) in self.split(self.issued.monthly_premium_minor.get()) {
            if part != 0 {
                let of = (month, planner, self.issued.currency);
                self.moves.push(Move {
                    fact,
                    of,
                    part: sign * part,
                });
            }
        }
    }
}

/// The lines of every production whose month is closed when a stage ends, or by the closing that ends
/// it: the bonus on what the closing knew, then the differences.
pub(super) fn productions<'a, 'p>(
    story: &'a Story<'a>,
    documents: &Documents<'a>,
    policies: impl Iterator<Item = &'p Policy<'a>>,
    stage: usize,
) -> BTreeMap<Producer, Vec<Line<'a>>>
where
    'a: 'p,
{
    let closings = &story.closings[..story.closings.len().min(stage + 1)];
    let mut moves: BTreeMap<&Producer, Vec<&Move<'a>>> = BTreeMap::new();
    for made in policies.flat_map(|policy| &policy.moves) {
        moves.entry(&made.of).or_default().push(made);
    }
    let mut productions = BTreeMap::new();
    for (producer, mut moves) in moves {
        let closing = closings.iter().find(|closing| closing.month == producer.0);
        let schedule = closing.and_then(|closing| documents.bonus(closing.fact.stage, producer));
        if let Some((closing, schedule)) = closing.zip(schedule) {
            moves.sort_by_key(|made| made.fact.at);
            productions.insert(producer.clone(), lines(closing, schedule, producer, &moves));
        }
    }
    productions
}

fn lines<'a>(
    closing: &Closing<'a>,
    schedule: &BonusSchedulePublished,
    (month, planner, currency): &Producer,
    moves: &[&Move<'a>],
) -> Vec<Line<'a>> {
    let in_time = |made: &&&Move<'_>| made.fact.stage <= closing.fact.stage;
    let mut production: i64 = moves.iter().filter(in_time).map(|made| made.part).sum();
    let mut lines = vec![Line {
        period: *month,
        amount: bonus(schedule, production),
        ..Line::new(&closing.fact, planner, Component::Bonus, *currency)
    }];
    let late: Vec<&&Move<'_>> = moves.iter().filter(|made| !in_time(made)).collect();
    for made in late.chunk_by(|a, b| a.fact.id == b.fact.id) {
        let before = bonus(schedule, production);
        production += made.iter().map(|made| made.part).sum::<i64>();
        lines.push(Line {
            amount: bonus(schedule, production) - before,
            of: Some(Component::Adjust),
            for_period: Some(*month),
            ..Line::new(made[0].fact, planner, Component::Bonus, *currency)
        });
    }
    lines.retain(|line| line.amount != 0);
    lines
}

/// Slab: the whole at the rate of the band reached. Marginal: each part at its own.
fn bonus(schedule: &BonusSchedulePublished, production: i64) -> i64 {
    let production = production.max(0);
    let mut reached = schedule
        .bands
        .iter()
        .filter(|band| band.from_minor.get() <= production);
    match schedule.mode {
        BonusMode::Slab => reached
            .next_back()
            .map_or(0, |band| share_of(production, i64::from(band.rate_bp), 10_000)),
        BonusMode::Marginal => {
            let tops = schedule.bands.iter().skip(1).map(|band| band.from_minor.get());
            let parts = reached.zip(tops.chain([i64::MAX])).map(|(band, top)| {
                let part = production.min(top) - band.from_minor.get();
                share_of(part, i64::from(band.rate_bp), 10_000)
            });
            parts.sum()
        }
    }
}
