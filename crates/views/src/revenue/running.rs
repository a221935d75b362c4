//! Questions whose answer moves with the clock: the last seconds (R-R1), a period up to now, the
//! same elapsed time of an earlier one, and what the period may come to (R-R5).

mod sums;

use chrono::{DateTime, DurationRound, NaiveDate, TimeDelta, Utc};
use plimsoll_contracts::{InvalidParameter, TenantConfig};

use super::{RevenueRows, SECONDS};
use crate::{
    AnswerContext, Params, StoredRow,
    query::{
        Days, Reach,
        elapsed::{Earlier, Elapsed, PERIODS, Period, put_now, take_now},
        take, take_choice, word_of,
    },
};

pub(super) use sums::answer;

/// A question that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Running {
    kind: Kind,
    /// The instant at which it is meant to be asked; none = the asker's clock.
    now: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `(now - w, now]`.
    Sliding { window_s: u32 },
    /// `[start of the period, now)`.
    ToDate(ToDate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ToDate {
    period: Period,
    /// The day in whose period; none = today.
    day: Option<NaiveDate>,
    compare: Option<Earlier>,
    run_rate: Option<RunRate>,
    /// Share of a day that is there by now, given by the asker instead of by past days.
    profile_bp: Option<u16>,
}

/// How the rest of a period is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunRate {
    /// By the time that has gone by.
    Linear,
    /// By time, and by the share that past days had by now.
    Profile,
}

/// The longest sliding window.
const SLIDING_MAX_S: u32 = 48 * 3_600;
/// How far back past days are looked for.
const PROFILE_REACH_D: u16 = 92;
/// A day begins in UTC up to a day earlier or later than by the calendar, and so does its cut.
const SLACK_D: u16 = 2;

const RUN_RATES: &[(&str, RunRate)] = &[
    ("linear", RunRate::Linear),
    ("profile", RunRate::Profile),
    ("true", RunRate::Profile),
];

impl Running {
    /// Takes the parameters that make a question move; `days` are those it was asked for.
    ///
    /// # Errors
    /// [`InvalidParameter`] for what does not go together.
    pub(super) fn take(params: &mut Params, days: Days) -> Result<Option<Self>, InvalidParameter> {
        let now = take_now(params)?;
        let sliding: Option<u32> = take(params, "sliding_s", "a number of seconds")?;
        let to_date = take_choice(params, "to_date", PERIODS)?;
        let compare = Earlier::take(params)?;
        let run_rate = take_choice(params, "run_rate", RUN_RATES)?;
        let profile_bp: Option<u16> = take(params, "profile_bp", "basis points from 1 to 10000")?;
        let is_to_date = to_date.is_some() || compare.is_some() || run_rate.is_some();
        let kind = match sliding {
            Some(window_s) => {
                if !(1..=SLIDING_MAX_S).contains(&window_s) {
                    let detail = format!("is 1 to {SLIDING_MAX_S}");
                    return Err(InvalidParameter::new("sliding_s", detail));
                }
                if is_to_date || days != Days::default() {
                    let detail = "is a window by itself: no days, comparison or run-rate go with it";
                    return Err(InvalidParameter::new("sliding_s", detail));
                }
                Kind::Sliding { window_s }
            }
            None if is_to_date => {
                if days.from != days.to {
                    let detail = "a period up to now goes with one `date`, or with none";
                    return Err(InvalidParameter::new("from", detail));
                }
                Kind::ToDate(ToDate {
                    period: to_date.unwrap_or(Period::Day),
                    day: days.from,
                    compare,
                    run_rate,
                    profile_bp,
                })
            }
            None if now.is_some() => {
                let detail = "goes with `sliding_s`, `to_date`, `compare` or `run_rate`";
                return Err(InvalidParameter::new("now", detail));
            }
            None => return refuse_profile(profile_bp, None).map(|()| None),
        };
        refuse_profile(profile_bp, Some(kind))?;
        Ok(Some(Self { kind, now }))
    }

    /// Adds them to canonical parameters.
    pub(super) fn put(&self, params: &mut Params) {
        put_now(self.now, params);
        let mut put = |name: &str, value: String| params.insert(name.to_owned(), value);
        match self.kind {
            Kind::Sliding { window_s } => {
                put("sliding_s", window_s.to_string());
            }
            Kind::ToDate(to_date) => {
                put("to_date", word_of(PERIODS, to_date.period).to_owned());
                if let Some(run_rate) = to_date.run_rate {
                    put("run_rate", word_of(RUN_RATES, run_rate).to_owned());
                }
                if let Some(profile_bp) = to_date.profile_bp {
                    put("profile_bp", profile_bp.to_string());
                }
                if let Some(compare) = to_date.compare {
                    compare.put(params);
                }
            }
        }
    }

