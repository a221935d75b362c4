//! The "Anonymous Bank" call centre as events: offered, queued, connected and ended, abandoned.

use std::io::Read;

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::{Asia::Jerusalem, Tz};
use plimsoll_contracts::{
    Amount,
    events::{CallAbandoned, CallConnected, CallDirection, CallEnded, CallOffered, CallQueued, EndedBy},
};

use super::draft::{Draft, id, label};

const ZONE: Tz = Jerusalem;

#[derive(Debug, serde::Deserialize)]
struct Row {
    row: u64,
    #[serde(rename = "type")]
    queue: String,
    date: NaiveDate,
    vru_entry: String,
    q_start: String,
    q_exit: String,
    q_time_s: i64,
    outcome: String,
    ser_start: String,
    ser_exit: String,
    agent: String,
}

pub(super) fn drafts(rows: &mut csv::Reader<impl Read>) -> anyhow::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for row in rows.deserialize() {
        let row: Row = row?;
        call(&row, &mut drafts).with_context(|| format!("row {}", row.row))?;
    }
    Ok(drafts)
}

fn call(row: &Row, drafts: &mut Vec<Draft>) -> anyhow::Result<()> {
    let answered = !row.agent.is_empty();
    if row.outcome == "PHANTOM" && !answered {
        return Ok(());
    }
    let call_id = format!("R{:06}", row.row);
    let queue = label(&row.queue)?;
    let mut push = |at: DateTime<Utc>, payload: plimsoll_contracts::Payload| -> anyhow::Result<()> {
        drafts.push(Draft::new(at, "call", &call_id, payload)?);
        Ok(())
    };
    let offered = CallOffered {
        call_id: id(&call_id)?,
        direction: CallDirection::In,
        queue: Some(queue.clone()),
    };
    push(instant(row.date, &row.vru_entry)?, offered.into())?;
    if row.q_time_s > 0 {
        let queued = CallQueued {
            call_id: id(&call_id)?,
            queue: queue.clone(),
        };
        push(instant(row.date, &row.q_start)?, queued.into())?;
    }
    if answered {
        let segment_id = id(&format!("{call_id}.1"))?;
        let (start, exit) = (wall(&row.ser_start)?, wall(&row.ser_exit)?);
        let connected = CallConnected {
            call_id: id(&call_id)?,
            segment_id: segment_id.clone(),
            agent_id: id(&row.agent)?,
            queue: Some(queue),
        };
        push(instant(row.date, &row.ser_start)?, connected.into())?;
        let ended = CallEnded {
            call_id: id(&call_id)?,
            segment_id,
            ended_by: EndedBy::Caller,
        };
        let end_date = if exit < start {
            row.date + Days::new(1)
        } else {
            row.date
        };
        push(instant(end_date, &row.ser_exit)?, ended.into())?;
    } else if row.outcome == "HANG" && row.q_time_s > 0 {
        let abandoned = CallAbandoned {
            call_id: id(&call_id)?,
            queue: Some(queue),
            wait_s: Amount::new(row.q_time_s)?,
        };
        push(instant(row.date, &row.q_exit)?, abandoned.into())?;
    }
    Ok(())
}

fn wall(text: &str) -> anyhow::Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M:%S").with_context(|| format!("`{text}` is not a wall-clock time"))
}

fn instant(date: NaiveDate, time: &str) -> anyhow::Result<DateTime<Utc>> {
    let at = date.and_time(wall(time)?).and_local_timezone(ZONE).earliest();
    Ok(at
        .with_context(|| format!("{date} {time} does not exist in {ZONE}"))?
        .to_utc())
}
