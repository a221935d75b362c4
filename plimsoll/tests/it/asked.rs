//! What the tables of a worked case are asked with over the API, and the rows that must be seen.

use serde_json::{Map, Value, json};

use crate::vectors::question;

/// A question about one table of a case, or a part of it.
pub(crate) struct Asked {
    pub(crate) what: String,
    params: Vec<(String, String)>,
    pub(crate) expected: Value,
    /// Whether the order of the rows counts.
    pub(crate) ranked: bool,
}

impl Asked {
    fn new(what: &str, params: &[(&str, &str)], expected: Value) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            what: what.to_owned(),
            params: params.iter().map(own).collect(),
            expected,
            ranked: false,
        }
    }

    pub(crate) fn params(&self) -> Vec<(&str, &str)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// Every question of a table; a table that is neither asked here nor named as out of reach is a
/// mistake in the vectors or in this file, and fails the test.
pub(crate) fn questions(view: &str, case: &Value, table: &str, expected: &Value) -> Vec<Asked> {
    if let Some(params) = question(view, table) {
        return vec![Asked::new(table, params, expected.clone())];
    }
    match (view, table) {
        ("sales-volume", "top") => tops(&case["config"]["queries"]["top"], expected),
        ("call-time", "by_day") => days(expected),
        ("call-time", "lists") => lists(expected),
        // No route lists parked events: the folds' own tests compare them.
        (_, "parked") => vec![],
        // They are asked at instants, each with an answer of its own: `vectors::check_queries`.
        ("revenue", "queries") => vec![],
        _ => panic!(
            "{} of {view} has a table `{table}` that no question is known for",
            case["name"]
        ),
    }
}

/// A ranking per question of the case: product and measure, in order.
fn tops(asked: &Value, expected: &Value) -> Vec<Asked> {
    let (asked, expected) = (asked.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!(asked.len(), expected.len(), "a ranking per question");
    let one = |(question, expected): (&Value, &Value)| {
        let text = |name: &str| question[name].as_str().unwrap();
        let column = match text("measure") {
            "net_units" => "net_units",
            "net_sales" => "net_minor",
            _ => "gross_minor",
        };
        let row = |pair: &Value| json!({"product_id": pair[0], column: pair[1]});
        let rows = expected.as_array().unwrap().iter().map(row).collect();
        let count = question["n"].to_string();
        let params = [
            ("from", text("from")),
            ("to", text("to")),
            ("measure", text("measure")),
            ("top", &count),
        ];
        Asked {
            ranked: true,
            ..Asked::new(&format!("top {question}"), &params, rows)
        }
    };
    asked.iter().zip(expected).map(one).collect()
}

/// The day's agents, and the centre's columns beside them.
fn days(expected: &Value) -> Vec<Asked> {
    const CENTRE: [&str; 3] = ["contacts_handled", "segments", "unowned_s"];
    let columns = |of_centre: bool| -> Value {
        let day = |row: &Value| {
            let wanted = |(name, _): &(&String, &Value)| {
                *name == "business_date" || CENTRE.contains(&name.as_str()) == of_centre
            };
            let columns = row.as_object().unwrap().iter().filter(wanted);
            columns
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>()
        };
        expected.as_array().unwrap().iter().map(day).collect()
    };
    vec![
        Asked::new("by_day of agents", &[("group_by", "day")], columns(false)),
        Asked::new("by_day of the centre", &[("table", "centre")], columns(true)),
    ]
}

/// The lists of segments to look at.
fn lists(expected: &Value) -> Vec<Asked> {
    let one = |(name, rows): (&String, &Value)| {
        let params: &[(&str, &str)] = match name.as_str() {
            "unresolved" => &[("only", "unresolved")],
            "quarantined" => &[("only", "quarantined")],
            "open" => &[("live", "true")],
            "conflicts" => &[("only", "conflict")],
            other => panic!("no question is known for the list `{other}`"),
        };
        Asked::new(&format!("list {name}"), params, rows.clone())
    };
    expected.as_object().unwrap().iter().map(one).collect()
}
