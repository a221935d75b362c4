//! A verification in words for a person who has never seen one.

use plimsoll_contracts::Position;
use plimsoll_projector::{Difference, Verdict, VerifyReport};
use serde_json::Value;

use super::live::Live;
use crate::cli::output::table as table_of;

/// Characters of a value that are shown.
const VALUE_SHOWN: usize = 60;

/// What a socket showed beside HTTP, table by table.
pub(super) fn live(tables: &[Live]) -> String {
    let mut text = Vec::new();
    for live in tables {
        let Live {
            view,
            table,
            position,
            rows,
            cells,
            deltas,
            differences_total,
            ..
        } = live;
        if *differences_total == 0 {
            text.push(format!(
                "{view} {table} over a socket: EQUAL. {cells} cells of {rows} rows are what HTTP answers at position \
                 {position} (a snapshot and {deltas} deltas)"
            ));
            continue;
        }
        text.push(format!(
            "{view} {table} over a socket: DIFFERENT. {differences_total} of {cells} cells of {rows} rows are not what \
             HTTP answers at position {position} (a snapshot and {deltas} deltas)"
        ));
        let mut shown = vec![["KEY", "COLUMN", "SOCKET", "HTTP"].map(str::to_owned).to_vec()];
        shown.extend(live.differences.iter().map(|difference| {
            vec![
                difference.key.clone(),
                difference.column.clone(),
                shortened(&difference.socket.to_string()),
                shortened(&difference.http.to_string()),
            ]
        }));
        text.push(indented(&table_of(&shown)));
    }
    text.join("\n")
}

/// The whole report.
pub(super) fn report(report: &VerifyReport) -> String {
    let mut text = vec![headline(report)];
    if !report.differences.is_empty() {
        text.push(indented(&table_of(&differences(&report.differences))));
        let more = report.differences_total - report.differences.len() as u64;
        if more > 0 {
            text.push(format!("  … and {more} more"));
        }
    }
    for tenant in &report.tenants {
        if let Some(reason) = &tenant.refused {
            text.push(format!("  {} NOT COMPARED: {reason}", tenant.tenant));
        }
    }
    text.push(indented(&table_of(&compared(report))));
    text.extend(
        report
            .not_compared
            .iter()
            .map(|what| format!("  not compared: {what}")),
    );
    text.push(format!(
        "  took {}.{:03} s",
        report.took_ms / 1_000,
        report.took_ms % 1_000
    ));
    if report.verdict == Verdict::Different {
        text.push(advice(report));
    }
    text.join("\n")
}

fn headline(report: &VerifyReport) -> String {
    let (view, version) = (&report.view, report.version);
    let (rows, cells) = (report.rows, report.cells);
    match report.verdict {
        Verdict::Equal => format!(
            "{view} version {version}: EQUAL. {cells} cells of {rows} rows are what the log says{}",
            reached(report)
        ),
        Verdict::Different => format!(
            "{view} version {version}: DIFFERENT. {} of {cells} cells of {rows} rows are not what the log says{}",
            report.differences_total,
            reached(report)
        ),
        Verdict::Refused => format!(
            "{view} version {version}: NOT VERIFIED. No difference was found, and not everything was compared"
        ),
    }
}

/// At which position; a view that lags was compared at its own.
fn reached(report: &VerifyReport) -> String {
    let positions = report.tenants.iter().map(|tenant| tenant.position);
    let Some(lowest) = positions.min() else {
        return ": there is no tenant yet".to_owned();
    };
    let token = |position: Position| format!("{}.{:012}", report.epoch, position.get());
    let behind = report.head.since(lowest);
    if behind > 0 {
        format!(" at position {}, {behind} events behind the log", token(lowest))
    } else {
        format!(" at position {}", token(lowest))
    }
}

fn differences(differences: &[Difference]) -> Vec<Vec<String>> {
    let heading = ["TENANT", "TABLE", "KEY", "COLUMN", "STORED", "EXPECTED"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(differences.iter().map(|difference| {
        let whole = difference.column.is_none();
        let shown = |value: &Value| match value {
            Value::Null if whole => "no such row".to_owned(),
            _ if whole => "this row exists".to_owned(),
            value => value.to_string(),
        };
        vec![
            difference.tenant.to_string(),
            difference.table.clone(),
            difference.key.clone(),
            difference
                .column
                .clone()
                .unwrap_or_else(|| "(whole row)".to_owned()),
            shortened(&shown(&difference.stored)),
            shortened(&shown(&difference.expected)),
        ]
    }));
    rows
}

fn compared(report: &VerifyReport) -> Vec<Vec<String>> {
    let heading = ["TENANT", "POSITION", "TABLE", "ROWS", "CELLS", "DIFFERENCES"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for tenant in &report.tenants {
        rows.extend(tenant.tables.iter().map(|table| {
            vec![
                tenant.tenant.to_string(),
                tenant.position.to_string(),
                table.table.clone(),
                table.rows.to_string(),
                table.cells.to_string(),
                table.differences.to_string(),
            ]
        }));
    }
    rows
}

fn advice(report: &VerifyReport) -> String {
    format!(
        "  The log is the truth: `plimsoll projection rebuild {}` makes the view anew from it while the present \
         one goes on serving.\n  Keep this output first: it names what was wrong (docs/verify.md says how to \
         read it).",
        report.view
    )
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= VALUE_SHOWN {
        return text.to_owned();
    }
    let start: String = text.chars().take(VALUE_SHOWN).collect();
    format!("{start}…")
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
