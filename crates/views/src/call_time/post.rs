//! Brings the rows from what a call contributed to what it contributes now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id,
    rows::{CentreDayRow, QueueRow},
};

use super::{
    AGENTS, CENTRE, CallDoc, CallTime, CallTimeRow, LIVE, LONG, MARKED, QUEUES, WAITS,
    contribution::{AgentDays, CentreCount, Contribution},
    each, open,
    pieces::Pieces,
    queue::QueueCount,
    row, session,
    waits::WaitsRow,
};
use crate::{FoldError, Row as _, Workspace};

/// Posts the difference of two contributions of a call.
pub(super) fn difference(
    call_id: &Id,
    was: &Contribution,
    now: &Contribution,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    // All of them run before the first error counts, so that one load brings what all of them miss.
    let posted = [
        agent_days(&was.days, &now.days, workspace),
        queue(was.queue.as_ref(), now.queue.as_ref(), workspace),
        centre(was, now, workspace),
        replace(LIVE, &was.live, &now.live, workspace),
        replace(MARKED, &was.marked, &now.marked, workspace),
        replace(LONG, &was.long, &now.long, workspace),
        session::note_unended(call_id, &was.unended, &now.unended, workspace),
        open::note(call_id, &was.open, &now.open, workspace),
    ];
    posted.into_iter().collect()
}

fn agent_days(
    was: &AgentDays,
    now: &AgentDays,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let none = BTreeMap::new();
    let agents: BTreeSet<&Id> = was.keys().chain(now.keys()).collect();
    each(agents, |agent_id| {
        let (was, now) = (
            was.get(agent_id).unwrap_or(&none),
            now.get(agent_id).unwrap_or(&none),
        );
        let dates: BTreeSet<&NaiveDate> = was.keys().chain(now.keys()).collect();
        each(dates, |date| {
            agent_day(agent_id, *date, was.get(date), now.get(date), workspace)
        })
    })
}

fn agent_day(
    agent_id: &Id,
    date: NaiveDate,
    was: Option<&Pieces>,
    now: Option<&Pieces>,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    if was == now {
        return Ok(());
    }
    let (key, row_key) = (format!("day/{agent_id}|{date}"), format!("{agent_id}|{date}"));
    let row = workspace.row(AGENTS, &row_key).map(|_| ());
    let mut day = match workspace.doc(&key)? {
        Some(CallDoc::Day(day)) => day.clone(),
        _ => Pieces::default(),
    };
    row?;
    day.replace(was, now);
    if day.is_empty() {
        workspace.remove_doc(&key);
        return workspace.remove_row(AGENTS, &row_key);
    }
    workspace.put_row(CallTimeRow::Agent(day.row(agent_id, date)))?;
    workspace.put_doc(&key, CallDoc::Day(day));
    Ok(())
}

fn queue(
    was: Option<&QueueCount>,
    now: Option<&QueueCount>,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    if was == now {
        return Ok(());
    }
    let counts = was
        .map(|count| (count, -1))
        .into_iter()
        .chain(now.map(|count| (count, 1)));
    each(counts, |(count, sign)| {
        let mut row = count.empty_row();
        let key = row::queue_key(&row);
        if let Some(CallTimeRow::Queue(known)) = workspace.row(QUEUES, &key)? {
            row.clone_from(known);
        }
        let waited = wait(count, &row, sign, workspace);
        count.add_to(&mut row, sign);
        if row.offered == 0 {
            workspace.remove_row(QUEUES, &key)?;
        } else {
            workspace.put_row(CallTimeRow::Queue(row))?;
        }
        waited
    })
}

/// Counts the wait of a call in its half hour.
fn wait(
    count: &QueueCount,
    half_hour: &QueueRow,
    sign: i64,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let mut row = WaitsRow::empty(half_hour);
    if let Some(CallTimeRow::Waits(known)) = workspace.row(WAITS, &row.key())? {
        row.clone_from(known);
    }
    count.count_wait(&mut row, sign);
    if row.is_empty() {
        workspace.remove_row(WAITS, &row.key())
    } else {
        workspace.put_row(CallTimeRow::Waits(row))
    }
}

fn centre(
    was: &Contribution,
    now: &Contribution,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let dates: BTreeSet<&NaiveDate> = was.centre.keys().chain(now.centre.keys()).collect();
    each(dates, |date| {
        let of = |c: &Contribution| c.centre.get(date).copied().unwrap_or_default();
        centre_day(*date, of(was), of(now), workspace)
    })
}

fn centre_day(
    date: NaiveDate,
    was: CentreCount,
    now: CentreCount,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    if was == now {
        return Ok(());
    }
    let mut row = CentreDayRow {
        business_date: date,
        contacts_handled: 0,
        segments: 0,
        unowned_s: 0,
    };
    if let Some(CallTimeRow::Centre(known)) = workspace.row(CENTRE, &date.to_string())? {
        row = known.clone();
    }
    row.contacts_handled += now.contacts_handled - was.contacts_handled;
    row.segments += now.segments - was.segments;
    row.unowned_s += now.unowned_s - was.unowned_s;
    if (row.contacts_handled, row.segments, row.unowned_s) == (0, 0, 0) {
        workspace.remove_row(CENTRE, &date.to_string())
    } else {
        workspace.put_row(CallTimeRow::Centre(row))
    }
}

/// Replaces a call's own rows of a table: nobody else writes rows of their keys.
fn replace<T: Clone + PartialEq + Into<CallTimeRow>>(
    table: &'static str,
    was: &[T],
    now: &[T],
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    if was == now {
        return Ok(());
    }
    let keyed = |rows: &[T]| -> BTreeMap<String, CallTimeRow> {
        let rows = rows.iter().cloned().map(Into::into);
        rows.map(|row: CallTimeRow| (row.key(), row)).collect()
    };
    let (was, now) = (keyed(was), keyed(now));
    let gone = each(was.keys().filter(|key| !now.contains_key(*key)), |key| {
        workspace.remove_row(table, key)
    });
    let put = each(&now, |(key, row)| {
        if was.contains_key(key) {
            workspace.put_row(row.clone())
        } else {
            workspace.insert_row(row.clone())
        }
    });
    gone.and(put)
}
