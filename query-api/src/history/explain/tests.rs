//! Every row of every worked case is explained: the chain of changes leads to the row, and the few
//! events that the view names lead to the same as all of them do.

use std::collections::BTreeSet;

use plimsoll_contracts::{Event, ImportedEvent, Position, TenantConfig, config::ConfigChange};
use plimsoll_views::{
    CallTime, Commission, Params, Place, Revenue, Row as _, SalesVolume, StoredRow, View, ViewQuery as _,
};
use serde_json::{Map, Value, json};

use super::{watch::Seen, *};
use crate::history::{Replay as _, TypedReplay};

const SALES: &str = include_str!("../../../../crates/views/tests/vectors/sales-volume.json");
const CALLS: &str = include_str!("../../../../crates/views/tests/vectors/call-time.json");
const REVENUE: &str = include_str!("../../../../crates/views/tests/vectors/revenue.json");
const COMMISSION: &str = include_str!("../../../../crates/views/tests/vectors/commission.json");

/// A case as a log: its configuration first, then its events, each once.
struct Case {
    name: String,
    config: TenantConfig,
    events: Vec<Event>,
}

fn cases(file: &str) -> Vec<Case> {
    let file: Value = serde_json::from_str(file).unwrap();
    file["vectors"].as_array().unwrap().iter().map(case).collect()
}

fn case(case: &Value) -> Case {
    let mut changes = case["config"].as_object().unwrap().clone();
    changes.retain(|name, _| name != "queries" && name != "known_at");
    let configured = json!({
        "id": uuid::Uuid::nil(), "stream": "config-main", "version": 1, "type": "TenantConfigured", "schema": 1,
        "occurred_at": "2020-01-01T00:00:00.000Z", "correlation_id": "C", "data": { "changes": changes },
        "actor": { "kind": "system", "id": "test" },
    });
    let mut seen = BTreeSet::new();
    let events = std::iter::once(&configured).chain(case["events"].as_array().unwrap());
    let events = events
        .map(|event| serde_json::from_str::<ImportedEvent>(&event.to_string()).unwrap())
        .filter(|event| seen.insert(event.id));
    Case {
        name: case["name"].as_str().unwrap().to_owned(),
        config: TenantConfig::default().changed(&ConfigChange(changes)).unwrap(),
        events: (1..)
            .zip(events)
            .map(|(position, event)| event.at(Position::new(position), event.occurred_at).upcast())
            .collect(),
    }
}

/// The question whose answer shows a table's rows as they are stored; none where nobody can ask.
fn question<V: View>(table: &str, stored: &StoredRow<V::Row>) -> Option<Params> {
    let tables = [
        Params::from([("table".to_owned(), table.to_owned())]),
        Params::from([("failures".to_owned(), "true".to_owned())]),
        Params::from([("attribution".to_owned(), "cohort".to_owned())]),
        Params::new(),
    ];
    tables.into_iter().find(|params| {
        V::Query::parse(params).is_ok_and(|query| {
            query.table() == table && query.row_by_row() && query.selects(&stored.row, &None)
        })
    })
}

fn watched(params: &Params, key: &str) -> Watched {
    Watched {
        params: params.clone(),
        own: None,
        key: key.to_owned(),
        after: Position::ZERO,
        limit: 10_000,
    }
}

/// What the log's reader gives for a trace, out of a log in memory.
fn traced<'a, V: View>(events: &'a [Event], trace: &plimsoll_views::Trace) -> Vec<&'a Event> {
    let read = |event: &&Event| V::reads(&event.event_type);
    let mut streams: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        let is_within = trace
            .within
            .is_some_and(|(from, to)| from <= event.occurred_at && event.occurred_at < to);
        let is_named = trace
            .streams
            .iter()
            .any(|name| event.stream.as_str().starts_with(name));
        if (is_within && read(&event)) || is_named {
            streams.insert(event.stream.as_str());
        }
    }
    let mut chosen: BTreeSet<Position> = events
        .iter()
        .filter(|event| streams.contains(event.stream.as_str()) || &*event.event_type == "TenantConfigured")
        .map(|event| event.position)
        .collect();
    for moment in &trace.moments {
        let first = events
            .iter()
            .filter(read)
            .find(|event| event.occurred_at >= *moment);
        chosen.extend(first.map(|event| event.position));
    }
    events
        .iter()
        .filter(|event| chosen.contains(&event.position))
        .collect()
}

fn see<V: View>(params: &Params, key: &str, events: &[&Event]) -> (Seen, Box<dyn Watch>) {
    let mut watch = watch::<V>(watched(params, key)).unwrap();
    for event in events {
        watch.fold(std::slice::from_ref(*event));
    }
    (watch.finish(DateTime::UNIX_EPOCH), watch)
}

/// Each change begins where the one before ended, and the last one ends at the row.
fn assert_chain(what: &str, seen: &Seen) {
    let mut stands: Option<Map<String, Value>> = None;
    for change in &seen.changes {
        for (name, value) in change.before.iter().flatten() {
            let known = stands.as_ref().and_then(|columns| columns.get(name));
            assert_eq!(known, Some(value), "{what} {name} before {}", change.position);
        }
        assert_eq!(
            change.before.is_some(),
            stands.is_some(),
            "{what} before {}",
            change.position
        );
        stands = change.after.clone().map(|after| {
            let mut columns = stands.take().unwrap_or_default();
            columns.extend(after);
            columns
        });
    }
    assert_eq!(
        stands.as_ref(),
        seen.row.as_ref().map(|row| &row.columns),
        "{what}"
    );
}

