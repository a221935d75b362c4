//! `sales-volume`: its vectors, read from the file, in three ways.

use plimsoll_views::{AnswerRow, SalesVolume, sales_volume::SalesRow};
use serde_json::{Value, json};

use crate::harness::{
    Folded, Rng, Vector, assert_table, at_positions, fold_in_batches, fold_in_memory, parked_table, shuffles,
    vectors,
};

const FILE: &str = include_str!("../vectors/sales-volume.json");

fn check(vector: &Vector, folded: &Folded<SalesRow>) {
    for (table, expected) in &vector.expect {
        let name = format!("{} {table}", vector.name);
        let answer = |params: &[(&str, &str)]| folded.ask::<SalesVolume>(params);
        match table.as_str() {
            "activity" => assert_table(&name, expected, &answer(&[])),
            "cohort" => assert_table(&name, expected, &answer(&[("attribution", "cohort")])),
            "activity_by_product_day" => {
                assert_table(&name, expected, &answer(&[("group_by", "product,day")]));
            }
            "cohort_by_product_day" => {
                let params = [("attribution", "cohort"), ("group_by", "day,product")];
                assert_table(&name, expected, &answer(&params));
            }
            "activity_by_day" => assert_table(&name, expected, &answer(&[("group_by", "day")])),
            "parked" => assert_eq!(&parked_table(&folded.parked), expected, "{name}"),
            "top" => check_top(vector, expected, folded),
            other => panic!("{other} is not a table of sales-volume"),
        }
    }
}

fn check_top(vector: &Vector, expected: &Value, folded: &Folded<SalesRow>) {
    let questions = vector.asked["queries"]["top"].as_array().unwrap();
    for (question, expected) in questions.iter().zip(expected.as_array().unwrap()) {
        let text = |name: &str| question[name].as_str().unwrap();
        let (count, measure) = (question["n"].to_string(), text("measure"));
        let params = [
            ("from", text("from")),
            ("to", text("to")),
            ("measure", measure),
            ("top", &count),
        ];
        let column = match measure {
            "net_units" => "net_units",
            "net_sales" => "net_minor",
            _ => "gross_minor",
        };
        let ranked = |row: &AnswerRow| json!([row.columns["product_id"], row.columns[column]]);
        let answer: Vec<Value> = folded.ask::<SalesVolume>(&params).iter().map(ranked).collect();
        assert_eq!(&Value::Array(answer), expected, "{} top {question}", vector.name);
    }
}

#[test]
fn vectors_hold_in_the_order_of_the_file() {
    for vector in vectors(FILE) {
        let events = at_positions(&vector.events);
        check(&vector, &fold_in_memory::<SalesVolume>(&vector.config, &events));
    }
}

#[test]
fn g4_vectors_hold_in_any_order_with_duplicates() {
    for vector in vectors(FILE) {
        for events in shuffles(&vector.events, |_| false) {
            check(&vector, &fold_in_memory::<SalesVolume>(&vector.config, &events));
        }
    }
}

#[test]
fn x1_batches_restarts_and_forgetting_change_nothing() {
    for vector in vectors(FILE) {
        for (seed, events) in (0..).zip(shuffles(&vector.events, |_| false)) {
            let live = fold_in_batches::<SalesVolume>(&vector.config, &events, &mut Rng::new(seed));
            assert_eq!(
                live,
                fold_in_memory::<SalesVolume>(&vector.config, &events),
                "{}",
                vector.name
            );
            check(&vector, &live);
        }
    }
}
