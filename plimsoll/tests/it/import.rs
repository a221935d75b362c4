//! The converters of the real data sets give exactly the events that the totals name.

use std::collections::BTreeMap;

use plimsoll::import::{DataSet, events};

fn counts_equal_totals(name: &str, data_set: DataSet) {
    let (Some(rows), Some(totals)) = (
        crate::data::file(&format!("{name}/{name}.csv.xz")),
        crate::data::totals(name),
    ) else {
        return;
    };
    let events = events(data_set, &rows).unwrap();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &events {
        *counts.entry(&event.event_type).or_default() += 1;
    }
    let mut expected: BTreeMap<&str, u64> = totals["events"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_u64().unwrap()))
        .collect();
    assert_eq!(expected.remove("all"), Some(events.len() as u64));
    assert_eq!(counts, expected);
    assert!(events.is_sorted_by_key(|event| event.occurred_at));
}

#[test]
fn retail_rows_become_the_events_of_the_mapping() {
    counts_equal_totals("retail", DataSet::Retail);
}

#[test]
fn calls_rows_become_the_events_of_the_mapping() {
    counts_equal_totals("calls", DataSet::Calls);
}

#[test]
fn policies_rows_become_the_events_of_the_mapping() {
    counts_equal_totals("policies", DataSet::Policies);
}
