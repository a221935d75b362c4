//! What a call contributes to the rows: pure arithmetic over its segments and the calendar.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Id, TenantConfig,
    config::CallAttribution,
    events::TransferKind,
    rows::{LiveCallRow, MarkedSegmentRow, SegmentMark},
};
use serde::{Deserialize, Serialize};

use super::{
    history::CallHistory,
    pieces::{Piece, Pieces},
    queue::QueueCount,
    segment::{End, Segment, Span},
    session::Unended,
};

/// Pieces by agent and business date.
pub(super) type AgentDays = BTreeMap<Id, BTreeMap<NaiveDate, Pieces>>;

/// What the rows hold of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Contribution {
    pub(super) days: AgentDays,
    pub(super) queue: Option<QueueCount>,
    pub(super) centre: BTreeMap<NaiveDate, CentreCount>,
    pub(super) live: Vec<LiveCallRow>,
    pub(super) marked: Vec<MarkedSegmentRow>,
    /// Segments longer than a call should be.
    pub(super) long: Vec<MarkedSegmentRow>,
    pub(super) unended: Unended,
    /// Starts of open segments, seconds since 1970.
    pub(super) open: BTreeSet<i64>,
    /// Whether events of the call are parked.
    pub(super) parks: bool,
}

/// What a call adds to a day of the centre.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CentreCount {
    pub(super) contacts_handled: i64,
    pub(super) segments: i64,
    pub(super) unowned_s: i64,
}

/// The contribution of a call whose segments' ends are resolved.
pub(super) fn of(
    call_id: &Id,
    call: &CallHistory,
    segments: &[Segment],
    config: &TenantConfig,
) -> Contribution {
    let mut made = Maker {
        call_id,
        config,
        contribution: Contribution::default(),
    };
    let mut first_contact = None;
    for segment in segments {
        let source: Arc<str> = format!("{call_id}|{}", segment.segment_id).into();
        let answered_on = made.date(segment.start_s());
        made.transfer(segment, &source);
        made.end(segment, answered_on, &source);
        let span = segment.span().filter(|_| !segment.is_quarantined(config));
        let Some((start, end)) = span else { continue };
        made.connected(segment, (start, end), &source);
        made.beside(segment, &source);
        if end - start >= i64::from(config.short_call_s) {
            made.piece(&segment.agent_id, answered_on, &source).handled = 1;
            made.contribution.centre.entry(answered_on).or_default().segments += 1;
            first_contact = first_contact.or(Some(answered_on));
        }
    }
    if let Some(date) = first_contact {
        made.contribution.centre.entry(date).or_default().contacts_handled = 1;
    }
    made.unowned(segments);
    made.contribution.queue = QueueCount::of(call, config);
    made.without_nothing()
}

struct Maker<'a> {
    call_id: &'a Id,
    config: &'a TenantConfig,
    contribution: Contribution,
}