/// Gives how many rows were explained, and how many of them from a few events.
fn check<V: View>(file: &str) -> (usize, usize) {
    let (mut rows, mut from_few) = (0, 0);
    for case in cases(file) {
        let mut replay = TypedReplay::<V>::new();
        replay.fold(&case.events);
        let all: Vec<&Event> = case.events.iter().collect();
        for table in V::TABLES.iter().copied() {
            for (key, stored) in replay.workspace.held_rows(table) {
                let Some(params) = question::<V>(table, stored) else {
                    continue;
                };
                let what = format!("{} {table} {key}", case.name);
                let (seen, _) = see::<V>(&params, key, &all);
                assert!(!seen.changes.is_empty(), "{what} is explained by nothing");
                assert_chain(&what, &seen);
                rows += 1;
                let key_text = stored.row.key();
                let place = Place::Row {
                    table,
                    key: &key_text,
                };
                let default = TenantConfig::default();
                let (Some(one), Some(other)) = (V::trace(place, &default), V::trace(place, &case.config))
                else {
                    continue;
                };
                let few = traced::<V>(&case.events, &one.and(other));
                let (few_seen, watch) = see::<V>(&params, key, &few);
                assert!(
                    watch.agrees(&[raw(stored)]),
                    "{what} differs when folded from {few:?}"
                );
                assert_eq!(
                    json!(few_seen.changes),
                    json!(seen.changes),
                    "{what}: a few events and all of them explain it alike"
                );
                from_few += 1;
            }
        }
    }
    (rows, from_few)
}

fn raw<R: serde::Serialize + plimsoll_views::Row>(stored: &StoredRow<R>) -> plimsoll_store::StoredRow {
    plimsoll_store::StoredRow {
        key: stored.row.key(),
        position: stored.position,
        revision: stored.revision,
        body: serde_json::value::to_raw_value(&stored.row).unwrap(),
    }
}

/// G8. The few events that a trace names must lead to the same rows and facts as all of them.
#[test]
fn g8_every_row_of_sales_explains_itself() {
    let (rows, from_few) = check::<SalesVolume>(SALES);
    assert_eq!(rows, from_few);
    assert!(rows > 20, "{rows}");
}

#[test]
fn g8_every_row_of_call_time_explains_itself() {
    let (rows, from_few) = check::<CallTime>(CALLS);
    assert!(rows > 20 && from_few > 10, "{rows} {from_few}");
}

#[test]
fn g8_every_row_of_revenue_explains_itself() {
    let (rows, from_few) = check::<Revenue>(REVENUE);
    assert!(rows > 20 && from_few > 10, "{rows} {from_few}");
}

#[test]
fn g8_every_row_of_commission_explains_itself() {
    let (rows, _) = check::<Commission>(COMMISSION);
    assert!(rows > 100, "{rows}");
}

/// A row of a grouped answer is explained by the rows behind it. Seen failing: with only those of
/// its own currency taken, where orders are counted distinct over all.
#[test]
fn g8_a_group_explains_itself() {
    let params = Params::from([("group_by".to_owned(), "product,day".to_owned())]);
    let mut groups = 0;
    for case in cases(SALES) {
        let mut replay = TypedReplay::<SalesVolume>::new();
        replay.fold(&case.events);
        let all: Vec<&Event> = case.events.iter().collect();
        let answer = (crate::history::Past::of::<SalesVolume>().answer_at)(
            &params,
            &None,
            &replay,
            DateTime::UNIX_EPOCH,
        );
        for row in answer.unwrap() {
            let (seen, _) = see::<SalesVolume>(&params, &row.key, &all);
            assert_chain(&format!("{} {}", case.name, row.key), &seen);
            assert_eq!(serde_json::to_string(&seen.row).unwrap(), row.json.get());
            groups += 1;
        }
    }
    assert!(groups > 5, "{groups}");
}

/// Pages of an explanation, put together, are the whole of it.
#[test]
fn changes_come_in_pages_that_join() {
    let case = &cases(SALES)[0];
    let mut replay = TypedReplay::<SalesVolume>::new();
    replay.fold(&case.events);
    let all: Vec<&Event> = case.events.iter().collect();
    for (key, stored) in replay.workspace.held_rows("rows") {
        let params = question::<SalesVolume>("rows", stored).unwrap();
        let (whole, _) = see::<SalesVolume>(&params, key, &all);
        let (mut joined, mut after) = (Vec::new(), Position::ZERO);
        loop {
            let mut watch = watch::<SalesVolume>(Watched {
                after,
                limit: 1,
                ..watched(&params, key)
            })
            .unwrap();
            watch.fold(&case.events);
            let page = watch.finish(DateTime::UNIX_EPOCH);
            after = page.changes.last().map_or(after, |change| change.position);
            joined.extend(page.changes);
            if !page.more {
                break;
            }
        }
        assert_eq!(json!(joined), json!(whole.changes), "{key}");
    }
}
