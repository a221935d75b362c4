//! Segments of a call (C-R1): start, end and where the end comes from, holds, consultations,
//! after-call work, transfers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Id, Label, TenantConfig, events::TransferKind};

use super::history::{CallEvent, CallHistory, Recorded, Turn};

/// A span of whole seconds since 1970, half open.
pub(super) type Span = (i64, i64);

/// One agent's stay on a call.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) segment_id: Id,
    pub(super) agent_id: Id,
    pub(super) queue: Option<Label>,
    pub(super) connected_at: DateTime<Utc>,
    pub(super) end: End,
    /// Two different ends were told (C-R7).
    pub(super) conflict: bool,
    /// Holds; one that was never retrieved has no end.
    pub(super) holds: Vec<(i64, Option<i64>)>,
    pub(super) consults: Vec<Consult>,
    pub(super) wrap_ups: Vec<Span>,
    pub(super) transfer: Option<Transfer>,
}

#[derive(Debug, Clone)]
pub(super) struct Consult {
    pub(super) consult_id: Id,
    pub(super) consultant_id: Id,
    pub(super) span: Option<Span>,
    started_s: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) at_s: i64,
    pub(super) kind: TransferKind,
    pub(super) to_agent_id: Id,
}

/// How a segment ended, as far as known (C-R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// An event of the call says so.
    Told(i64),
    /// The agent's session ended.
    Estimated(i64),
    /// No end for longer than a call may last.
    Unresolved,
    /// It goes on.
    Open,
}

impl Segment {
    /// Its start in whole seconds (G1).
    pub(super) const fn start_s(&self) -> i64 {
        self.connected_at.timestamp()
    }

    /// Its start as exactly as it was told, for comparison with other events.
    pub(super) const fn start_us(&self) -> i64 {
        self.connected_at.timestamp_micros()
    }

    /// The connected span, when the segment has ended.
    pub(super) const fn span(&self) -> Option<Span> {
        match self.end {
            End::Told(end_s) | End::Estimated(end_s) => Some((self.start_s(), end_s)),
            End::Unresolved | End::Open => None,
        }
    }

    /// Ends before it starts, or lasts longer than a call may (C-R6).
    pub(super) fn is_quarantined(&self, config: &TenantConfig) -> bool {
        self.span().is_some_and(|(start, end)| {
            end < start || config.max_call_s.is_some_and(|max| end - start > i64::from(max))
        })
    }

    /// Held seconds clipped to the connected span, as spans.
    pub(super) fn held(&self) -> Vec<Span> {
        let Some((start, end)) = self.span() else {
            return Vec::new();
        };
        let clip = |(from, to): &(i64, Option<i64>)| (start.max(*from), end.min(to.unwrap_or(end)));
        self.holds
            .iter()
            .map(clip)
            .filter(|(from, to)| from < to)
            .collect()
    }

    /// Whether the caller is on hold now.
    pub(super) fn is_held(&self) -> bool {
        self.holds.last().is_some_and(|(_, to)| to.is_none())
    }
}

/// The segments of a call in the order of their start, and the events that name a segment which
/// never began (`SegmentUnknown`, C-R7).
pub(super) fn segments(call: &CallHistory) -> (Vec<Segment>, Vec<&CallEvent>) {
    let mut known: BTreeMap<&Id, Building> = BTreeMap::new();
    for event in &call.events {
        if let Recorded::Segment { segment_id, what } = &event.what
            && let Turn::Connected { agent_id, queue } = what
        {
            let begun = || Building::new(event.at, segment_id, agent_id, queue.as_ref());
            known.entry(segment_id).or_insert_with(begun);
        }
    }
    let mut unknown = Vec::new();
    for event in &call.events {
        let Recorded::Segment { segment_id, what } = &event.what else {
            continue;
        };
        match known.get_mut(segment_id) {
            Some(building) => building.take_in(event, what),
            None => unknown.push(event),
        }
    }
    let mut segments: Vec<Segment> = known.into_values().map(Building::finish).collect();
    segments.sort_by(|a, b| (a.connected_at, &a.segment_id).cmp(&(b.connected_at, &b.segment_id)));
    (segments, unknown)
}

struct Building {
    segment: Segment,
    /// Told ends with their versions; the highest version wins (C-R7).
    ends: Vec<(u32, i64)>,
    corrections: Vec<Correction>,
    wrap_up_since_s: Option<i64>,
}

/// Corrections apply in the order of their versions (C-R7).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Correction {
    version: u32,
    connected_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

impl Building {
    fn new(connected_at: DateTime<Utc>, segment_id: &Id, agent_id: &Id, queue: Option<&Label>) -> Self {
        let segment = Segment {
            segment_id: segment_id.clone(),
            agent_id: agent_id.clone(),
            queue: queue.cloned(),
            connected_at,
            end: End::Open,
            conflict: false,
            holds: Vec::new(),
            consults: Vec::new(),
            wrap_ups: Vec::new(),
            transfer: None,
        };
        Self {
            segment,
            ends: Vec::new(),
            corrections: Vec::new(),
            wrap_up_since_s: None,
        }
    }

    fn take_in(&mut self, event: &CallEvent, what: &Turn) {
        let at_s = event.at.timestamp();
        let segment = &mut self.segment;
        match what {
            Turn::Held if !segment.is_held() => segment.holds.push((at_s, None)),
            // The first start of a segment holds, and so does the first of two holds.
            Turn::Held | Turn::Connected { .. } => {}
            Turn::Retrieved => {
                if let Some((_, to @ None)) = segment.holds.last_mut() {
                    *to = Some(at_s);
                }
            }
            Turn::ConsultStarted {
                consult_id,
                consultant_id,
            } => segment.consults.push(Consult {
                consult_id: consult_id.clone(),
                consultant_id: consultant_id.clone(),
                span: None,
                started_s: at_s,
            }),
            Turn::ConsultEnded { consult_id } => {
                let mut consults = segment.consults.iter_mut();
                let open = consults.find(|c| c.consult_id == *consult_id && c.span.is_none());
                if let Some(consult) = open {
                    consult.span = Some((consult.started_s, at_s));
                }
            }
            Turn::Transferred { kind, to_agent_id } => {
                self.ends.push((event.version, at_s));
                segment.transfer = Some(Transfer {
                    at_s,
                    kind: *kind,
                    to_agent_id: to_agent_id.clone(),
                });
            }
            Turn::Ended => self.ends.push((event.version, at_s)),
            Turn::WrapUpStarted => self.wrap_up_since_s = Some(at_s),
            Turn::WrapUpEnded => {
                if let Some(since_s) = self.wrap_up_since_s.take() {
                    segment.wrap_ups.push((since_s, at_s));
                }
            }
            Turn::Corrected {
                connected_at,
                ended_at,
            } => self.corrections.push(Correction {
                version: event.version,
                connected_at: *connected_at,
                ended_at: *ended_at,
            }),
        }
    }

    fn finish(mut self) -> Segment {
        self.ends.sort_unstable();
        let segment = &mut self.segment;
        if let Some((_, last_s)) = self.ends.last() {
            segment.end = End::Told(*last_s);
            segment.conflict = self.ends.iter().any(|(_, end_s)| end_s != last_s);
        }
        self.corrections.sort_unstable();
        for correction in &self.corrections {
            segment.connected_at = correction.connected_at.unwrap_or(segment.connected_at);
            let end = correction.ended_at.map(|at| End::Told(at.timestamp()));
            segment.end = end.unwrap_or(segment.end);
        }
        self.segment
    }
}
