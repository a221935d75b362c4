//! `commission`: its vectors, read from the file, in three ways, and what holds of every ledger.

use std::collections::BTreeMap;

use plimsoll_contracts::{ImportedEvent, time};
use plimsoll_views::{Commission, commission::Row};
use serde_json::{Value, json};

use crate::harness::{
    Folded, Rng, Vector, assert_table, at_positions, fold_in_batches, fold_in_memory, parked_table, shuffles,
    vectors,
};

pub(crate) const FILE: &str = include_str!("../vectors/commission.json");

/// The cases as they are fed: `known_at` is a fold of what had occurred by then (M-R2).
fn cases() -> Vec<Vector> {
    let mut cases = vectors(FILE);
    for case in &mut cases {
        if let Some(known_at) = case.asked.get("known_at").and_then(Value::as_str) {
            let known_at = time::parse(known_at).unwrap();
            case.events.retain(|event| event.occurred_at <= known_at);
        }
    }
    cases
}

/// Closing a period acts by position (M-R1).
pub(crate) fn is_barrier(event: &ImportedEvent) -> bool {
    &*event.event_type == "CommissionPeriodClosed"
}

fn check(vector: &Vector, folded: &Folded<Row>) {
    for (table, expected) in &vector.expect {
        let name = format!("{} {table}", vector.name);
        if table == "parked" {
            assert_eq!(&waiting(vector, folded), expected, "{name}");
            continue;
        }
        assert_table(
            &name,
            &with_for_period(table, expected),
            &folded.ask::<Commission>(&[("table", table)]),
        );
    }
    invariants(&vector.name, folded);
}

/// A row without the column `for_period` expects it to be null.
fn with_for_period(table: &str, expected: &Value) -> Value {
    let mut expected = expected.clone();
    if table == "lines" {
        for row in expected.as_array_mut().unwrap() {
            row.as_object_mut()
                .unwrap()
                .entry("for_period")
                .or_insert(Value::Null);
        }
    }
    expected
}

/// The parked list as this file shows it: per policy, the waiting instalments.
fn waiting(vector: &Vector, folded: &Folded<Row>) -> Value {
    let mut instalments: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for entry in parked_table(&folded.parked).as_array().unwrap() {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let event = vector
            .events
            .iter()
            .find(|event| event.id.to_string() == text("event"))
            .unwrap();
        let data: Value = serde_json::from_str(event.data.get()).unwrap();
        let key = (text("key"), text("reason"));
        instalments
            .entry(key)
            .or_default()
            .push(data["instalment_no"].as_u64().unwrap());
    }
    instalments
        .into_iter()
        .map(|((key, reason), mut instalments)| {
            instalments.sort_unstable();
            json!({"key": key, "instalments": instalments, "reason": reason})
        })
        .collect()
}

/// Σ lines = Σ statements, debts carry on, and no more comes back of a policy than it was paid.
pub(crate) fn invariants(name: &str, folded: &Folded<Row>) {
    let mut lines: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    let mut by_policy: BTreeMap<String, i64> = BTreeMap::new();
    let mut closing: BTreeMap<String, i64> = BTreeMap::new();
    for stored in folded.rows.values() {
        if let Row::Line(row) = &stored.row {
            let payee = (
                row.planner_id.to_string(),
                row.period.to_string(),
                row.currency.to_string(),
            );
            *lines.entry(payee).or_default() += row.amount_minor;
            if let Some(policy) = &row.policy_id {
                *by_policy.entry(policy.to_string()).or_default() += row.amount_minor;
            }
        }
    }
    lines.retain(|(planner, _, _), _| planner != "house");
    for stored in folded.rows.values() {
        if let Row::Statement(row) = &stored.row {
            let key = (
                row.planner_id.to_string(),
                row.period.to_string(),
                row.currency.to_string(),
            );
            assert_eq!(lines.remove(&key), Some(row.lines_minor), "{name} {key:?}");
            let opening = closing.insert(key.0, row.closing_minor).unwrap_or(0);
            assert_eq!(opening, row.opening_minor, "{name}: the debt carries on");
            let net = row.payable_minor + row.withholding_minor + row.closing_minor - row.opening_minor;
            assert_eq!(net, row.lines_minor, "{name}: a statement balances");
        }
    }
    assert!(lines.is_empty(), "{name}: lines without a statement: {lines:?}");
    // What a planner owes by hand is no part of this.
    let by_hand = name.starts_with("M13");
    assert!(
        by_hand || by_policy.values().all(|sum| *sum >= 0),
        "{name}: {by_policy:?}"
    );
}

#[test]
fn vectors_hold_in_the_order_of_the_file() {
    for vector in cases() {
        let events = at_positions(&vector.events);
        check(&vector, &fold_in_memory::<Commission>(&vector.config, &events));
    }
}

#[test]
fn g4_vectors_hold_in_any_order_with_duplicates_between_closings() {
    for vector in cases() {
        for events in shuffles(&vector.events, is_barrier) {
            check(&vector, &fold_in_memory::<Commission>(&vector.config, &events));
        }
    }
}

#[test]
fn x1_batches_restarts_and_forgetting_change_nothing() {
    for vector in cases() {
        for (seed, events) in (0..).zip(shuffles(&vector.events, is_barrier)) {
            let live = fold_in_batches::<Commission>(&vector.config, &events, &mut Rng::new(seed));
            let at_once = fold_in_memory::<Commission>(&vector.config, &events);
            assert_eq!(live, at_once, "{}", vector.name);
            check(&vector, &live);
        }
    }
}
