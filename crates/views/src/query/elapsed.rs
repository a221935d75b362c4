//! Periods up to now, and the same elapsed wall time of an earlier one (R-R5).

use chrono::{DateTime, Datelike, Days as CalendarDays, Months, NaiveDate, TimeDelta, Utc};
use plimsoll_contracts::{InvalidParameter, TenantConfig, time};

use super::{Params, take, take_choice};

/// A tumbling period, by the business calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A business day.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A month.
    Month,
}

/// How much earlier the period is that another is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// Days.
    Days(u16),
    /// A month; a day that does not exist in it becomes its last.
    Month,
}

/// Most days between the two.
const EARLIER_MAX_D: u16 = 92;
/// The most that a month can be away.
const MONTH_MAX_D: u16 = 31;

/// What a period is called.
pub const PERIODS: &[(&str, Period)] = &[
    ("day", Period::Day),
    ("week", Period::Week),
    ("month", Period::Month),
];
const EARLIER: &[(&str, Earlier)] = &[
    ("previous_day", Earlier::Days(1)),
    ("same_weekday_last_week", Earlier::Days(7)),
    ("previous_month", Earlier::Month),
];

impl Earlier {
    /// Takes `compare`: a name, or a number of days.
    ///
    /// # Errors
    /// [`InvalidParameter`] naming what there is.
    pub fn take(params: &mut Params) -> Result<Option<Self>, InvalidParameter> {
        let days = params.get("compare").and_then(|text| text.parse::<u16>().ok());
        let Some(days) = days else {
            return take_choice(params, "compare", EARLIER);
        };
        params.remove("compare");
        if !(1..=EARLIER_MAX_D).contains(&days) {
            let detail = format!("goes 1 to {EARLIER_MAX_D} days back");
            return Err(InvalidParameter::new("compare", detail));
        }
        Ok(Some(Self::Days(days)))
    }

    /// Adds it to canonical parameters.
    pub fn put(self, params: &mut Params) {
        let name = EARLIER.iter().find(|(_, known)| *known == self);
        let text = match (name, self) {
            (Some((name, _)), _) => (*name).to_owned(),
            (None, Self::Days(days)) => days.to_string(),
            (None, Self::Month) => return,
        };
        params.insert("compare".to_owned(), text);
    }

    /// The most days that it can lie back.
    #[must_use]
    pub const fn reach_d(self) -> u16 {
        match self {
            Self::Days(days) => days,
            Self::Month => MONTH_MAX_D,
        }
    }

    fn of(self, day: NaiveDate) -> NaiveDate {
        let earlier = match self {
            Self::Days(days) => day.checked_sub_days(CalendarDays::new(u64::from(days))),
            Self::Month => day.checked_sub_months(Months::new(1)),
        };
        earlier.unwrap_or(NaiveDate::MIN)
    }
}

impl Period {
    /// The most days that lie in one before its last.
    #[must_use]
    pub const fn reach_d(self) -> u16 {
        match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => 30,
        }
    }

    fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday())),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    fn after(self, first: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => first + TimeDelta::days(1),
            Self::Week => first + TimeDelta::days(7),
            Self::Month => first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX),
        }
    }
}

/// The part `[start, end)` of a period that has gone by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// Where it has come to.
    pub end: DateTime<Utc>,
    /// The business day in which the end lies.
    pub day: NaiveDate,
    first: NaiveDate,
    period: Period,
    /// Wall clock of the end, since midnight of the day; more than 24 hours behind a late cut.
    wall: TimeDelta,
}

impl Elapsed {
    /// Of the period in which `now` lies; of a `day`'s period up to its end where the day is over,
    /// and not at all where it has not begun.
    #[must_use]
    pub fn of(config: &TenantConfig, period: Period, day: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let today = config.business_date(now);
        let day = day.unwrap_or(today);
        let end = match day.cmp(&today) {
            std::cmp::Ordering::Less => config.day_end(day),
            std::cmp::Ordering::Equal => now,
            std::cmp::Ordering::Greater => config.day_start(day),
        };
        let wall = if day < today {
            // By the clock a business day has 24 hours, whatever daylight saving does.
            config.cut - chrono::NaiveTime::MIN + TimeDelta::days(1)
        } else {
            config.wall_clock(end) - day.and_time(chrono::NaiveTime::MIN)
        };
        let first = period.first(day);
        Self {
            start: config.day_start(first),
            end,
            day,
            first,
            period,
            wall,
        }
    }

    /// The same elapsed wall time of the period before.
    #[must_use]
    pub fn earlier(&self, config: &TenantConfig, earlier: Earlier) -> Self {
        let day = earlier.of(self.day);
        let first = match (earlier, self.period) {
            (Earlier::Month, Period::Month) => self.period.first(day),
            _ => day - (self.day - self.first),
        };
        Self {
            start: config.day_start(first),
            end: self.same_clock(config, day),
            day,
            first,
            ..*self
        }
    }

