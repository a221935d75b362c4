//! Rows of `call-time`: agents per day, queues per half hour, the centre per day, calls that are
//! going on, and segments that somebody should look at.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Id, Label, time};

/// An agent's day (table `agents`); key `agent_id`, `business_date`. Durations in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AgentDayRow {
    /// The agent.
    pub agent_id: Id,
    /// Business date (G1).
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Connected time: talk + hold (C-R1).
    #[ts(type = "number")]
    pub call_s: i64,
    /// Call - hold.
    #[ts(type = "number")]
    pub talk_s: i64,
    /// Held, clipped to the segment.
    #[ts(type = "number")]
    pub hold_s: i64,
    /// Consultations, for both agents.
    #[ts(type = "number")]
    pub consult_s: i64,
    /// After-call work.
    #[ts(type = "number")]
    pub acw_s: i64,
    /// Call + after-call work.
    #[ts(type = "number")]
    pub handle_s: i64,
    /// Union of the connected intervals (C-R5).
    #[ts(type = "number")]
    pub busy_s: i64,
    /// Segments answered that day and ended, long enough to count.
    #[ts(type = "number")]
    pub handled: i64,
    /// Calls taken over.
    #[ts(type = "number")]
    pub transfers_in: i64,
    /// Calls given away.
    #[ts(type = "number")]
    pub transfers_out: i64,
    /// Longest whole segment answered that day.
    #[ts(type = "number")]
    pub longest_s: i64,
    /// Segments whose end was estimated (C-R4).
    #[ts(type = "number")]
    pub estimated: i64,
    /// Segments without an end for too long (C-R4).
    #[ts(type = "number")]
    pub unresolved: i64,
    /// Segments that cannot be (C-R6).
    #[ts(type = "number")]
    pub quarantined: i64,
    /// Segments going on.
    #[ts(type = "number")]
    pub open: i64,
    /// First connected instant within the day.
    #[serde(default, with = "time::option")]
    #[ts(type = "string | null")]
    pub first_at: Option<DateTime<Utc>>,
    /// Last connected instant within the day.
    #[serde(default, with = "time::option")]
    #[ts(type = "string | null")]
    pub last_at: Option<DateTime<Utc>>,
}

/// A queue's half hour (table `queues`), by the wall clock of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QueueRow {
    /// The queue.
    pub queue: Label,
    /// Business date of arrival.
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// `HH:00` or `HH:30`.
    pub half_hour: String,
    /// Calls that arrived.
    #[ts(type = "number")]
    pub offered: i64,
    /// Answered (A).
    #[ts(type = "number")]
    pub answered: i64,
    /// Abandoned (B).
    #[ts(type = "number")]
    pub abandoned: i64,
    /// Answered within the threshold (w).
    #[ts(type = "number")]
    pub answered_within: i64,
    /// Abandoned within the threshold (b).
    #[ts(type = "number")]
    pub abandoned_within: i64,
    /// Abandoned within the short-abandon limit (s).
    #[ts(type = "number")]
    pub abandoned_short: i64,
    /// Seconds that answered calls waited.
    #[ts(type = "number")]
    pub wait_answered_s: i64,
}

/// The centre's day (table `centre`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CentreDayRow {
    /// Business date.
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Calls handled, one per call, on the day of its first handled segment.
    #[ts(type = "number")]
    pub contacts_handled: i64,
    /// Segments handled.
    #[ts(type = "number")]
    pub segments: i64,
    /// Seconds between a blind transfer and the next answer (C-R3).
    #[ts(type = "number")]
    pub unowned_s: i64,
}

/// A segment going on (table `live`); key `call_id`, `segment_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LiveCallRow {
    /// The call.
    pub call_id: Id,
    /// The segment.
    pub segment_id: Id,
    /// Who is on it.
    pub agent_id: Id,
    /// Its queue, where known.
    #[serde(default)]
    pub queue: Option<Label>,
    /// Since when; the reader runs the clock.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub connected_at: DateTime<Utc>,
    /// Whether the caller is on hold.
    pub held: bool,
}

/// Why a segment is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SegmentMark {
    /// Its end was estimated from the agent's session (C-R4 b).
    Estimated,
    /// No end for longer than a call may last (C-R4 c).
    Unresolved,
    /// It ends before it starts, or lasts too long (C-R6).
    Quarantined,
    /// Two different ends; the later version holds (C-R7).
    Conflict,
    /// It lasted longer than `long_call_s`.
    Long,
}

impl SegmentMark {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Estimated => "estimated",
            Self::Unresolved => "unresolved",
            Self::Quarantined => "quarantined",
            Self::Conflict => "conflict",
            Self::Long => "long",
        }
    }
}

/// A segment that somebody should look at (table `marked`); key `mark`, `call_id`, `segment_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MarkedSegmentRow {
    /// Why it is listed.
    pub mark: SegmentMark,
    /// The call.
    pub call_id: Id,
    /// The segment.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// Business date of the answer.
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// When it began.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub connected_at: DateTime<Utc>,
    /// When it ended, as far as known.
    #[serde(default, with = "time::option")]
    #[ts(type = "string | null")]
    pub ended_at: Option<DateTime<Utc>>,
}
