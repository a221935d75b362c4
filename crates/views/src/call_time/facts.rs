//! Why a row of the call centre is what it is: which events can have touched it, and what an event
//! means to it in the words of C-R1 … C-R7.

use chrono::{DateTime, Duration, NaiveDate, Timelike as _, Utc};
use plimsoll_contracts::{Event, Id, Payload, TenantConfig, events::TransferKind, time};
use serde_json::{Value, json};

use super::{
    AGENTS, CENTRE, CallDoc, CallTime, CallTimeRow, QUEUES,
    history::{CallHistory, Recorded, Turn},
    segment::{self, End, Segment},
};
use crate::{
    Place, Trace, Workspace,
    explain::{days, stretch},
};

/// Names of agents' sessions: their ends put an end to calls (C-R4 b), however late they are told.
const SESSIONS: &str = "agentsession-";

/// A day holds calls with an event near it; how near is how long a call may last. What time alone
/// does to it has been done when the watermark is past that (C-R4 c).
pub(super) fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
    let mut trace = Trace::default();
    let days = match place {
        Place::Row { table: AGENTS, key } => {
            let (agent_id, date) = key.rsplit_once('|')?;
            trace.streams.push(format!("{SESSIONS}{agent_id}."));
            vec![date.parse().ok()?]
        }
        Place::Row { table: CENTRE, key } => {
            trace.streams.push(SESSIONS.to_owned());
            vec![key.parse().ok()?]
        }
        Place::Row { table: QUEUES, key } => return queue(key, config),
        Place::Span {
            table: AGENTS | CENTRE | QUEUES,
            from,
            to,
        } => {
            trace.streams.push(SESSIONS.to_owned());
            days(from, to)?
        }
        _ => return None,
    };
    let (first, last): (&NaiveDate, &NaiveDate) = (days.first()?, days.last()?);
    let near = Duration::seconds(i64::from(config.max_call_s?)) + Duration::hours(1);
    let (from, to) = (config.day_start(*first) - near, config.day_end(*last) + near);
    trace.within = Some((from, to));
    trace.moments = days.iter().map(|day| config.final_after(*day)).collect();
    trace.moments.push(to);
    Some(trace)
}

/// A half hour of a queue holds the calls that arrived in it.
fn queue(key: &str, config: &TenantConfig) -> Option<Trace> {
    let mut parts = key.rsplit('|');
    let (hour, minute) = parts.next()?.split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let date: NaiveDate = parts.next()?.parse().ok()?;
    let fits = |wall: chrono::NaiveDateTime| (wall.hour(), wall.minute() / 30 * 30) == (hour, minute);
    Some(Trace {
        within: Some(stretch(config, date, fits)),
        streams: Vec::new(),
        moments: vec![config.final_after(date)],
    })
}

/// What an event means to a row: the segments of its call that are in the row, or the session whose
/// end ended some.
pub(super) fn facts(row: &CallTimeRow, event: &Event, workspace: &Workspace<CallTime>) -> Option<Value> {
    let payload = event.payload().ok()?;
    match payload {
        Payload::AgentSessionLost(lost) => {
            return Some(json!({
                "agent_id": lost.agent_id, "session": "lost", "ended_at": time::format(lost.last_heartbeat_at),
            }));
        }
        Payload::AgentLoggedOut(out) => {
            return Some(json!({
                "agent_id": out.agent_id, "session": "logged_out", "ended_at": time::format(event.occurred_at),
            }));
        }
        _ => {}
    }
    let call_id = call_of(payload)?;
    let Some(CallDoc::Call(call)) = workspace.held_doc(&format!("call/{call_id}")) else {
        return None;
    };
    let (segments, _) = segment::segments(call);
    let shown: Vec<Value> = segments
        .iter()
        .filter(|segment| concerns(row, segment, call))
        .map(|segment| segment_facts(call_id, segment, call, workspace))
        .collect();
    let beside = beside(row, &segments);
    if shown.is_empty() && beside.is_empty() && !matches!(row, CallTimeRow::Queue(_)) {
        // Another call's event, by which so much time had gone by that this row's calls are given up.
        return Some(json!({ "watermark": time::format(workspace.meta().watermark?) }));
    }
    let mut facts = json!({ "call_id": call_id, "segments": shown });
    if !beside.is_empty() {
        facts["beside"] = Value::Array(beside);
    }
    if let (Payload::CallSegmentCorrected(correction), Some(facts)) = (payload, facts.as_object_mut()) {
        facts.insert("approved_by".to_owned(), json!(correction.approved_by));
        facts.insert("reason".to_owned(), json!(correction.reason));
    }
    Some(facts)
}

fn call_of(payload: &Payload) -> Option<&Id> {
    Recorded::of(payload).map(|(call_id, _)| call_id)
}

/// Whether a segment is in a row. Of an agent's row only the agent's own segments are told.
fn concerns(row: &CallTimeRow, segment: &Segment, call: &CallHistory) -> bool {
    match row {
        CallTimeRow::Agent(row) => {
            let days = call.posted.days.get(&segment.agent_id);
            segment.agent_id == row.agent_id && days.is_some_and(|days| days.contains_key(&row.business_date))
        }
        CallTimeRow::Centre(_) | CallTimeRow::Queue(_) => true,
        CallTimeRow::Live(row) => segment.segment_id == row.segment_id,
        CallTimeRow::Marked(row) => segment.segment_id == row.segment_id,
        CallTimeRow::Team(_) | CallTimeRow::Waits(_) => false,
    }
}