    /// When another day's wall clock shows what it shows at the end.
    #[must_use]
    pub fn same_clock(&self, config: &TenantConfig, day: NaiveDate) -> DateTime<Utc> {
        config.instant_of(day.and_time(chrono::NaiveTime::MIN) + self.wall)
    }

    /// Whether an instant has gone by within the period.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }

    /// Length of the whole period and of what has gone by, in milliseconds.
    #[must_use]
    pub fn lengths_ms(&self, config: &TenantConfig) -> (i64, i64) {
        let whole = config.day_start(self.period.after(self.first)) - self.start;
        let gone = self.end - self.start;
        (whole.num_milliseconds(), gone.num_milliseconds())
    }
}

/// Takes `now`: the instant at which the question is meant to be asked.
///
/// # Errors
/// [`InvalidParameter`] for what is no instant.
pub fn take_now(params: &mut Params) -> Result<Option<DateTime<Utc>>, InvalidParameter> {
    struct Instant(DateTime<Utc>);
    impl std::str::FromStr for Instant {
        type Err = ();

        fn from_str(text: &str) -> Result<Self, ()> {
            time::parse(text).map(Self).map_err(|_| ())
        }
    }
    let now: Option<Instant> = take(params, "now", "an instant such as 2026-03-01T09:30:00Z")?;
    Ok(now.map(|now| now.0))
}

/// Adds `now` to canonical parameters.
pub fn put_now(now: Option<DateTime<Utc>>, params: &mut Params) {
    if let Some(now) = now {
        params.insert("now".to_owned(), time::format(now));
    }
}

/// The change in basis points, toward zero; null where the base is nothing or less (R-R5).
#[must_use]
pub fn change_bp(current: i64, base: i64) -> Option<i64> {
    if base <= 0 {
        return None;
    }
    let change = (i128::from(current) - i128::from(base)) * 10_000 / i128::from(base);
    i64::try_from(change).ok()
}

/// `value` x `whole` / `part`, toward zero; none over nothing.
#[must_use]
pub fn scaled(value: i64, whole: i64, part: i64) -> Option<i64> {
    if part <= 0 {
        return None;
    }
    i64::try_from(i128::from(value) * i128::from(whole) / i128::from(part)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(zone: &str, cut: &str) -> TenantConfig {
        let change = serde_json::from_value(serde_json::json!({"zone": zone, "cut": cut})).unwrap();
        TenantConfig::default().changed(&change).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn earlier(
        config: &TenantConfig,
        period: Period,
        now: &str,
        by: Earlier,
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let earlier = Elapsed::of(config, period, None, at(now)).earlier(config, by);
        (earlier.start, earlier.end)
    }

    #[test]
    fn r_r5_the_same_wall_clock_whatever_daylight_saving_does() {
        let new_york = config("America/New_York", "00:00");
        let noon_after_the_jump = "2026-03-08T16:00:00Z";
        assert_eq!(
            earlier(&new_york, Period::Day, noon_after_the_jump, Earlier::Days(1)),
            (at("2026-03-07T05:00:00Z"), at("2026-03-07T17:00:00Z"))
        );
    }

    #[test]
    fn r_r5_behind_the_cut_the_night_belongs_to_the_day_before() {
        let seoul = config("Asia/Seoul", "05:00");
        // Two in the morning of the 11th is still the 10th.
        assert_eq!(
            earlier(&seoul, Period::Day, "2026-03-10T17:00:00Z", Earlier::Days(7)),
            (at("2026-03-02T20:00:00Z"), at("2026-03-03T17:00:00Z"))
        );
    }

    #[test]
    fn r_r5_a_day_that_a_month_does_not_have_becomes_its_last() {
        let seoul = config("Asia/Seoul", "00:00");
        assert_eq!(
            earlier(&seoul, Period::Month, "2026-03-31T01:00:00Z", Earlier::Month),
            (at("2026-01-31T15:00:00Z"), at("2026-02-28T01:00:00Z"))
        );
    }

    #[test]
    fn r_r5_a_day_that_is_over_is_held_against_a_whole_day() {
        let new_york = config("America/New_York", "00:00");
        let day = "2026-03-08".parse().unwrap();
        let whole = Elapsed::of(&new_york, Period::Day, Some(day), at("2026-05-01T00:00:00Z"));
        assert_eq!((whole.end - whole.start).num_hours(), 23);
        let before = whole.earlier(&new_york, Earlier::Days(1));
        assert_eq!(before.end, whole.start);
        assert_eq!((before.end - before.start).num_hours(), 24);
    }

    #[test]
    fn r_r5_no_percentage_without_a_base() {
        assert_eq!(change_bp(110_000, 88_000), Some(2_500));
        assert_eq!(change_bp(2, 3), Some(-3_333));
        assert_eq!((change_bp(5, 0), change_bp(5, -1)), (None, None));
    }
}
