//! `revenue`: its vectors, read from the file, in three ways. Their `queries` (sliding window,
//! comparison, run-rate) ask for what the view does not answer.

use plimsoll_views::{Revenue, revenue::RevenueRows};

use crate::harness::{
    Folded, Rng, Vector, assert_table, at_positions, fold_in_batches, fold_in_memory, parked_table, shuffles,
    vectors,
};

const FILE: &str = include_str!("../vectors/revenue.json");

fn check(vector: &Vector, folded: &Folded<RevenueRows>) {
    for (table, expected) in &vector.expect {
        let name = format!("{} {table}", vector.name);
        let params: &[(&str, &str)] = match table.as_str() {
            "rows" => &[],
            "by_day" => &[("window", "day")],
            "by_day_hour" => &[("window", "1h")],
            "by_day_channel" => &[("group_by", "channel,day")],
            "failures" => &[("failures", "true")],
            "parked" => {
                assert_eq!(&parked_table(&folded.parked), expected, "{name}");
                continue;
            }
            "queries" => continue,
            other => panic!("{other} is not a table of revenue"),
        };
        assert_table(&name, expected, &folded.ask::<Revenue>(params));
    }
}

#[test]
fn vectors_hold_in_the_order_of_the_file() {
    for vector in vectors(FILE) {
        let events = at_positions(&vector.events);
        check(&vector, &fold_in_memory::<Revenue>(&vector.config, &events));
    }
}

#[test]
fn g4_vectors_hold_in_any_order_with_duplicates() {
    for vector in vectors(FILE) {
        let in_file_order = fold_in_memory::<Revenue>(&vector.config, &at_positions(&vector.events));
        for events in shuffles(&vector.events, |_| false) {
            let folded = fold_in_memory::<Revenue>(&vector.config, &events);
            check(&vector, &folded);
            assert_eq!(folded.order_free(), in_file_order.order_free(), "{}", vector.name);
        }
    }
}

#[test]
fn x1_batches_restarts_and_forgetting_change_nothing() {
    for vector in vectors(FILE) {
        for (seed, events) in (0..).zip(shuffles(&vector.events, |_| false)) {
            let live = fold_in_batches::<Revenue>(&vector.config, &events, &mut Rng::new(seed));
            assert_eq!(
                live,
                fold_in_memory::<Revenue>(&vector.config, &events),
                "{}",
                vector.name
            );
            check(&vector, &live);
        }
    }
}
