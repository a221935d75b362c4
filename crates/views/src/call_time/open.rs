//! Segments going on, to be found by age (C-R4 c). They are kept in slots of time, so that neither
//! a busy centre nor calls that never end make a document large.

use std::collections::BTreeSet;

use plimsoll_contracts::Id;

use super::{CallDoc, CallTime, each};
use crate::{FoldError, Workspace};

/// Length of a slot.
const SLOT_S: i64 = 900;
/// The document that lists the slots.
const SLOTS: &str = "open";

/// Calls with a segment going on that began before `latest_s`.
pub(super) fn before(latest_s: i64, workspace: &mut Workspace<CallTime>) -> Result<Vec<Id>, FoldError> {
    let slots: Vec<i64> = match workspace.doc(SLOTS)? {
        Some(CallDoc::Slots(slots)) => slots.range(..=slot_of(latest_s)).copied().collect(),
        _ => return Ok(Vec::new()),
    };
    let mut calls = Vec::new();
    each(slots, |slot| {
        if let Some(CallDoc::Open(open)) = workspace.doc(&key(slot))? {
            let old = open.iter().take_while(|(start_s, _)| *start_s < latest_s);
            calls.extend(old.map(|(_, call_id)| call_id.clone()));
        }
        Ok(())
    })?;
    Ok(calls)
}

/// Brings the slots from the starts of a call's open segments to those it has now.
pub(super) fn note(
    call_id: &Id,
    was: &BTreeSet<i64>,
    now: &BTreeSet<i64>,
    workspace: &mut Workspace<CallTime>,
) -> Result<(), FoldError> {
    each(was.symmetric_difference(now), |start_s| {
        let slot = slot_of(*start_s);
        let mut open = match workspace.doc(&key(slot))? {
            Some(CallDoc::Open(open)) => open.clone(),
            _ => BTreeSet::new(),
        };
        let was_empty = open.is_empty();
        if now.contains(start_s) {
            open.insert((*start_s, call_id.clone()));
        } else {
            open.remove(&(*start_s, call_id.clone()));
        }
        let is_empty = open.is_empty();
        if is_empty {
            workspace.remove_doc(&key(slot));
        } else {
            workspace.put_doc(&key(slot), CallDoc::Open(open));
        }
        if was_empty == is_empty {
            Ok(())
        } else {
            note_slot(slot, !is_empty, workspace)
        }
    })
}

fn note_slot(slot: i64, is_used: bool, workspace: &mut Workspace<CallTime>) -> Result<(), FoldError> {
    let mut slots = match workspace.doc(SLOTS)? {
        Some(CallDoc::Slots(slots)) => slots.clone(),
        _ => BTreeSet::new(),
    };
    let changed = if is_used {
        slots.insert(slot)
    } else {
        slots.remove(&slot)
    };
    if changed {
        workspace.put_doc(SLOTS, CallDoc::Slots(slots));
    }
    Ok(())
}

const fn slot_of(start_s: i64) -> i64 {
    start_s.div_euclid(SLOT_S)
}

fn key(slot: i64) -> String {
    format!("open/{slot}")
}
