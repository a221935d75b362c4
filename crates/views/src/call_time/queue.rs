//! What a call adds to its queue: arrival, answer or abandonment, and the wait (C-R8).

use chrono::{NaiveDate, Timelike as _};
use plimsoll_contracts::{Label, TenantConfig, rows::QueueRow};
use serde::{Deserialize, Serialize};

use super::{
    history::{CallHistory, Recorded, Turn},
    waits::WaitsRow,
};

/// What a call adds to a half hour of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueCount {
    queue: Label,
    business_date: NaiveDate,
    half_hour: String,
    answered: i64,
    abandoned: i64,
    answered_within: i64,
    abandoned_within: i64,
    abandoned_short: i64,
    wait_answered_s: i64,
    /// How long the caller waited before giving up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait_abandoned_s: Option<i64>,
}

impl QueueCount {
    /// Of a call; the arrival is the queueing, else the first answer. `None` when it never arrived
    /// in a queue that is known.
    pub(super) fn of(call: &CallHistory, config: &TenantConfig) -> Option<Self> {
        let queued = call.events.iter().find_map(|event| match &event.what {
            Recorded::Queued { queue } => Some((event.at, queue)),
            _ => None,
        });
        let answered = call.events.iter().find_map(|event| match &event.what {
            Recorded::Segment {
                what: Turn::Connected { queue, .. },
                ..
            } => Some((event.at, queue.as_ref())),
            _ => None,
        });
        let abandoned_wait_s = call.events.iter().find_map(|event| match event.what {
            Recorded::Abandoned { wait_s } if answered.is_none() => Some(wait_s),
            _ => None,
        });
        let arrived_at = queued.map(|(at, _)| at).or_else(|| answered.map(|(at, _)| at))?;
        let queue = queued
            .map(|(_, queue)| queue)
            .or_else(|| answered.and_then(|(_, queue)| queue))?;
        let wait_s = answered.map(|(at, _)| (at.timestamp() - arrived_at.timestamp()).max(0));
        let level = config.service_level;
        let within =
            |wait_s: Option<i64>, limit_s: u32| i64::from(wait_s.is_some_and(|s| s <= i64::from(limit_s)));
        let wall = config.wall_clock(arrived_at);
        Some(Self {
            queue: queue.clone(),
            business_date: config.business_date(arrived_at),
            half_hour: format!("{:02}:{:02}", wall.hour(), wall.minute() / 30 * 30),
            answered: i64::from(answered.is_some()),
            abandoned: i64::from(abandoned_wait_s.is_some()),
            answered_within: within(wait_s, level.threshold_s),
            abandoned_within: within(abandoned_wait_s, level.threshold_s),
            abandoned_short: within(abandoned_wait_s, level.short_abandon_s),
            wait_answered_s: wait_s.unwrap_or(0),
            wait_abandoned_s: abandoned_wait_s,
        })
    }

    /// The row that it belongs to, as if nothing had been counted.
    pub(super) fn empty_row(&self) -> QueueRow {
        QueueRow {
            queue: self.queue.clone(),
            business_date: self.business_date,
            half_hour: self.half_hour.clone(),
            offered: 0,
            answered: 0,
            abandoned: 0,
            answered_within: 0,
            abandoned_within: 0,
            abandoned_short: 0,
            wait_answered_s: 0,
        }
    }

    /// Counts its wait, or takes it off with `sign` -1.
    pub(super) fn count_wait(&self, waits: &mut WaitsRow, sign: i64) {
        let answered_s = (self.answered > 0).then_some(self.wait_answered_s);
        waits.count(answered_s, self.wait_abandoned_s, sign);
    }

    /// Adds the call to the row, or takes it off with `sign` -1.
    pub(super) const fn add_to(&self, row: &mut QueueRow, sign: i64) {
        row.offered += sign;
        row.answered += sign * self.answered;
        row.abandoned += sign * self.abandoned;
        row.answered_within += sign * self.answered_within;
        row.abandoned_within += sign * self.abandoned_within;
        row.abandoned_short += sign * self.abandoned_short;
        row.wait_answered_s += sign * self.wait_answered_s;
    }
}