/// What an agent's row has of a segment of somebody else: consulted in it, or taken over from it.
fn beside(row: &CallTimeRow, segments: &[Segment]) -> Vec<Value> {
    let CallTimeRow::Agent(row) = row else {
        return Vec::new();
    };
    let others = segments.iter().filter(|segment| segment.agent_id != row.agent_id);
    let told = others.flat_map(|segment| {
        let consults = segment
            .consults
            .iter()
            .filter(|consult| consult.consultant_id == row.agent_id)
            .map(|consult| {
                let span = consult.span.map(|(from, to)| [instant(from), instant(to)]);
                json!({ "role": "consulted", "segment_id": segment.segment_id, "span": span })
            });
        let transfer = segment
            .transfer
            .iter()
            .filter(|transfer| transfer.to_agent_id == row.agent_id)
            .map(|transfer| {
                json!({ "role": "taken_over", "segment_id": segment.segment_id, "at": instant(transfer.at_s) })
            });
        consults.chain(transfer).collect::<Vec<_>>()
    });
    told.collect()
}

fn segment_facts(
    call_id: &Id,
    segment: &Segment,
    call: &CallHistory,
    workspace: &Workspace<CallTime>,
) -> Value {
    let (ended_at, source) = end_of(segment, call, workspace);
    let days = call.posted.days.get(&segment.agent_id);
    let pieces: Vec<Value> = days
        .into_iter()
        .flatten()
        .filter_map(|(date, pieces)| {
            let piece = pieces.of(&format!("{call_id}|{}", segment.segment_id))?;
            let span = |span: Option<(i64, i64)>| span.map(|(from, to)| json!([instant(from), instant(to)]));
            Some(json!({
                "business_date": date, "counted": span(piece.counted), "within": span(piece.within),
                "hold_s": piece.hold_s, "consult_s": piece.consult_s, "acw_s": piece.acw_s,
                "handled": piece.handled,
            }))
        })
        .collect();
    json!({
        "segment_id": segment.segment_id,
        "agent_id": segment.agent_id,
        "connected_at": time::format(segment.connected_at),
        "ended_at": ended_at,
        "end_source": source,
        "conflict": segment.conflict,
        "pieces": pieces,
        "holds": segment.holds.iter().map(|(from, to)| json!([instant(*from), to.map(instant)])).collect::<Vec<_>>(),
        "transfer": segment.transfer.as_ref().map(|transfer| json!({
            "at": instant(transfer.at_s), "to_agent_id": transfer.to_agent_id,
            "kind": match transfer.kind { TransferKind::Blind => "blind", TransferKind::Attended => "attended" },
        })),
        "corrections": corrections(segment, call),
    })
}

/// When a segment ended, as far as known, and what says so (C-R4, C-R7).
fn end_of(
    segment: &Segment,
    call: &CallHistory,
    workspace: &Workspace<CallTime>,
) -> (Option<String>, &'static str) {
    if let End::Told(end_s) = segment.end {
        let turns = call.events.iter().filter_map(|event| match &event.what {
            Recorded::Segment { segment_id, what } if *segment_id == segment.segment_id => {
                Some((event.version, what))
            }
            _ => None,
        });
        let corrected = |what: &Turn| {
            matches!(
                what,
                Turn::Corrected {
                    ended_at: Some(_),
                    ..
                }
            )
        };
        let (mut source, mut last, mut is_corrected) = ("ended", 0, false);
        for (version, what) in turns {
            is_corrected |= corrected(what);
            let told = match what {
                Turn::Transferred { .. } => "transferred",
                Turn::Ended => "ended",
                _ => continue,
            };
            if version >= last {
                (source, last) = (told, version);
            }
        }
        return (
            Some(instant(end_s)),
            if is_corrected { "corrected" } else { source },
        );
    }
    let Some(CallDoc::Sessions(sessions)) = workspace.held_doc(&format!("sessions/{}", segment.agent_id))
    else {
        return (None, unended(segment, workspace));
    };
    match sessions.ending(segment.start_us()) {
        Some((ended_s, true)) => (Some(instant(ended_s)), "session_lost"),
        Some((ended_s, false)) => (Some(instant(ended_s)), "logged_out"),
        None => (None, unended(segment, workspace)),
    }
}

fn unended(segment: &Segment, workspace: &Workspace<CallTime>) -> &'static str {
    let meta = workspace.meta();
    let age_s = meta
        .watermark
        .map_or(0, |watermark| watermark.timestamp() - segment.start_s());
    let overdue = meta.config.max_call_s.is_some_and(|max| age_s > i64::from(max));
    if overdue { "unresolved" } else { "open" }
}

/// Corrections in the order of their versions, with who approved each.
fn corrections(segment: &Segment, call: &CallHistory) -> Vec<Value> {
    let mut found: Vec<_> = call
        .events
        .iter()
        .filter_map(|event| match &event.what {
            Recorded::Segment {
                segment_id,
                what:
                    Turn::Corrected {
                        connected_at,
                        ended_at,
                    },
            } if *segment_id == segment.segment_id => Some((event.version, event.id, connected_at, ended_at)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(version, ..)| *version);
    let shown = found.into_iter().map(|(version, id, connected_at, ended_at)| {
        json!({
            "event_id": id, "version": version,
            "connected_at": connected_at.map(time::format), "ended_at": ended_at.map(time::format),
        })
    });
    shown.collect()
}

fn instant(seconds: i64) -> String {
    time::format(DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC))
}
