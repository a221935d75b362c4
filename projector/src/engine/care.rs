//! What to do after the store has refused a commit for what it holds: the same events one by one,
//! until the one is found that cannot be stored; that one is parked, and all others go on.

use std::collections::BTreeMap;

use plimsoll_contracts::Position;

use super::EngineError;

/// What a worker has learned from refused commits.
#[derive(Debug, Clone, Default)]
pub(super) struct Care {
    until: Position,
    culprits: BTreeMap<Position, String>,
}

impl Care {
    /// Learns from a failure; `true` = it was a refusal, and the next try will be another one.
    pub(super) fn learn(&mut self, error: &EngineError) -> bool {
        let EngineError::Refused { first, last, .. } = error else {
            return false;
        };
        if first == last {
            let known = self.culprits.insert(*first, error.told());
            // Refused although it was parked: not the event is at fault.
            return known.is_none();
        }
        self.until = self.until.max(*last);
        true
    }

    /// Whether the events after this position are to be committed one by one.
    pub(super) fn is_needed_after(&self, committed: Position) -> bool {
        committed < self.until
    }

    /// Why an event is not to be folded, if it is not.
    pub(super) fn why_not(&self, position: Position) -> Option<&str> {
        self.culprits.get(&position).map(String::as_str)
    }
}
