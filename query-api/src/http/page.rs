//! Pages by keyset: rows in an order, from just after the row that the cursor names.

use std::{cmp::Ordering, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use plimsoll_contracts::{InvalidParameter, Problem, wire::RawRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{cohort::Latest, registry::Description};

/// The columns that every row has.
const STAMPS: &[&str] = &["key", "position", "revision", "state"];

/// What a page is made by.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRequest<'a> {
    pub(super) sort: Option<&'a str>,
    pub(super) next: Option<&'a str>,
    pub(super) limit: usize,
    pub(super) description: Description,
}

/// Rows and the cursor behind them.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<RawRow>,
    pub(super) next: Option<String>,
}

/// The last row of the page before: enough to find the place again whatever changed meanwhile.
#[derive(Debug, Serialize, Deserialize)]
struct PageCursor {
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    value: Value,
}

impl PageCursor {
    fn read(text: &str, sort: Option<&str>) -> Result<Self, InvalidParameter> {
        let wrong = || InvalidParameter::new("next", "is no cursor of an earlier answer to this question");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        if cursor.sort.as_deref() == sort {
            Ok(cursor)
        } else {
            Err(wrong())
        }
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("text and a JSON value"))
    }
}

/// A page of the answer.
///
/// # Errors
/// 400 for a column or cursor that does not exist; 410 `cursor-gone` when a ranking has lost the
/// row on which the cursor stands.
pub(super) fn page(latest: &Latest, request: PageRequest<'_>) -> Result<Page, Problem> {
    let cursor = request
        .next
        .map(|next| PageCursor::read(next, request.sort))
        .transpose()?;
    match request.sort {
        Some(sort) => sorted(latest, request, sort, cursor),
        None => Ok(unsorted(latest, request, cursor)?),
    }
}

fn unsorted(latest: &Latest, request: PageRequest<'_>, cursor: Option<PageCursor>) -> Result<Page, Problem> {
    let rows = latest.in_order();
    let start = match cursor {
        None => 0,
        Some(cursor) if latest.order.is_none() => rows.partition_point(|(key, _)| ***key <= *cursor.key),
        Some(cursor) => {
            let place = rows.iter().position(|(key, _)| ***key == *cursor.key);
            place.ok_or_else(cursor_gone)? + 1
        }
    };
    let end = rows.len().min(start + request.limit);
    let next = (end < rows.len()).then(|| {
        let cursor = PageCursor {
            key: rows[end - 1].0.to_string(),
            sort: None,
            value: Value::Null,
        };
        cursor.write()
    });
    Ok(Page {
        rows: rows[start..end]
            .iter()
            .map(|(_, entry)| Arc::clone(&entry.json))
            .collect(),
        next,
    })
}

fn cursor_gone() -> Problem {
    Problem::new(
        410,
        "cursor-gone",
        "The row on which the cursor stands is not in the answer any more",
    )
    .detail("a ranking changed between the pages; begin with the first page again")
}

fn sorted(
    latest: &Latest,
    request: PageRequest<'_>,
    sort: &str,
    cursor: Option<PageCursor>,
) -> Result<Page, Problem> {
    let (column, descending) = sort
        .strip_prefix('-')
        .map_or((sort, false), |column| (column, true));
    let mut rows: Vec<(Value, &Arc<str>, &RawRow)> = Vec::with_capacity(latest.rows.len());
    let mut is_known = STAMPS.contains(&column);
    for (key, entry) in &latest.rows {
        let mut columns: Map<String, Value> =
            serde_json::from_str(entry.json.get()).expect("a row is encoded as a JSON object");
        let value = columns.remove(column);
        is_known |= value.is_some();
        rows.push((value.unwrap_or(Value::Null), key, &entry.json));
    }
    let described = || {
        request
            .description
            .iter()
            .flat_map(|table| table.columns)
            .any(|(name, _)| *name == column)
    };
    let is_empty_answer = rows.is_empty() && described();
    if !is_known && !is_empty_answer {
        return Err(InvalidParameter::new("sort", format!("the rows have no column `{column}`")).into());
    }
    let compare = |a: (&Value, &str), b: (&Value, &str)| {
        let by_value = order(a.0, b.0);
        let by_value = if descending { by_value.reverse() } else { by_value };
        by_value.then_with(|| a.1.cmp(b.1))
    };
    rows.sort_by(|a, b| compare((&a.0, a.1), (&b.0, b.1)));
    let start = cursor.map_or(0, |cursor| {
        rows.partition_point(|row| {
            compare((&row.0, row.1), (&cursor.value, &cursor.key)) != Ordering::Greater
        })
    });
    let end = rows.len().min(start + request.limit);
    let next = (end < rows.len()).then(|| {
        let (value, key, _) = &rows[end - 1];
        let cursor = PageCursor {
            key: key.to_string(),
            sort: Some(sort.to_owned()),
            value: value.clone(),
        };
        cursor.write()
    });
    Ok(Page {
        rows: rows[start..end]
            .iter()
            .map(|(_, _, json)| Arc::clone(json))
            .collect(),
        next,
    })
}

/// Nothing before everything, numbers by size, text by code point.
fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a
                .as_f64()
                .unwrap_or(f64::NAN)
                .total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
        },
        (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => {
            a.to_string().cmp(&b.to_string())
        }
        _ => rank(a).cmp(&rank(b)),
    }
}