    /// The seconds that can matter when it is asked at an instant.
    pub(super) fn reach(&self, now: DateTime<Utc>) -> Reach {
        let now = self.now.unwrap_or(now);
        let (day, back_d) = match self.kind {
            Kind::Sliding { window_s } => (
                now.date_naive(),
                u16::try_from(window_s / 86_400).unwrap_or(u16::MAX),
            ),
            Kind::ToDate(to_date) => {
                let profile_d = match to_date.run_rate {
                    Some(RunRate::Profile) if to_date.profile_bp.is_none() => PROFILE_REACH_D,
                    _ => 0,
                };
                let earlier_d = to_date.compare.map_or(0, Earlier::reach_d);
                let back_d = (to_date.period.reach_d() + earlier_d).max(profile_d);
                (to_date.day.unwrap_or_else(|| now.date_naive()), back_d)
            }
        };
        let first = day - TimeDelta::days(i64::from(back_d + SLACK_D));
        let last = match self.fixed_day() {
            Some(day) => day.to_string(),
            None => "9999-12-31".to_owned(),
        };
        (SECONDS, Some((first.to_string(), last)))
    }

    fn fixed_day(&self) -> Option<NaiveDate> {
        match self.kind {
            Kind::Sliding { .. } => None,
            Kind::ToDate(to_date) => to_date.day,
        }
    }

    /// Whether the answer hangs on the asker's clock.
    pub(super) const fn moves(&self) -> bool {
        self.now.is_none()
    }

    /// When the answer may change without an event.
    pub(super) fn changes_at(
        &self,
        rows: &[&StoredRow<RevenueRows>],
        context: &AnswerContext<'_>,
    ) -> Option<DateTime<Utc>> {
        let now = self.now.unwrap_or(context.now);
        let mut next: Option<DateTime<Utc>> = None;
        let mut offer = |at: DateTime<Utc>| {
            if at > now {
                next = Some(next.map_or(at, |known| known.min(at)));
            }
        };
        match self.kind {
            Kind::Sliding { window_s } => {
                for at in instants(rows) {
                    offer(at);
                    offer(at + TimeDelta::seconds(i64::from(window_s)));
                }
            }
            Kind::ToDate(to_date) => to_date.offer_changes(rows, context.config, now, &mut offer),
        }
        next
    }
}

impl ToDate {
    fn offer_changes(
        &self,
        rows: &[&StoredRow<RevenueRows>],
        config: &TenantConfig,
        now: DateTime<Utc>,
        offer: &mut impl FnMut(DateTime<Utc>),
    ) {
        let current = Elapsed::of(config, self.period, self.day, now);
        if current.end != now {
            // The day is over, or has not begun: only that can change.
            return offer(config.day_start(current.day));
        }
        offer(config.day_end(current.day));
        if self.run_rate.is_some() {
            // It changes all the time; once in a minute is told.
            let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
            offer(minute + TimeDelta::minutes(1));
        }
        let base = self.compare.map(|earlier| current.earlier(config, earlier));
        for at in instants(rows) {
            // A second counts when it has begun.
            offer(at + TimeDelta::milliseconds(1));
            if let Some(base) = base
                && at >= base.end
            {
                let clock = config.wall_clock(at) + (current.day - base.day);
                offer(config.instant_of(clock) + TimeDelta::milliseconds(1));
            }
        }
    }
}

fn instants<'a>(rows: &'a [&StoredRow<RevenueRows>]) -> impl Iterator<Item = DateTime<Utc>> + 'a {
    rows.iter()
        .filter_map(|stored| match &stored.row {
            RevenueRows::Seconds(row) => Some(row),
            _ => None,
        })
        .flat_map(|row| row.instants().map(|(at, _)| at))
}

/// A share belongs to the run-rate of a day.
fn refuse_profile(profile_bp: Option<u16>, kind: Option<Kind>) -> Result<(), InvalidParameter> {
    if let Some(Kind::ToDate(to_date)) = kind
        && to_date.run_rate == Some(RunRate::Profile)
    {
        if to_date.period != Period::Day {
            let detail = "past days tell of a day; for a week or month there is `linear`";
            return Err(InvalidParameter::new("run_rate", detail));
        }
        if profile_bp.is_some_and(|bp| !(1..=10_000).contains(&bp)) {
            return Err(InvalidParameter::new("profile_bp", "is 1 to 10000"));
        }
        return Ok(());
    }
    if profile_bp.is_some() {
        return Err(InvalidParameter::new(
            "profile_bp",
            "goes with `run_rate=profile`",
        ));
    }
    Ok(())
}
