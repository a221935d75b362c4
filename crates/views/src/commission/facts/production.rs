//! M-R9 for lines that are about no policy: a bonus on a month's production (M-R7), or a line by hand.

use plimsoll_contracts::{
    events::BonusMode,
    rows::{CommissionLineRow, Component},
};
use serde_json::{Value, json};

use super::{
    super::{
        Commission, Doc,
        bonus::{Production, production_key_of},
        plan::{BonusSchedule, Closing, Plan},
        rates::share,
    },
    line::difference,
    plan,
    words::{money, percent_of_bp, word},
};
use crate::Workspace;

pub(super) fn facts(row: &CommissionLineRow, workspace: &Workspace<Commission>) -> Option<Value> {
    if !matches!(row.component, Component::Bonus | Component::Adjust) {
        return Some(by_hand(row));
    }
    let month = row.for_period.unwrap_or(row.period);
    let plan = plan(workspace)?;
    let candidates = std::iter::once(month).chain(plan.closings.iter().map(|closing| closing.period));
    for month in candidates {
        let key = production_key_of(month, &row.planner_id, row.currency);
        let Some(Doc::Production(production)) = workspace.held_doc(&key) else {
            continue;
        };
        let closing = plan.closings.iter().find(|closing| closing.period == month);
        let schedule = closing.and_then(|closing| plan.bonus_of(month, row.currency, closing.stamp.position));
        if let Some((closing, schedule)) = closing.zip(schedule)
            && let Some(value) = of_production(row, plan, production, closing, schedule)
        {
            return Some(value);
        }
    }
    (row.component == Component::Bonus).then(|| by_hand(row))
}

fn by_hand(row: &CommissionLineRow) -> Value {
    let formula = format!(
        "{} by hand {}; CommissionAdjusted",
        word(row.component),
        money(row.amount_minor)
    );
    json!({"rule": "M-R1", "formula": formula, "source_event_ids": [row.cause]})
}

fn of_production(
    row: &CommissionLineRow,
    plan: &Plan,
    production: &Production,
    closing: &Closing,
    schedule: &BonusSchedule,
) -> Option<Value> {
    if let Some(carried) = production
        .residue
        .carried
        .iter()
        .find(|carried| (carried.shown.no, carried.shown.line.period) == (row.line_no, row.period))
    {
        return Some(difference(row, carried));
    }
    let posted = |no: u32, period| (no, period) == (row.line_no, row.period);
    production
        .entries
        .iter()
        .find(|entry| posted(entry.no, entry.line.period))?;
    let late = row.cause != closing.stamp.id;
    let order = production
        .moves
        .iter()
        .find(|(_, made)| made.stamp.id == row.cause);
    let counts = |made: &super::super::bonus::Move| {
        let in_time = made.stamp.position < closing.stamp.position;
        in_time || late && order.is_some_and(|(_, last)| !last.stamp.is_before(&made.stamp))
    };
    let moves: Vec<_> = production.moves.iter().filter(|(_, made)| counts(made)).collect();
    let total: i64 = moves.iter().map(|(_, made)| made.amount).sum();
    let own: i64 = moves
        .iter()
        .filter(|(_, made)| made.stamp.id == row.cause)
        .map(|(_, made)| made.amount)
        .sum();
    let told = if late {
        format!(
            "production of {} went from {} to {}: {} - {} = {}",
            closing.period,
            money(total - own),
            money(total),
            bonus(schedule, total),
            bonus(schedule, total - own),
            money(row.amount_minor)
        )
    } else {
        format!(
            "production of {} {}: {}",
            closing.period,
            money(total),
            bonus(schedule, total)
        )
    };
    let known = plan.bonuses.iter().find(|known| known.document == *schedule)?;
    let policies: Vec<Value> = moves
        .iter()
        .map(|(policy, made)| json!({"policy_id": policy, "part_minor": made.amount, "event_id": made.stamp.id}))
        .collect();
    Some(json!({
        "rule": "M-R7",
        "formula": format!("bonus {told} ({}, effective {})", known.stamp.stream.id(), schedule.effective_from),
        "for_period": closing.period, "production_minor": total,
        "schedule": {"schedule_id": known.stamp.stream.id(), "mode": schedule.mode, "bands": schedule.bands,
            "effective_from": schedule.effective_from, "event_id": known.stamp.id},
        "policies": policies, "source_event_ids": [row.cause],
    }))
}

/// `6 % of 24,000,000 = 1,440,000`, or the parts of it.
fn bonus(schedule: &BonusSchedule, production: i64) -> String {
    let production = production.max(0);
    let mut reached = schedule
        .bands
        .iter()
        .filter(|band| band.from_minor.get() <= production);
    match schedule.mode {
        BonusMode::Slab => reached.next_back().map_or_else(
            || "0".to_owned(),
            |band| {
                let rate = i64::from(band.rate_bp);
                let paid = money(share(production, rate, 10_000));
                format!("{} of {} = {paid}", percent_of_bp(rate), money(production))
            },
        ),
        BonusMode::Marginal => {
            let tops = schedule.bands.iter().skip(1).map(|band| band.from_minor.get());
            let mut sum = 0;
            let parts: Vec<String> = reached
                .zip(tops.chain([i64::MAX]))
                .map(|(band, top)| {
                    let part = production.min(top) - band.from_minor.get();
                    let rate = i64::from(band.rate_bp);
                    sum += share(part, rate, 10_000);
                    format!("{} of {}", percent_of_bp(rate), money(part))
                })
                .collect();
            format!("({}) = {}", parts.join(" + "), money(sum))
        }
    }
}
