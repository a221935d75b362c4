//! An agent's day as the pieces that segments contribute to it; the row is computed from them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{Id, rows::AgentDayRow};
use serde::{Deserialize, Serialize};

/// Pieces of an agent's day, sorted by where they come from. Cloned at every change of the day:
/// texts are shared and the rest is flat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pieces(Vec<(Arc<str>, Piece)>);

/// What one segment, consultation or transfer contributes to an agent's day. Seconds and counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    /// The connected span that counts on this day (C-R2), seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) counted: Option<(i64, i64)>,
    /// The connected span that lies within this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) within: Option<(i64, i64)>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) hold_s: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) consult_s: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) acw_s: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) longest_s: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) handled: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) transfers_in: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) transfers_out: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) estimated: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) unresolved: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) quarantined: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) open: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_zero(value: &i64) -> bool {
    *value == 0
}

impl Pieces {
    /// The piece of a source, made when there is none.
    pub(super) fn at(&mut self, source: &Arc<str>) -> &mut Piece {
        let index = match self.find(source) {
            Ok(index) => index,
            Err(index) => {
                self.0.insert(index, (Arc::clone(source), Piece::default()));
                index
            }
        };
        &mut self.0[index].1
    }

    /// The piece of a source.
    pub(super) fn of(&self, source: &str) -> Option<&Piece> {
        let index = self.find(source).ok()?;
        self.0.get(index).map(|(_, piece)| piece)
    }

    /// Puts the pieces that a call has now in the place of those it had.
    pub(super) fn replace(&mut self, was: Option<&Self>, now: Option<&Self>) {
        for (source, _) in was.into_iter().flat_map(|pieces| &pieces.0) {
            if let Ok(index) = self.find(source) {
                self.0.remove(index);
            }
        }
        for (source, piece) in now.into_iter().flat_map(|pieces| &pieces.0) {
            *self.at(source) = piece.clone();
        }
    }

    fn find(&self, source: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(source))
    }

    /// Drops pieces that say nothing.
    pub(super) fn drop_empty(&mut self) {
        self.0.retain(|(_, piece)| *piece != Piece::default());
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row of the day.
    pub(super) fn row(&self, agent_id: &Id, business_date: NaiveDate) -> AgentDayRow {
        let pieces = || self.0.iter().map(|(_, piece)| piece);
        let sum = |of: fn(&Piece) -> i64| pieces().map(of).sum::<i64>();
        let call_s = sum(|p| p.counted.map_or(0, |(from, to)| to - from));
        let (hold_s, acw_s) = (sum(|p| p.hold_s), sum(|p| p.acw_s));
        let within = || pieces().filter_map(|piece| piece.within);
        AgentDayRow {
            agent_id: agent_id.clone(),
            business_date,
            call_s,
            talk_s: call_s - hold_s,
            hold_s,
            consult_s: sum(|p| p.consult_s),
            acw_s,
            handle_s: call_s + acw_s,
            busy_s: self.union_s(),
            handled: sum(|p| p.handled),
            transfers_in: sum(|p| p.transfers_in),
            transfers_out: sum(|p| p.transfers_out),
            longest_s: pieces().map(|piece| piece.longest_s).max().unwrap_or(0),
            estimated: sum(|p| p.estimated),
            unresolved: sum(|p| p.unresolved),
            quarantined: sum(|p| p.quarantined),
            open: sum(|p| p.open),
            first_at: within().map(|(from, _)| from).min().and_then(instant),
            last_at: within().map(|(_, to)| to).max().and_then(instant),
        }
    }

    /// Seconds in which the agent was on at least one call (C-R5).
    fn union_s(&self) -> i64 {
        let mut spans: Vec<(i64, i64)> = self.0.iter().filter_map(|(_, piece)| piece.counted).collect();
        spans.sort_unstable();
        let (mut total, mut covered_to) = (0, i64::MIN);
        for (from, to) in spans {
            total += (to - from.max(covered_to)).max(0);
            covered_to = covered_to.max(to);
        }
        total
    }
}

fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_r5_totals_add_and_busy_is_the_union() {
        let piece = |span| Piece {
            counted: Some(span),
            ..Piece::default()
        };
        let pieces = [(0, 600), (480, 900), (500, 510), (2_000, 2_001)];
        let day = Pieces(
            (0..)
                .zip(pieces)
                .map(|(i, span)| (i.to_string().into(), piece(span)))
                .collect(),
        );
        let row = day.row(&"A2".parse().unwrap(), NaiveDate::default());
        assert_eq!((row.call_s, row.busy_s), (1_031, 901));
    }
}
