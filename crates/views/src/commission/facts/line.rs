//! A line of the ledger explains itself (M-R9).

use plimsoll_contracts::rows::{CommissionLineRow, Component};
use serde_json::{Map, Value, json};

use super::{
    super::{Commission, cap, policy::PolicyDoc, reconcile::Carried},
    formula::formula,
    overriding, plan, policy_doc,
    posting::Posting,
    production,
    words::{basis, money, word},
};
use crate::Workspace;

/// Everything behind a line, with its formula in words.
pub(super) fn facts(row: &CommissionLineRow, workspace: &Workspace<Commission>) -> Option<Value> {
    let Some(policy_id) = &row.policy_id else {
        return production::facts(row, workspace);
    };
    let (plan, policy) = (plan(workspace)?, policy_doc(workspace, policy_id)?);
    if let Some(carried) = carried(row, policy) {
        return Some(difference(row, carried));
    }
    let place = policy.state.entries.iter().position(|entry| {
        let line = &entry.line;
        (entry.no, &line.planner, line.period) == (row.line_no, &row.planner_id, row.period)
    })?;
    let posting = Posting::of(plan, policy, place)?;
    let (ids, words) = posting.sources();
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    put("rule", json!(rule(row.component)));
    put("formula", json!(format!("{}; {words}", formula(&posting))));
    put("policy_id", json!(policy_id));
    put("component", json!(row.component));
    put("contract_date", json!(posting.contract.contract_date));
    put("p_minor", json!(posting.contract.monthly_premium_minor));
    put("source_event_ids", json!(ids));
    if let Some(value) = rate(&posting) {
        put("rate", value);
    }
    if let Some(value) = split(&posting) {
        put("split", value);
    }
    if let Some(value) = hierarchy(&posting) {
        put("hierarchy", value);
    }
    if posting.entry().counted || matches!(row.component, Component::CapDeferred | Component::CapForfeited) {
        let (before, after) = posting.cap();
        let limit = cap::limit(posting.contract, posting.cause().config.cap_multiple);
        put(
            "cap",
            json!({"limit_minor": limit, "before_minor": before, "after_minor": after}),
        );
    }
    Some(Value::Object(facts))
}

const fn rule(component: Component) -> &'static str {
    match component {
        Component::New | Component::Instalment => "M-R2, M-R3",
        Component::Override => "M-R3",
        Component::CapDeferred | Component::CapForfeited | Component::CapRelease => "M-R4",
        Component::Clawback => "M-R5",
        Component::ClawbackReversed => "M-R6",
        Component::Bonus => "M-R7",
        Component::Advance | Component::Earned | Component::AdvanceRepaid | Component::AdvanceRecovered => {
            "M-R10"
        }
        Component::Maintenance => "M-R11",
        Component::Reversed => "M-R12",
        Component::Adjust => "M-R2",
        Component::Settling | Component::Manual => "M-R4",
    }
}

/// The document, its dates, the entry of its schedule and what it is a share of.
fn rate(posting: &Posting<'_>) -> Option<Value> {
    let known = posting.rate()?;
    let rate = &known.document;
    let (name, _, amount) = basis(rate, posting.contract);
    let instalment = posting.entry().line.instalment;
    let steps = rate
        .schedule
        .iter()
        .filter(|step| instalment.is_some_and(|instalment| rate.place_in(step, instalment).is_some()));
    Some(json!({
        "rate_id": rate.rate_id, "version": rate.version, "effective_from": rate.effective_from,
        "effective_to": rate.effective_to,
        "known_at": plimsoll_contracts::time::format(known.stamp.at), "event_id": known.stamp.id,
        "basis": name, "basis_minor": amount, "schedule_entry": steps.collect::<Vec<_>>(),
    }))
}

/// The payee's share of the component, and what the largest remainder gave (G3).
fn split(posting: &Posting<'_>) -> Option<Value> {
    let line = &posting.entry().line;
    if !matches!(
        line.component,
        Component::New | Component::Instalment | Component::Adjust | Component::Earned
    ) {
        return None;
    }
    let share_bp = posting.share_bp(&line.planner)?;
    let (total, above) = posting.total();
    let exact = i128::from(total) * i128::from(share_bp);
    let floor = i64::try_from(exact / 10_000).ok()?;
    Some(json!({
        "total_minor": total, "above_cap_minor": above, "share_bp": share_bp,
        "remainder_minor": line.amount - floor,
    }))
}

/// The picture above the payee, and which level of it earned the line.
fn hierarchy(posting: &Posting<'_>) -> Option<Value> {
    let line = &posting.entry().line;
    let payee = line.for_planner.as_ref().unwrap_or(&line.planner);
    let chain = posting.picture.chains.get(posting.contract.payee(payee)?)?;
    let levels = chain
        .iter()
        .map(|level| json!({"level": level.level, "manager_id": level.manager}));
    let rule = overriding::level_of(posting).map(|(level, known)| {
        json!({"level": level.level, "rule_id": known.stamp.stream.id(),
            "effective_from": known.document.effective_from, "event_id": known.stamp.id})
    });
    Some(json!({
        "of_planner_id": payee, "taken_on": posting.contract.contract_date,
        "levels": levels.collect::<Vec<_>>(), "rule": rule,
    }))
}

fn carried<'a>(row: &CommissionLineRow, policy: &'a PolicyDoc) -> Option<&'a Carried> {
    policy.residue.carried.iter().find(|carried| {
        let shown = &carried.shown;
        let of = (shown.no, &shown.line.planner, shown.line.period);
        of == (row.line_no, &row.planner_id, row.period)
    })
}

/// M-R1: what closed months can no longer show.
pub(super) fn difference(row: &CommissionLineRow, carried: &Carried) -> Value {
    let line = &carried.shown.line;
    let of = line.of.map(word).unwrap_or_default();
    let formula = format!(
        "closed months show {} less of {of} than is true by now; the difference {} is posted in {}, the first \
         month that was open",
        money(line.amount),
        money(line.amount),
        line.period
    );
    json!({"rule": "M-R1", "formula": formula, "policy_id": row.policy_id, "of_component": line.of,
        "instalment_no": line.instalment, "source_event_ids": [line.cause]})
}
