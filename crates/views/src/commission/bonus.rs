//! M-R7: the production bonus. A planner's production of a month is kept apart from the policies
//! behind it; the bonus is posted when the month is closed, and its differences after that.

use std::sync::Arc;

use plimsoll_contracts::{
    Currency, Id, Month, Position,
    events::BonusMode,
    money::split_largest_remainder,
    rows::{Component, PolicyStatus},
};
use serde::{Deserialize, Serialize};

use super::{
    Commission,
    booking::{book, late_comer},
    doc::Doc,
    gather::Gather,
    ledger::Owner,
    plan::{BonusSchedule, Closing, Plan},
    policy::Contract,
    rates::share,
    reconcile::Residue,
    stamp::Stamp,
    state::{Cause, Context, Entry, State},
};
use crate::{FoldError, Workspace};

/// A policy enters or leaves a planner's production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// The event.
    pub stamp: Stamp,
    /// The month of production.
    pub month: Month,
    /// The planner.
    pub planner: Id,
    /// Signed share of P.
    pub amount: i64,
}

/// A planner's production of a month in one currency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Production {
    /// What makes it up, by policy.
    pub moves: Vec<(Id, Move)>,
    /// What was posted for it.
    pub entries: Vec<Entry>,
    /// What closed periods show beside that.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl State {
    /// Instalment 1 was paid: P enters the production of this month.
    pub(super) fn enter_production(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        self.produced = Some(Month::of(cause.date));
        self.move_production(context.contract, cause, 1);
    }

    /// The policy's status changed: one that ended early leaves the production of its month, one
    /// that was reinstated comes back.
    pub(super) fn review_production(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        let ended = !matches!(
            self.status,
            PolicyStatus::InForce | PolicyStatus::Death | PolicyStatus::Matured
        );
        let early = self.paid.count() < cause.config.bonus_keep_instalments;
        match (ended && early, self.in_production()) {
            (true, true) => self.move_production(context.contract, cause, -1),
            (false, false) => self.move_production(context.contract, cause, 1),
            _ => {}
        }
    }

    /// The premium of instalment 1 bounced: P never was in any production.
    pub(super) fn leave_production(&mut self, context: Context<'_>, cause: &Cause<'_>) {
        if self.in_production() {
            self.move_production(context.contract, cause, -1);
        }
        self.produced = None;
    }

    fn in_production(&self) -> bool {
        self.moves.last().is_some_and(|last| last.amount > 0)
    }

    fn move_production(&mut self, contract: &Contract, cause: &Cause<'_>, sign: i64) {
        let Some(month) = self.produced else { return };
        let parts = split_largest_remainder(contract.monthly_premium_minor, &contract.shares());
        for (payee, part) in parts.into_iter().enumerate().filter(|(_, part)| *part != 0) {
            let planner = contract.planner(payee).clone();
            let stamp = cause.stamp.clone();
            self.moves.push(Move {
                stamp,
                month,
                planner,
                amount: sign * part,
            });
        }
    }
}

/// Brings the productions that a policy is in from its moves `before` to those `now`.
pub(super) fn moved(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    contract: &Contract,
    before: &[Move],
    now: &[Move],
) -> Result<(), FoldError> {
    let mut cells: Vec<(Month, Id)> = before
        .iter()
        .chain(now)
        .map(|m| (m.month, m.planner.clone()))
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let mut gather = Gather::default();
    for (month, planner) in cells {
        let producer = Producer {
            planner,
            currency: contract.currency,
        };
        let of_cell = |m: &&Move| m.month == month && m.planner == producer.planner;
        if before.iter().filter(of_cell).eq(now.iter().filter(of_cell)) {
            continue;
        }
        gather.take(enlist(workspace, month, &producer))?;
        let moves = now
            .iter()
            .filter(of_cell)
            .map(|m| (contract.policy_id.clone(), m.clone()));
        let known = load(workspace, month, &producer);
        if let Some(known) = gather.take(known)? {
            let mut production = Production::clone(&known);
            production
                .moves
                .retain(|(policy, _)| *policy != contract.policy_id);
            production.moves.extend(moves);
            production.moves.sort_by(|a, b| a.1.stamp.order(&b.1.stamp));
            gather.take(pay(
                workspace, plan, at_hand, month, &producer, &known, production,
            ))?;
        }
    }
    gather.done()
}

/// A month is closed: every planner who produced in it gets the bonus, posted into it.
pub(super) fn close(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    closing: &Closing,
) -> Result<(), FoldError> {
    let mut gather = Gather::default();
    for producer in producers(workspace, closing.period)?.iter() {
        if let Some(known) = gather.take(load(workspace, closing.period, producer))? {
            let production = Production::clone(&known);
            let paid = pay(
                workspace,
                plan,
                &closing.stamp,
                closing.period,
                producer,
                &known,
                production,
            );
            gather.take(paid)?;
        }
    }
    gather.done()
}

