//! The sums behind an answer that moves, per group.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use plimsoll_contracts::rows::RevenueMeasures;
use serde_json::{Map, Value};

use super::{Kind, PROFILE_REACH_D, RunRate, Running, ToDate};
use crate::{
    Answer, AnswerContext, StoredRow,
    query::{
        Stamp, columns,
        elapsed::{Elapsed, change_bp, scaled},
    },
    revenue::{
        RevenueRows,
        answer::{Part, key_and_columns},
        query::Dimension,
        row::add,
        seconds::SecondsRow,
    },
};

/// One row per combination of the dimensions; `net` is the net that is compared.
pub(in crate::revenue) fn answer(
    running: &Running,
    rows: &[&StoredRow<RevenueRows>],
    dimensions: &BTreeSet<Dimension>,
    net: fn(&RevenueMeasures) -> i64,
    context: &AnswerContext<'_>,
) -> Answer {
    let spans = Spans::of(running, rows, context);
    let mut groups: BTreeMap<Vec<Part<'_>>, (Sums, Stamp)> = BTreeMap::new();
    for stored in rows {
        let RevenueRows::Seconds(row) = &stored.row else {
            continue;
        };
        let sums = spans.sums(row, net);
        if !sums.counts && !sums.is_past {
            continue;
        }
        let key = dimensions.iter().filter_map(|d| d.part(&stored.row)).collect();
        let (sum, stamp) = groups.entry(key).or_default();
        sum.add(&sums);
        if sums.counts {
            stamp.take_in(stored, context);
        }
    }
    groups.retain(|_, (sums, _)| sums.counts);
    let rows = groups.into_iter().map(|(key, (sums, stamp))| {
        let (key, mut shown) = key_and_columns(dimensions, &key);
        shown.extend(columns(&sums.current));
        shown.extend(spans.columns(&sums, net));
        stamp.row(key, shown)
    });
    Answer { rows: rows.collect() }
}

/// What a group comes to.
#[derive(Debug, Default)]
struct Sums {
    /// Whether anything of it is in the period or in the one it is held against.
    counts: bool,
    current: RevenueMeasures,
    base_minor: i64,
    /// Whether anything of it is in a past day.
    is_past: bool,
    /// Of the past days: what they had by now, and at their end.
    by_now_minor: i64,
    whole_minor: i64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.counts |= other.counts;
        add(&mut self.current, &other.current, 1);
        self.base_minor = self.base_minor.saturating_add(other.base_minor);
        self.by_now_minor = self.by_now_minor.saturating_add(other.by_now_minor);
        self.whole_minor = self.whole_minor.saturating_add(other.whole_minor);
    }
}

/// The spans of time that a question is about.
enum Spans {
    /// `(from, to]`.
    Sliding { from: DateTime<Utc>, to: DateTime<Utc> },
    ToDate {
        asked: ToDate,
        current: Elapsed,
        base: Option<Elapsed>,
        /// The past days of the profile with the instants that are like now; none = too few.
        past: Option<BTreeMap<NaiveDate, DateTime<Utc>>>,
        /// Length of the period and of what has gone by, in milliseconds.
        lengths_ms: (i64, i64),
    },
}

impl Spans {
    fn of(running: &Running, rows: &[&StoredRow<RevenueRows>], context: &AnswerContext<'_>) -> Self {
        let now = running.now.unwrap_or(context.now);
        match running.kind {
            Kind::Sliding { window_s } => Self::Sliding {
                from: now - TimeDelta::seconds(i64::from(window_s)),
                to: now,
            },
            Kind::ToDate(asked) => {
                let current = Elapsed::of(context.config, asked.period, asked.day, now);
                let looks_back = asked.run_rate == Some(RunRate::Profile) && asked.profile_bp.is_none();
                Self::ToDate {
                    asked,
                    current,
                    base: asked
                        .compare
                        .map(|earlier| current.earlier(context.config, earlier)),
                    past: looks_back.then(|| past_days(&current, rows, context)).flatten(),
                    lengths_ms: current.lengths_ms(context.config),
                }
            }
        }
    }

    fn sums(&self, row: &SecondsRow, net: fn(&RevenueMeasures) -> i64) -> Sums {
        let mut sums = Sums::default();
        for (at, measures) in row.instants() {
            match self {
                Self::Sliding { from, to } => {
                    if *from < at && at <= *to {
                        sums.counts = true;
                        add(&mut sums.current, measures, 1);
                    }
                }
                Self::ToDate {
                    current, base, past, ..
                } => {
                    if current.contains(at) {
                        sums.counts = true;
                        add(&mut sums.current, measures, 1);
                    }
                    if base.is_some_and(|base| base.contains(at)) {
                        sums.counts = true;
                        sums.base_minor = sums.base_minor.saturating_add(net(measures));
                    }
                    let like_now = past.as_ref().and_then(|days| days.get(&row.business_date));
                    if let Some(like_now) = like_now {
                        sums.is_past = true;
                        sums.whole_minor = sums.whole_minor.saturating_add(net(measures));
                        if at < *like_now {
                            sums.by_now_minor = sums.by_now_minor.saturating_add(net(measures));
                        }
                    }
                }
            }
        }
        sums
    }

    /// The columns beside the measures.
    fn columns(&self, sums: &Sums, net: fn(&RevenueMeasures) -> i64) -> Map<String, Value> {
        let mut columns = Map::new();
        let Self::ToDate {
            asked,
            past,
            lengths_ms,
            ..
        } = self
        else {
            return columns;
        };
        let current_minor = net(&sums.current);
        let mut put = |name: &str, value: Option<i64>| columns.insert(name.to_owned(), value.into());
        put("current_minor", Some(current_minor));
        if asked.compare.is_some() {
            put("base_minor", Some(sums.base_minor));
            put("change_bp", change_bp(current_minor, sums.base_minor));
        }
        if let Some(run_rate) = asked.run_rate {
            let (whole_ms, gone_ms) = *lengths_ms;
            put("linear_minor", scaled(current_minor, whole_ms, gone_ms));
            if run_rate == RunRate::Profile {
                let known = past
                    .as_ref()
                    .and_then(|_| scaled(sums.by_now_minor, 10_000, sums.whole_minor));
                let share_bp = asked.profile_bp.map(i64::from).or(known);
                put("profile_bp", share_bp);
                put(
                    "profile_minor",
                    share_bp.and_then(|share_bp| scaled(current_minor, 10_000, share_bp)),
                );
            }
        }
        columns
    }
}

/// The last `profile_days` days before the current one on which anything was posted.
fn past_days(
    current: &Elapsed,
    rows: &[&StoredRow<RevenueRows>],
    context: &AnswerContext<'_>,
) -> Option<BTreeMap<NaiveDate, DateTime<Utc>>> {
    let first = current.day - TimeDelta::days(i64::from(PROFILE_REACH_D));
    let days: BTreeSet<NaiveDate> = rows
        .iter()
        .map(|stored| stored.row.business_date())
        .filter(|day| (first..current.day).contains(day))
        .collect();
    let wanted = usize::try_from(context.config.profile_days).unwrap_or(usize::MAX);
    (days.len() >= wanted).then(|| {
        days.into_iter()
            .rev()
            .take(wanted)
            .map(|day| (day, current.same_clock(context.config, day)))
            .collect()
    })
}