impl Maker<'_> {
    fn date(&self, at_s: i64) -> NaiveDate {
        self.config.business_date(instant(at_s))
    }

    fn piece(&mut self, agent_id: &Id, date: NaiveDate, source: &Arc<str>) -> &mut Piece {
        let days = self.contribution.days.entry(agent_id.clone()).or_default();
        days.entry(date).or_default().at(source)
    }

    /// Transfers count on the day of the transfer, for both agents.
    fn transfer(&mut self, segment: &Segment, source: &Arc<str>) {
        let Some(transfer) = &segment.transfer else { return };
        let date = self.date(transfer.at_s);
        self.piece(&segment.agent_id, date, source).transfers_out = 1;
        self.piece(&transfer.to_agent_id, date, &format!("{source}|in").into())
            .transfers_in = 1;
    }

    /// Open segments and marks count on the day of the answer.
    fn end(&mut self, segment: &Segment, answered_on: NaiveDate, source: &Arc<str>) {
        let quarantined = segment.is_quarantined(self.config);
        let piece = self.piece(&segment.agent_id, answered_on, source);
        let mark = match segment.end {
            _ if quarantined => {
                piece.quarantined = 1;
                Some(SegmentMark::Quarantined)
            }
            End::Estimated(_) => {
                piece.estimated = 1;
                Some(SegmentMark::Estimated)
            }
            End::Unresolved => {
                piece.unresolved = 1;
                Some(SegmentMark::Unresolved)
            }
            End::Open => {
                piece.open = 1;
                None
            }
            End::Told(_) => None,
        };
        if !matches!(segment.end, End::Told(_)) {
            let unended = (segment.agent_id.clone(), segment.start_us());
            self.contribution.unended.insert(unended);
        }
        if segment.end == End::Open {
            self.goes_on(segment);
        }
        for mark in mark
            .into_iter()
            .chain(segment.conflict.then_some(SegmentMark::Conflict))
        {
            let marked = self.marked(segment, mark, answered_on);
            self.contribution.marked.push(marked);
        }
        let long_call_s = i64::from(self.config.long_call_s);
        if !quarantined
            && segment
                .span()
                .is_some_and(|(start, end)| end - start > long_call_s)
        {
            let long = self.marked(segment, SegmentMark::Long, answered_on);
            self.contribution.long.push(long);
        }
    }

    fn goes_on(&mut self, segment: &Segment) {
        self.contribution.open.insert(segment.start_s());
        self.contribution.live.push(LiveCallRow {
            call_id: self.call_id.clone(),
            segment_id: segment.segment_id.clone(),
            agent_id: segment.agent_id.clone(),
            queue: segment.queue.clone(),
            connected_at: segment.connected_at,
            held: segment.is_held(),
        });
    }

    fn marked(&self, segment: &Segment, mark: SegmentMark, business_date: NaiveDate) -> MarkedSegmentRow {
        MarkedSegmentRow {
            mark,
            call_id: self.call_id.clone(),
            segment_id: segment.segment_id.clone(),
            agent_id: segment.agent_id.clone(),
            business_date,
            connected_at: segment.connected_at,
            ended_at: segment.span().map(|(_, end)| instant(end)),
        }
    }

    /// Connected time by day (C-R2): cut at the boundary, or whole on the day of start or end.
    fn connected(&mut self, segment: &Segment, (start, end): Span, source: &Arc<str>) {
        let agent_id = &segment.agent_id;
        let days = self.split((start, end));
        for (date, within) in &days {
            self.piece(agent_id, *date, source).within = Some(*within);
        }
        let counted = match self.config.call_attribution {
            CallAttribution::Split => days,
            CallAttribution::ByStart => vec![(self.date(start), (start, end))],
            CallAttribution::ByEnd => vec![(self.date(end), (start, end))],
        };
        for (date, span) in counted {
            self.piece(agent_id, date, source).counted = Some(span);
        }
        let answered_on = self.date(start);
        self.piece(agent_id, answered_on, source).longest_s = end - start;
    }

    /// What goes with a segment, each on its own days whatever the attribution: holds, after-call
    /// work, consultations.
    fn beside(&mut self, segment: &Segment, source: &Arc<str>) {
        let agent_id = &segment.agent_id;
        for span in segment.held() {
            for (date, (from, to)) in self.split(span) {
                self.piece(agent_id, date, source).hold_s += to - from;
            }
        }
        for span in &segment.wrap_ups {
            for (date, (from, to)) in self.split(*span) {
                self.piece(agent_id, date, source).acw_s += to - from;
            }
        }
        for consult in &segment.consults {
            let Some(span) = consult.span else { continue };
            let theirs = format!("{source}|{}", consult.consult_id).into();
            for (date, (from, to)) in self.split(span) {
                self.piece(agent_id, date, source).consult_s += to - from;
                self.piece(&consult.consultant_id, date, &theirs).consult_s += to - from;
            }
        }
    }

    /// The gap between a blind transfer and the next answer belongs to nobody (C-R3).
    fn unowned(&mut self, segments: &[Segment]) {
        for segment in segments {
            let Some(transfer) = segment
                .transfer
                .as_ref()
                .filter(|t| t.kind == TransferKind::Blind)
            else {
                continue;
            };
            let others = segments
                .iter()
                .filter(|other| other.segment_id != segment.segment_id);
            let Some(next_s) = others.map(Segment::start_s).filter(|s| *s >= transfer.at_s).min() else {
                continue;
            };
            for (date, (from, to)) in self.split((transfer.at_s, next_s)) {
                self.contribution.centre.entry(date).or_default().unowned_s += to - from;
            }
        }
    }

    /// A span cut at the boundaries of business days; a span of no length lies in one day.
    fn split(&self, (start, end): Span) -> Vec<(NaiveDate, Span)> {
        let mut parts = Vec::with_capacity(1);
        let mut from = start;
        loop {
            let date = self.date(from);
            let day_end = self.config.day_end(date).timestamp();
            if end <= day_end || day_end <= from {
                parts.push((date, (from, end)));
                return parts;
            }
            parts.push((date, (from, day_end)));
            from = day_end;
        }
    }

    fn without_nothing(mut self) -> Contribution {
        self.contribution
            .centre
            .retain(|_, count| *count != CentreCount::default());
        for days in self.contribution.days.values_mut() {
            days.values_mut().for_each(Pieces::drop_empty);
            days.retain(|_, pieces| !pieces.is_empty());
        }
        self.contribution
    }
}

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