/// Posts what a production earns, once its month is closed, and keeps it.
fn pay(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    month: Month,
    producer: &Producer,
    before: &Production,
    mut production: Production,
) -> Result<(), FoldError> {
    let closing = plan.closings.iter().find(|closing| closing.period == month);
    let schedule =
        closing.and_then(|closing| plan.bonus_of(month, producer.currency, closing.stamp.position));
    if let Some((closing, schedule)) = closing.zip(schedule) {
        production.entries = earned(plan, closing, schedule, producer, &production.moves);
        let Production {
            moves,
            entries,
            residue,
        } = &mut production;
        let terms = workspace.config().into();
        let owner = Owner {
            policy_id: None,
            currency: producer.currency,
            terms,
        };
        let late = || late_comer(plan, at_hand, moves.iter().map(|(_, m)| &m.stamp));
        book(
            workspace,
            plan,
            at_hand,
            owner,
            (&before.entries, &before.residue),
            (entries, residue),
            late,
        )?;
    }
    workspace.put_doc(
        &production_key(month, producer),
        Doc::Production(Arc::new(production)),
    );
    Ok(())
}

/// The bonus of what had come by the close, then the difference that each later event makes.
fn earned(
    plan: &Plan,
    closing: &Closing,
    schedule: &BonusSchedule,
    producer: &Producer,
    moves: &[(Id, Move)],
) -> Vec<Entry> {
    let in_time = |m: &Move| m.stamp.position < closing.stamp.position;
    let mut total: i64 = moves
        .iter()
        .filter(|(_, m)| in_time(m))
        .map(|(_, m)| m.amount)
        .sum();
    let mut state = State::default();
    let at_close = Cause {
        period: closing.period,
        ..Cause::apart(plan, &closing.stamp)
    };
    state.post(
        at_close.line(&producer.planner, Component::Bonus, schedule.bonus(total)),
        false,
    );
    let late: Vec<&Move> = moves.iter().map(|(_, m)| m).filter(|m| !in_time(m)).collect();
    for event in late.chunk_by(|a, b| a.stamp.id == b.stamp.id) {
        let before = schedule.bonus(total);
        total += event.iter().map(|m| m.amount).sum::<i64>();
        let cause = Cause::apart(plan, &event[0].stamp);
        let mut line = cause.line(
            &producer.planner,
            Component::Bonus,
            schedule.bonus(total) - before,
        );
        line.of = Some(Component::Adjust);
        line.for_period = Some(closing.period);
        state.post(line, false);
    }
    state.entries
}

impl BonusSchedule {
    /// What a production earns: the whole at the rate of the band reached, or each part at its own.
    fn bonus(&self, production: i64) -> i64 {
        let reached = self
            .bands
            .iter()
            .take_while(|band| band.from_minor.get() <= production.max(0));
        match self.mode {
            BonusMode::Slab => reached.last().map_or(0, |band| {
                share(production.max(0), i64::from(band.rate_bp), 10_000)
            }),
            BonusMode::Marginal => reached
                .enumerate()
                .map(|(place, band)| {
                    let next = self
                        .bands
                        .get(place + 1)
                        .map_or(i64::MAX, |next| next.from_minor.get());
                    let part = production.max(0).min(next) - band.from_minor.get();
                    share(part, i64::from(band.rate_bp), 10_000)
                })
                .sum(),
        }
    }
}

impl Plan {
    /// The bonus schedule of a month and currency: the latest effective one that was known when
    /// the month was closed.
    pub(super) fn bonus_of(&self, month: Month, currency: Currency, by: Position) -> Option<&BonusSchedule> {
        self.bonuses
            .iter()
            .filter(|known| known.stamp.position < by)
            .filter(|known| known.document.effective_from <= month && known.document.currency == currency)
            .max_by(|a, b| {
                let months = a.document.effective_from.cmp(&b.document.effective_from);
                months.then_with(|| a.stamp.order(&b.stamp))
            })
            .map(|known| &known.document)
    }
}

/// A planner with production in one currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Producer {
    /// The planner.
    pub planner: Id,
    /// The currency.
    pub currency: Currency,
}

fn production_key(month: Month, producer: &Producer) -> String {
    production_key_of(month, &producer.planner, producer.currency)
}

/// Key of a production's document.
pub(super) fn production_key_of(month: Month, planner: &Id, currency: Currency) -> String {
    format!("production/{month}/{planner}/{currency}")
}

fn load(
    workspace: &mut Workspace<Commission>,
    month: Month,
    producer: &Producer,
) -> Result<Arc<Production>, FoldError> {
    match workspace.doc(&production_key(month, producer))? {
        Some(Doc::Production(production)) => Ok(Arc::clone(production)),
        _ => Ok(Arc::default()),
    }
}

fn producers_key(month: Month) -> String {
    format!("producers/{month}")
}

fn producers(workspace: &mut Workspace<Commission>, month: Month) -> Result<Arc<Vec<Producer>>, FoldError> {
    match workspace.doc(&producers_key(month))? {
        Some(Doc::Producers(producers)) => Ok(Arc::clone(producers)),
        _ => Ok(Arc::default()),
    }
}

/// Notes who produced in a month, so that its close finds them.
fn enlist(workspace: &mut Workspace<Commission>, month: Month, producer: &Producer) -> Result<(), FoldError> {
    let mut known = producers(workspace, month)?;
    if let Err(place) = known.binary_search(producer) {
        Arc::make_mut(&mut known).insert(place, producer.clone());
        workspace.put_doc(&producers_key(month), Doc::Producers(known));
    }
    Ok(())
}
