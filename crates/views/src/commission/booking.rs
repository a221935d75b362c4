//! From entries to the ledger: what is new is posted, what is gone from open periods withdrawn,
//! and what a closed period can no longer show is carried (M-R1).

use plimsoll_contracts::Month;
use uuid::Uuid;

use super::{
    Commission,
    ledger::{self, Fresh, Owner},
    plan::Plan,
    reconcile::{Now, Residue, Shown, reconcile},
    stamp::Stamp,
    state::Entry,
};
use crate::{FoldError, Workspace};

/// Brings the ledger from the entries and residue `before` to those `now`; `late` names the event
/// that differences in closed periods are put down to.
pub(super) fn book(
    workspace: &mut Workspace<Commission>,
    plan: &Plan,
    at_hand: &Stamp,
    owner: Owner<'_>,
    before: (&[Entry], &Residue),
    now: (&mut [Entry], &mut Residue),
    late: impl FnOnce() -> Option<Uuid>,
) -> Result<(), FoldError> {
    let (entries, residue) = now;
    let is_added_to = entries.get(..before.0.len()).is_some_and(|kept| {
        kept.iter()
            .zip(before.0)
            .all(|(now, then)| now.no == then.no && now.line == then.line)
    });
    let closed_through = plan.closed_through(at_hand.position);
    let is_open = |period: Month| closed_through.is_none_or(|closed| closed < period);
    // What waited until its month was closed comes as new entries that can no longer be shown there.
    let fits = entries
        .iter()
        .skip(before.0.len())
        .all(|entry| is_open(entry.line.period));
    let mut removed: Vec<Shown> = Vec::new();
    if !is_added_to || !fits || !before.1.is_empty() {
        let cause = late().unwrap_or(at_hand.id);
        let now = Now {
            closed_through,
            cause,
        };
        (*residue, removed) = reconcile(before.0, before.1, entries, now);
    }
    let entries = entries.iter_mut().map(|entry| Fresh {
        line: &entry.line,
        no: &mut entry.no,
    });
    let carried = residue.carried.iter_mut().map(|c| Fresh {
        line: &c.shown.line,
        no: &mut c.shown.no,
    });
    let is_new = |fresh: &Fresh<'_>| *fresh.no == 0 && is_open(fresh.line.period);
    let fresh: Vec<Fresh<'_>> = entries.chain(carried).filter(is_new).collect();
    if fresh.is_empty() && removed.is_empty() {
        return Ok(());
    }
    ledger::post(workspace, owner, &removed, fresh)
}

/// Of some events, the last in canonical order of those that came after the last close and belong
/// before it.
pub(super) fn late_comer<'a>(
    plan: &Plan,
    at_hand: &Stamp,
    events: impl Iterator<Item = &'a Stamp>,
) -> Option<Uuid> {
    let barrier = plan.last_barrier(at_hand.position);
    let closed_through = plan.closed_through(at_hand.position)?;
    let is_late = |stamp: &&Stamp| {
        let month = Month::of(plan.config_at(stamp.position).business_date(stamp.at));
        stamp.position > barrier && month <= closed_through
    };
    events
        .filter(is_late)
        .max_by(|a, b| a.order(b))
        .map(|stamp| stamp.id)
}
