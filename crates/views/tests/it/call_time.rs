//! `call-time`: its vectors, read from the file, in three ways.

use plimsoll_views::{CallTime, call_time::CallTimeRow};
use serde_json::{Map, Value, json};

use crate::harness::{
    Folded, Rng, Vector, assert_table, at_positions, fold_in_batches, fold_in_memory, shuffles, vectors,
};

const FILE: &str = include_str!("../vectors/call-time.json");

fn check(vector: &Vector, folded: &Folded<CallTimeRow>) {
    for (table, expected) in &vector.expect {
        let name = format!("{} {table}", vector.name);
        match table.as_str() {
            "agents" => assert_table(&name, expected, &folded.ask::<CallTime>(&[])),
            "queues" => assert_table(&name, expected, &folded.ask::<CallTime>(&[("table", "queues")])),
            "by_day" => assert_eq!(&by_day(folded, expected), expected, "{name}"),
            "lists" => assert_eq!(&lists(folded, expected), expected, "{name}"),
            "parked" => assert_eq!(&parked(vector, folded), expected, "{name}"),
            other => panic!("{other} is not a table of call-time"),
        }
    }
}

/// Agents summed by day, with the centre's columns, as far as the vector shows them.
fn by_day(folded: &Folded<CallTimeRow>, like: &Value) -> Value {
    let centre = folded.ask::<CallTime>(&[("table", "centre")]);
    let days = folded
        .ask::<CallTime>(&[("group_by", "day")])
        .into_iter()
        .map(|day| {
            let beside = centre.iter().find(|row| row.key == day.key).unwrap();
            let mut columns = day.columns;
            columns.extend(beside.columns.clone());
            shown(&columns, &like[0])
        });
    days.collect()
}

/// The lists of segments to look at; a vector's list shows some of the columns.
fn lists(folded: &Folded<CallTimeRow>, like: &Value) -> Value {
    let questions = [
        ("unresolved", ("only", "unresolved")),
        ("quarantined", ("only", "quarantined")),
        ("open", ("live", "true")),
        ("conflicts", ("only", "conflict")),
    ];
    let list = |(name, question): (&str, (&str, &str))| {
        let rows = folded.ask::<CallTime>(&[question]);
        let rows: Value = rows
            .iter()
            .map(|row| shown(&row.columns, &like[name][0]))
            .collect();
        (name.to_owned(), rows)
    };
    Value::Object(questions.into_iter().map(list).collect())
}

fn shown(columns: &Map<String, Value>, like: &Value) -> Value {
    let Some(like) = like.as_object() else {
        return Value::Object(columns.clone());
    };
    let column = |name: &String| (name.clone(), columns.get(name).cloned().unwrap_or_default());
    Value::Object(like.keys().map(column).collect())
}

fn parked(vector: &Vector, folded: &Folded<CallTimeRow>) -> Value {
    let entries = folded.parked.iter().flat_map(|row| &row.entries).map(|entry| {
        let event = vector
            .events
            .iter()
            .find(|event| event.id == entry.event)
            .unwrap();
        let data: Value = serde_json::from_str(event.data.get()).unwrap();
        json!({"key": entry.key, "segment_id": data["segment_id"], "reason": entry.reason})
    });
    entries.collect()
}

#[test]
fn vectors_hold_in_the_order_of_the_file() {
    for vector in vectors(FILE) {
        let events = at_positions(&vector.events);
        check(&vector, &fold_in_memory::<CallTime>(&vector.config, &events));
    }
}

#[test]
fn g4_vectors_hold_in_any_order_with_duplicates() {
    for vector in vectors(FILE) {
        for events in shuffles(&vector.events, |_| false) {
            check(&vector, &fold_in_memory::<CallTime>(&vector.config, &events));
        }
    }
}

#[test]
fn x1_batches_restarts_and_forgetting_change_nothing() {
    for vector in vectors(FILE) {
        for (seed, events) in (0..).zip(shuffles(&vector.events, |_| false)) {
            let live = fold_in_batches::<CallTime>(&vector.config, &events, &mut Rng::new(seed));
            let in_memory = fold_in_memory::<CallTime>(&vector.config, &events);
            assert_eq!(live, in_memory, "{}", vector.name);
            check(&vector, &live);
        }
    }
}
