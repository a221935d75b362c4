//! `revenue`: its vectors, read from the file, in three ways.

use plimsoll_views::{Revenue, revenue::RevenueRows};
use serde_json::{Map, Value};

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
            "queries" => {
                check_queries(vector, expected, folded);
                continue;
            }
            other => panic!("{other} is not a table of revenue"),
        };
        assert_table(&name, expected, &folded.ask::<Revenue>(params));
    }
}

/// R-R1, R-R5: the questions that are asked at an instant.
fn check_queries(vector: &Vector, expected: &Value, folded: &Folded<RevenueRows>) {
    let mut asked = 0;
    for (kind, questions) in vector.asked["queries"].as_object().unwrap() {
        for (question, expected) in questions
            .as_array()
            .unwrap()
            .iter()
            .zip(expected[kind].as_array().unwrap())
        {
            let text = |name: &str| question[name].to_string();
            let now = question["now"].as_str().unwrap();
            let (kind_params, column) = match kind.as_str() {
                "sliding" => (vec![("sliding_s", text("window_s"))], Some("net_minor")),
                "to_date" => (vec![("compare", text("days_back"))], None),
                "run_rate" => (
                    vec![
                        ("run_rate", "profile".to_owned()),
                        ("profile_bp", text("profile_bp")),
                    ],
                    None,
                ),
                other => panic!("{other} is not a question of revenue"),
            };
            let mut params = vec![("now", now)];
            params.extend(kind_params.iter().map(|(name, value)| (*name, value.as_str())));
            let answer = folded.ask::<Revenue>(&params);
            let [row] = answer.as_slice() else {
                panic!("{} {kind}: {answer:?}", vector.name)
            };
            let shown = match (column, expected.as_object()) {
                (Some(column), _) => row.columns[column].clone(),
                (None, Some(like)) => {
                    let column = |name: &String| (name.clone(), row.columns[name].clone());
                    Value::Object(like.keys().map(column).collect::<Map<_, _>>())
                }
                (None, None) => panic!("{expected} is no row"),
            };
            assert_eq!(&shown, expected, "{} {kind} {question}", vector.name);
            asked += 1;
        }
    }
    assert!(asked > 0);
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
