//! Comparison of a table with the whole table that a vector expects.

use plimsoll_views::{AnswerRow, fold::ParkedRow};
use serde_json::{Map, Value, json};

/// Holds an answer against a whole expected table: the same rows, by the columns that it shows.
pub(crate) fn assert_table(name: &str, expected: &Value, answer: &[AnswerRow]) {
    let expected = expected.as_array().unwrap();
    let shown: Vec<Value> = answer.iter().map(|row| shown(row, expected.first())).collect();
    assert_eq!(sorted(&shown), sorted(expected), "{name}");
}

fn shown(row: &AnswerRow, like: Option<&Value>) -> Value {
    let Some(Value::Object(like)) = like else {
        return json!(row.key);
    };
    let column = |name: &String| {
        (
            name.clone(),
            row.columns.get(name).cloned().unwrap_or(Value::Null),
        )
    };
    Value::Object(like.keys().map(column).collect::<Map<_, _>>())
}

fn sorted(rows: &[Value]) -> String {
    let mut lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    lines.sort();
    lines.join("\n")
}

/// The parked events as vectors show them: key, event id, reason.
pub(crate) fn parked_table(parked: &[ParkedRow]) -> Value {
    let mut entries: Vec<Value> = parked
        .iter()
        .flat_map(|row| &row.entries)
        .map(|entry| json!({"key": entry.key, "event": entry.event, "reason": entry.reason}))
        .collect();
    entries.sort_by_key(Value::to_string);
    Value::Array(entries)
}
