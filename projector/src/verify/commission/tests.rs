//! The recomputation against the vectors, and against itself in other orders of arrival.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, ImportedEvent, Payload, Position, TenantConfig, config::ConfigChange, time};
use serde_json::{Map, Value, json};

use super::{super::ExpectedRow, recompute};

const FILE: &str = include_str!("../../../../crates/views/tests/vectors/commission.json");

struct Case {
    name: String,
    config: TenantConfig,
    events: Vec<ImportedEvent>,
    expect: Map<String, Value>,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(FILE).unwrap();
    file["vectors"].as_array().unwrap().iter().map(case).collect()
}

fn case(case: &Value) -> Case {
    let mut keys = case["config"].as_object().unwrap().clone();
    let known_at = keys
        .remove("known_at")
        .map(|at| time::parse(at.as_str().unwrap()).unwrap());
    let events = case["events"].as_array().unwrap().iter();
    let events = events.map(|event| serde_json::from_str::<ImportedEvent>(&event.to_string()).unwrap());
    Case {
        name: case["name"].as_str().unwrap().to_owned(),
        config: TenantConfig::default().changed(&ConfigChange(keys)).unwrap(),
        events: events
            .filter(|event| known_at.is_none_or(|at| event.occurred_at <= at))
            .collect(),
        expect: case["expect"].as_object().unwrap().clone(),
    }
}

fn in_log<'a>(events: impl IntoIterator<Item = &'a ImportedEvent>) -> Vec<Event> {
    let recorded_at: DateTime<Utc> = "2030-01-01T00:00:00Z".parse().unwrap();
    (1..)
        .zip(events)
        .map(|(position, event)| event.at(Position::new(position), recorded_at).upcast())
        .collect()
}

fn sorted(rows: impl Iterator<Item = Value>) -> String {
    let mut rows: Vec<String> = rows.map(|row| row.to_string()).collect();
    rows.sort();
    rows.join("\n")
}

fn check(case: &Case, rows: &[ExpectedRow]) {
    for (table, expected) in case.expect.iter().filter(|(table, _)| *table != "parked") {
        let expected = expected.as_array().unwrap();
        let names: BTreeSet<&String> = expected
            .iter()
            .flat_map(|row| row.as_object().unwrap().keys())
            .collect();
        let shown = |columns: &Map<String, Value>| {
            let column = |name: &&String| ((*name).clone(), columns.get(*name).cloned().unwrap_or_default());
            Value::Object(names.iter().map(column).collect())
        };
        let ours = rows
            .iter()
            .filter(|row| row.table == table)
            .map(|row| shown(&row.columns));
        let expected = expected.iter().map(|row| shown(row.as_object().unwrap()));
        assert_eq!(sorted(ours), sorted(expected), "{} {table}", case.name);
    }
}

#[test]
fn commission_vectors_hold_for_the_recomputation() {
    for case in cases() {
        check(
            &case,
            &recompute(&in_log(&case.events), case.config.clone()).unwrap(),
        );
    }
}

/// What does not hang on the order of arrival.
fn order_free(rows: &[ExpectedRow]) -> String {
    sorted(rows.iter().map(|row| {
        let mut columns = row.columns.clone();
        columns.remove("line_no");
        json!([row.table, columns])
    }))
}

#[test]
fn g4_the_recomputation_holds_in_any_order_with_duplicates_between_closings() {
    for case in cases() {
        let in_order = recompute(&in_log(&case.events), case.config.clone()).unwrap();
        for turn in 0..8 {
            let mut events: Vec<&ImportedEvent> = Vec::new();
            for part in case
                .events
                .split_inclusive(|event| &*event.event_type == "CommissionPeriodClosed")
            {
                let barriers = part
                    .iter()
                    .filter(|event| &*event.event_type == "CommissionPeriodClosed")
                    .count();
                let (free, barriers) = part.split_at(part.len() - barriers);
                let start = events.len();
                events.extend(free.iter().chain(free.iter().step_by(3)));
                shuffle(&mut events[start..], turn);
                events.extend(barriers);
            }
            let shuffled = recompute(&in_log(events), case.config.clone()).unwrap();
            assert_eq!(
                order_free(&shuffled),
                order_free(&in_order),
                "{} {turn}",
                case.name
            );
        }
    }
}

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
    for last in (1..items.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
}

#[test]
fn an_event_that_cannot_be_read_is_refused() {
    let mut events = in_log(&cases()[0].events);
    events[0].data = serde_json::value::RawValue::from_string("{}".to_owned())
        .unwrap()
        .into();
    let refused = recompute(&events, TenantConfig::default()).unwrap_err();
    assert!(refused.to_string().contains("position 1"), "{refused}");
    assert!(matches!(events[1].payload(), Ok(Payload::OrgUnitCreated(_))));
}
