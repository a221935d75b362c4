//! Stories: what happens in the simulated houses, as commands with the time at which they are due.
//! A story is made whole when it begins; a seed gives the same stories every time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use chrono::{DateTime, Duration, Utc};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;

/// What follows the kind in every id that a run makes.
const MARK: char = '~';

/// Whether an id of a kind was made by a run of the simulation, this one or an earlier.
pub(super) fn is_ours(kind: &str, id: &str) -> bool {
    id.strip_prefix(kind).is_some_and(|rest| rest.starts_with(MARK))
}

/// A command that is due at a time.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: DateTime<Utc>,
    /// Commands of one subject go out one after another.
    pub(super) subject: String,
    pub(super) context: &'static str,
    pub(super) command: &'static str,
    pub(super) body: Value,
}

/// Chance, the clock of the story, and the steps that are still to come.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) random: StdRng,
    /// Tells the ids of this run from those of another on the same log.
    pub(super) run: String,
    counters: BTreeMap<&'static str, u64>,
    due: BinaryHeap<Reverse<(DateTime<Utc>, u64)>>,
    steps: BTreeMap<u64, Step>,
    sequence: u64,
}

impl Script {
    pub(super) fn new(seed: u64, run: &str) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            run: format!("{MARK}{run}"),
            counters: BTreeMap::new(),
            due: BinaryHeap::new(),
            steps: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// A new id of a kind, unique over runs.
    pub(super) fn id(&mut self, kind: &'static str) -> String {
        let counter = self.counters.entry(kind).or_insert(0);
        *counter += 1;
        format!("{kind}{}-{counter}", self.run)
    }

    /// Whether something of this probability, in percent, happens.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    /// One of a list, evenly.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.random.random_range(0..list.len())]
    }

    /// Seconds between two bounds.
    pub(super) fn seconds(&mut self, from: i64, to: i64) -> Duration {
        Duration::milliseconds(self.random.random_range(from * 1_000..=to * 1_000))
    }

    /// Adds a command to what is to come.
    pub(super) fn tell(
        &mut self,
        at: DateTime<Utc>,
        subject: &str,
        context: &'static str,
        command: &'static str,
        body: Value,
    ) {
        self.sequence += 1;
        self.due.push(Reverse((at, self.sequence)));
        self.steps.insert(
            self.sequence,
            Step {
                at,
                subject: subject.to_owned(),
                context,
                command,
                body,
            },
        );
    }

    /// When the next command is due.
    pub(super) fn next_at(&self) -> Option<DateTime<Utc>> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// The next command, with its number in the script.
    pub(super) fn next(&mut self) -> Option<(u64, Step)> {
        let Reverse((_, number)) = self.due.pop()?;
        Some((number, self.steps.remove(&number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_knows_its_own_ids_and_those_of_earlier_runs_from_other_peoples() {
        let id = Script::new(7, "5f2a").id("K");
        assert!(is_ours("K", &id), "{id}");
        assert!(is_ours("K", &Script::new(7, "77").id("K")));
        for theirs in ["K1", "K5f2a-1", "CALL~1", "", "~5f2a-1"] {
            assert!(!is_ours("K", theirs), "{theirs}");
        }
    }
}
