//! How long callers of a queue's half hour waited, second by second, so that a service level can
//! be asked for at another threshold than the configured one (C-R8). Nobody is shown the rows.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use plimsoll_contracts::{Label, rows::QueueRow};
use serde::{Deserialize, Serialize};

use super::CallTimeRow;
use crate::StoredRow;

/// The waits of a queue's half hour, table `waits`: pairs of seconds and calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitsRow {
    pub(super) queue: Label,
    pub(super) business_date: NaiveDate,
    pub(super) half_hour: String,
    answered: Vec<(i64, i64)>,
    abandoned: Vec<(i64, i64)>,
}

impl WaitsRow {
    /// No waits, in the half hour of a queue's row.
    pub(super) fn empty(row: &QueueRow) -> Self {
        Self {
            queue: row.queue.clone(),
            business_date: row.business_date,
            half_hour: row.half_hour.clone(),
            answered: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    pub(super) fn key(&self) -> String {
        format!("{}|{}|{}", self.queue, self.business_date, self.half_hour)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.answered.is_empty() && self.abandoned.is_empty()
    }

    /// Counts a call `sign` times.
    pub(super) fn count(&mut self, answered_s: Option<i64>, abandoned_s: Option<i64>, sign: i64) {
        for (waits, wait_s) in [
            (&mut self.answered, answered_s),
            (&mut self.abandoned, abandoned_s),
        ] {
            let Some(wait_s) = wait_s else { continue };
            match waits.binary_search_by_key(&wait_s, |(known_s, _)| *known_s) {
                Ok(place) => waits[place].1 += sign,
                Err(place) => waits.insert(place, (wait_s, sign)),
            }
            waits.retain(|(_, calls)| *calls != 0);
        }
    }

    /// Calls answered and abandoned within a threshold.
    fn within(&self, threshold_s: i64) -> (i64, i64) {
        let within = |waits: &[(i64, i64)]| {
            let short = waits.iter().take_while(|(wait_s, _)| *wait_s <= threshold_s);
            short.map(|(_, calls)| calls).sum()
        };
        (within(&self.answered), within(&self.abandoned))
    }
}

/// The queues' rows with what was answered and abandoned within another threshold.
pub(super) fn at_threshold(
    rows: &[&StoredRow<CallTimeRow>],
    threshold_s: u32,
) -> Vec<StoredRow<CallTimeRow>> {
    let waits: BTreeMap<String, &WaitsRow> = rows
        .iter()
        .filter_map(|stored| match &stored.row {
            CallTimeRow::Waits(waits) => Some((waits.key(), waits)),
            _ => None,
        })
        .collect();
    let queues = rows.iter().filter_map(|stored| {
        let CallTimeRow::Queue(queue) = &stored.row else {
            return None;
        };
        let mut queue = queue.clone();
        let waits = waits.get(&super::row::queue_key(&queue));
        (queue.answered_within, queue.abandoned_within) =
            waits.map_or((0, 0), |waits| waits.within(i64::from(threshold_s)));
        Some(StoredRow {
            row: CallTimeRow::Queue(queue),
            position: stored.position,
            revision: stored.revision,
        })
    });
    queues.collect()
}
