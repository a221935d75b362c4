//! M-R1: lines of closed periods stay as they are; what a late event would change in them is
//! carried by `adjust` lines in the first open period, and open periods show what is true now.

use std::collections::BTreeMap;

use plimsoll_contracts::{Id, Label, Month, rows::Component};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::{Entry, Line};

/// What the ledger shows of an owner beside its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residue {
    /// Lines of closed periods that the entries no longer have.
    pub frozen: Vec<Shown>,
    /// `adjust` lines that carry the difference.
    pub carried: Vec<Carried>,
}

/// A line as the ledger shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shown {
    /// The line.
    pub line: Line,
    /// Its number.
    pub no: u32,
}

/// An `adjust` line with what it makes up for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The line.
    pub shown: Shown,
    /// What it makes up for.
    pub subject: Subject,
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    planner: Id,
    component: Component,
    of: Option<Component>,
    instalment: Option<u16>,
    for_planner: Option<Id>,
    level: Option<Label>,
    for_period: Option<Month>,
}

/// Where the log stands: what is closed, and who causes a difference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// All months up to this one are closed.
    pub(super) closed_through: Option<Month>,
    /// The late event that a difference is put down to.
    pub(super) cause: Uuid,
}

impl Residue {
    pub(super) const fn is_empty(&self) -> bool {
        self.frozen.is_empty() && self.carried.is_empty()
    }
}

impl Now {
    fn is_closed(&self, period: Month) -> bool {
        self.closed_through.is_some_and(|closed| period <= closed)
    }
}

impl Subject {
    fn of(line: &Line) -> Self {
        Self {
            planner: line.planner.clone(),
            component: line.component,
            of: line.of,
            instalment: line.instalment,
            for_planner: line.for_planner.clone(),
            level: line.level.clone(),
            for_period: line.for_period,
        }
    }
}

/// Gives the new entries the numbers of the lines that already show them, keeps what is frozen, and
/// works out the differences to carry. Entries and carried lines left with number 0 in open periods
/// are new; `removed` are gone.
pub(super) fn reconcile(
    before: &[Entry],
    residue: &Residue,
    entries: &mut [Entry],
    now: Now,
) -> (Residue, Vec<Shown>) {
    let mut shown: BTreeMap<&Line, Vec<u32>> = BTreeMap::new();
    for entry in before.iter().filter(|entry| entry.no > 0) {
        shown.entry(&entry.line).or_default().push(entry.no);
    }
    for frozen in &residue.frozen {
        shown.entry(&frozen.line).or_default().push(frozen.no);
    }
    let mut differences: BTreeMap<Subject, (i64, i64)> = BTreeMap::new();
    let mut differ = |subject: Subject, amount: i64, deferred: i64| {
        let sum = differences.entry(subject).or_default();
        (sum.0, sum.1) = (sum.0 + amount, sum.1 + deferred);
    };
    for entry in entries.iter_mut() {
        entry.no = shown.get_mut(&entry.line).and_then(Vec::pop).unwrap_or(0);
        if entry.no == 0 && now.is_closed(entry.line.period) {
            differ(Subject::of(&entry.line), entry.line.amount, entry.line.deferred);
        }
    }
    let mut kept = Residue::default();
    let mut removed: Vec<Shown> = Vec::new();
    for (line, numbers) in shown {
        for no in numbers {
            let shown = Shown {
                line: line.clone(),
                no,
            };
            if now.is_closed(line.period) {
                differ(Subject::of(line), -line.amount, -line.deferred);
                kept.frozen.push(shown);
            } else {
                removed.push(shown);
            }
        }
    }
    let (closed, open): (Vec<&Carried>, Vec<&Carried>) = residue
        .carried
        .iter()
        .partition(|carried| now.is_closed(carried.shown.line.period));
    for carried in closed {
        let line = &carried.shown.line;
        differ(carried.subject.clone(), -line.amount, -line.deferred);
        kept.carried.push(carried.clone());
    }
    let mut open: Vec<Carried> = open.into_iter().cloned().collect();
    carry(differences, now, &mut open, &mut kept);
    removed.extend(open.into_iter().map(|carried| carried.shown));
    (kept, removed)
}

/// Carries each difference in the first open period; lines that already do keep their number.
fn carry(differences: BTreeMap<Subject, (i64, i64)>, now: Now, open: &mut Vec<Carried>, kept: &mut Residue) {
    for (subject, (amount, deferred)) in differences {
        let Some(closed) = now.closed_through.filter(|_| amount != 0 || deferred != 0) else {
            continue;
        };
        let line = Line {
            period: closed.plus(1),
            planner: subject.planner.clone(),
            component: Component::Adjust,
            instalment: subject.instalment,
            amount,
            deferred,
            of: Some(subject.component),
            for_planner: subject.for_planner.clone(),
            level: subject.level.clone(),
            rate: None,
            cause: now.cause,
            for_period: subject.for_period,
        };
        let same = open
            .iter()
            .position(|carried| carried.subject == subject && carried.shown.line == line);
        let no = same.map_or(0, |place| open.remove(place).shown.no);
        kept.carried.push(Carried {
            shown: Shown { line, no },
            subject,
        });
    }
}
