//! A call as its events make it: whatever arrives, the call is folded again as a whole, and the
//! rows get the difference.

use plimsoll_contracts::{Event, Id};

use super::{
    CallDoc, CallTime, contribution, each,
    history::{CallEvent, CallHistory, Recorded},
    open, post,
    segment::{self, End, Segment},
    session,
};
use crate::{FoldError, ParkedEntry, Workspace};

/// Takes an event of a call in and refolds the call.
pub(super) fn record(
    event: &Event,
    call_id: &Id,
    what: Recorded,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    let mut call = load(call_id, workspace)?;
    if call.insert(event, what) {
        fold(call_id, call, workspace)
    } else {
        Ok(())
    }
}

/// Refolds a call because something beside it changed: a session ended, or time went on.
pub(super) fn refold(call_id: &Id, workspace: &mut Workspace<CallTime>) -> Result<(), FoldError> {
    let call = load(call_id, workspace)?;
    fold(call_id, call, workspace)
}

/// Refolds the calls whose open segments are older than a call may be (C-R4 c).
pub(super) fn resolve_overdue(workspace: &mut Workspace<CallTime>) -> Result<(), FoldError> {
    let Some(max_call_s) = workspace.config().max_call_s else {
        return Ok(());
    };
    let Some(watermark) = workspace.meta().watermark else {
        return Ok(());
    };
    let overdue = open::before(watermark.timestamp() - i64::from(max_call_s), workspace)?;
    each(overdue, |call_id| refold(&call_id, workspace))
}

fn load(call_id: &Id, workspace: &mut Workspace<CallTime>) -> Result<CallHistory, FoldError> {
    Ok(match workspace.doc(&key(call_id))? {
        Some(CallDoc::Call(call)) => (**call).clone(),
        _ => CallHistory::default(),
    })
}

fn fold(call_id: &Id, mut call: CallHistory, workspace: &mut Workspace<CallTime>) -> Result<(), FoldError> {
    let key = key(call_id);
    let (mut segments, unknown) = segment::segments(&call);
    each(&mut segments, |segment| resolve(segment, workspace))?;
    let parked: Vec<ParkedEntry> = unknown
        .into_iter()
        .map(|event| unknown_segment(call_id, event))
        .collect();
    let mut now = contribution::of(call_id, &call, &segments, workspace.config());
    now.parks = !parked.is_empty();
    let was = std::mem::take(&mut call.posted);
    let park = if was.parks || now.parks {
        workspace.set_parked(&key, parked)
    } else {
        Ok(())
    };
    post::difference(call_id, &was, &now, workspace).and(park)?;
    call.posted = now;
    workspace.put_doc(&key, CallDoc::Call(Box::new(call)));
    Ok(())
}

/// The end of a segment that no event of the call tells (C-R4).
fn resolve(segment: &mut Segment, workspace: &mut Workspace<CallTime>) -> Result<(), FoldError> {
    if segment.end != End::Open {
        return Ok(());
    }
    let estimate = session::estimate(&segment.agent_id, segment.start_us(), workspace)?;
    let age_s = workspace
        .meta()
        .watermark
        .map_or(0, |watermark| watermark.timestamp() - segment.start_s());
    let overdue = workspace
        .config()
        .max_call_s
        .is_some_and(|max| age_s > i64::from(max));
    segment.end = match estimate {
        Some(end_s) => End::Estimated(end_s),
        None if overdue => End::Unresolved,
        None => End::Open,
    };
    Ok(())
}

/// An event of a segment that never began waits for its start (C-R7).
fn unknown_segment(call_id: &Id, event: &CallEvent) -> ParkedEntry {
    ParkedEntry {
        key: call_id.to_string(),
        event: event.id,
        reason: "SegmentUnknown".to_owned(),
        position: event.position,
        occurred_at: event.at,
    }
}

fn key(call_id: &Id) -> String {
    format!("call/{call_id}")
}
