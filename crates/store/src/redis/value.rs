//! How a row stands in a hash: `position TAB revision TAB span TAB columns`, so that a script can
//! read the span without reading JSON.

use plimsoll_contracts::Position;
use serde_json::value::RawValue;

use crate::{StoreError, StoredRow};

pub(super) fn encode(position: Position, revision: u32, span: &str, body: &str) -> String {
    format!("{position}\t{revision}\t{span}\t{body}")
}

pub(super) fn decode(key: String, value: &str) -> Result<StoredRow, StoreError> {
    let damaged = || StoreError::Damaged(format!("row {key}"));
    let mut parts = value.splitn(4, '\t');
    let position = parts
        .next()
        .and_then(|text| text.parse().ok())
        .ok_or_else(damaged)?;
    let revision = parts
        .next()
        .and_then(|text| text.parse().ok())
        .ok_or_else(damaged)?;
    let body = parts.nth(1).ok_or_else(damaged)?;
    Ok(StoredRow {
        position: Position::new(position),
        revision,
        body: RawValue::from_string(body.to_owned()).map_err(|_| damaged())?,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_as_it_was_written() {
        let value = encode(Position::new(7), 2, "2026-03-01", r#"{"a":"tab\there"}"#);
        let row = decode("k".to_owned(), &value).unwrap();
        assert_eq!((row.position, row.revision), (Position::new(7), 2));
        assert_eq!(row.body.get(), r#"{"a":"tab\there"}"#);
    }
}
