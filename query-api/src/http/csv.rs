//! An answer as CSV (RFC 4180): numbers as they are, text guarded against being read as a formula.

use std::collections::BTreeSet;

use plimsoll_contracts::wire::RawRow;
use serde_json::{Map, Value};

use crate::registry::Description;

/// The rows with a header line; columns in the order in which the view describes them.
pub(super) fn write(rows: &[RawRow], description: Description) -> Vec<u8> {
    let rows: Vec<Map<String, Value>> = rows
        .iter()
        .map(|row| serde_json::from_str(row.get()).expect("a row is encoded as a JSON object"))
        .collect();
    let columns = columns(&rows, description);
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let mut line = |cells: Vec<String>| writer.write_record(cells).expect("a Vec takes every byte");
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    for row in &rows {
        line(columns.iter().map(|column| cell(row.get(*column))).collect());
    }
    writer.into_inner().expect("a Vec takes every byte")
}

/// `key`, the described columns that occur, others, and the stamps.
fn columns(rows: &[Map<String, Value>], description: Description) -> Vec<&str> {
    const STAMPS: &[&str] = &["position", "revision", "state"];
    let mut left: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.keys().map(String::as_str))
        .collect();
    let mut columns = vec!["key"];
    left.remove("key");
    let stamps: Vec<&str> = STAMPS
        .iter()
        .copied()
        .filter(|stamp| left.remove(stamp))
        .collect();
    for (name, _) in description.iter().flat_map(|table| table.columns) {
        if left.remove(name) {
            columns.push(name);
        }
    }
    columns.extend(left);
    columns.extend(stamps);
    columns
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text),
        Some(Value::Array(_) | Value::Object(_)) => guarded(&value.map(Value::to_string).unwrap_or_default()),
        Some(Value::Bool(_) | Value::Number(_)) => value.map(Value::to_string).unwrap_or_default(),
    }
}

/// Spreadsheets run text that begins like a formula; an apostrophe in front makes it text.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn row(json: &str) -> RawRow {
        Arc::from(serde_json::value::RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn text_that_looks_like_a_formula_is_made_text_and_numbers_stay_numbers() {
        let rows = [row(
            r#"{"key":"=1+1","name":"a,\"b\"","n":-5,"position":3,"revision":0,"state":"final"}"#,
        )];
        let text = String::from_utf8(write(&rows, &[])).unwrap();
        assert_eq!(
            text,
            "key,n,name,position,revision,state\r\n'=1+1,-5,\"a,\"\"b\"\"\",3,0,final\r\n"
        );
    }

    #[test]
    fn an_empty_answer_still_has_a_header() {
        assert_eq!(write(&[], &[]), b"key\r\n");
    }
}
