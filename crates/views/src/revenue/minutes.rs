//! Minute rows and their end: they are kept for 48 hours behind the watermark, by whole hours.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, DurationRound, Utc};
use plimsoll_contracts::time;

use super::{MINUTES, Revenue, RevenueDoc};
use crate::{FoldError, Workspace, fold::Need};

/// How long minute rows are kept behind the watermark, hours.
const KEPT_H: i64 = 48;

/// Document that lists the hours which have minute rows.
const HOURS: &str = "minutes";

/// The first instant that is kept at a watermark: 48 hours before, cut down to the hour.
pub(super) fn kept_from(watermark: DateTime<Utc>) -> DateTime<Utc> {
    cut_down(watermark - Duration::hours(KEPT_H), Duration::hours(1))
}

/// The minute of an instant.
pub(super) fn start_of(at: DateTime<Utc>) -> DateTime<Utc> {
    cut_down(at, Duration::minutes(1))
}

/// Key of the document that lists the minute rows of an instant's hour.
pub(super) fn hour_doc_key(at: DateTime<Utc>) -> String {
    doc_key(&hour_of(at))
}

fn hour_of(at: DateTime<Utc>) -> String {
    time::format(cut_down(at, Duration::hours(1)))
}

fn doc_key(hour: &str) -> String {
    format!("{HOURS}/{hour}")
}

fn cut_down(at: DateTime<Utc>, to: Duration) -> DateTime<Utc> {
    at.duration_trunc(to).unwrap_or(at)
}

/// Removes the minute rows that the watermark has left behind.
pub(super) fn expire(workspace: &mut Workspace<Revenue>) -> Result<(), FoldError> {
    let Some(watermark) = workspace.meta().watermark else {
        return Ok(());
    };
    let first_kept = hour_of(kept_from(watermark));
    let hours = match workspace.doc(HOURS)? {
        Some(RevenueDoc::Keys(hours)) if hours.first().is_some_and(|first| *first < first_kept) => {
            hours.clone()
        }
        _ => return Ok(()),
    };
    let (gone, kept): (BTreeSet<String>, _) = hours.into_iter().partition(|hour| *hour < first_kept);
    workspace.want(gone.iter().map(|hour| Need::Doc(doc_key(hour).as_str().into())))?;
    let mut rows = BTreeSet::new();
    for hour in &gone {
        if let Some(RevenueDoc::Keys(keys)) = workspace.doc(&doc_key(hour))? {
            rows.extend(keys.iter().cloned());
        }
        workspace.remove_doc(&doc_key(hour));
    }
    workspace.want(rows.iter().map(|key| Need::Row(MINUTES, key.as_str().into())))?;
    for key in &rows {
        workspace.remove_row(MINUTES, key)?;
    }
    workspace.put_doc(HOURS, RevenueDoc::Keys(kept));
    Ok(())
}

/// Notes a minute row, so that it can be found when its hour is left behind.
pub(super) fn remember(
    minute: DateTime<Utc>,
    row_key: &str,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let hour = hour_of(minute);
    insert(&doc_key(&hour), row_key, workspace)?;
    insert(HOURS, &hour, workspace)
}

fn insert(doc: &str, key: &str, workspace: &mut Workspace<Revenue>) -> Result<(), FoldError> {
    let mut keys = match workspace.doc(doc)? {
        Some(RevenueDoc::Keys(keys)) if keys.contains(key) => return Ok(()),
        Some(RevenueDoc::Keys(keys)) => keys.clone(),
        _ => BTreeSet::new(),
    };
    keys.insert(key.to_owned());
    workspace.put_doc(doc, RevenueDoc::Keys(keys));
    Ok(())
}
