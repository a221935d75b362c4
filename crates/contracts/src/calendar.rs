//! The business calendar (G1): which business date and wall hour an instant belongs to, and when
//! a business day begins, whatever daylight saving does.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};

use crate::TenantConfig;

impl TenantConfig {
    /// The business date of an instant: `date(wall clock - cut)`.
    #[must_use]
    pub fn business_date(&self, at: DateTime<Utc>) -> NaiveDate {
        let wall = at.with_timezone(&self.zone).naive_local();
        (wall - (self.cut - chrono::NaiveTime::MIN)).date()
    }

    /// The wall-clock hour 0–23 of an instant, not shifted by the cut.
    #[must_use]
    pub fn wall_hour(&self, at: DateTime<Utc>) -> u32 {
        at.with_timezone(&self.zone).hour()
    }

    /// The wall clock of an instant in the tenant's zone.
    #[must_use]
    pub fn wall_clock(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    /// The first instant whose wall clock shows `date` + cut, or later where a jump skips it.
    #[must_use]
    pub fn day_start(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date.and_time(self.cut))
    }

    /// The first instant after a business day: the start of the next.
    #[must_use]
    pub fn day_end(&self, date: NaiveDate) -> DateTime<Utc> {
        date.succ_opt()
            .map_or(DateTime::<Utc>::MAX_UTC, |next| self.day_start(next))
    }

    /// When the figures of a business day become final, by the watermark (G5).
    #[must_use]
    pub fn final_after(&self, date: NaiveDate) -> DateTime<Utc> {
        self.day_end(date)
            .checked_add_signed(Duration::hours(i64::from(self.allowed_lateness_h)))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The first instant at which the wall clock shows `wall`; inside a skipped hour, the instant
    /// at which the clock jumps.
    #[must_use]
    pub fn instant_of(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        if let Some(first) = self.zone.from_local_datetime(&wall).earliest() {
            return first.with_timezone(&Utc);
        }
        // The wall time does not exist: zones jump by minutes, so walk to the first that does.
        (1..=24 * 60)
            .find_map(|minutes| {
                self.zone
                    .from_local_datetime(&(wall + Duration::minutes(minutes)))
                    .earliest()
            })
            .map_or_else(|| wall.and_utc(), |at| at.with_timezone(&Utc))
    }
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

    #[test]
    fn g1_the_cut_moves_the_date_and_not_the_hour() {
        let seoul = config("Asia/Seoul", "05:00");
        assert_eq!(
            seoul.business_date(at("2026-03-01T19:30:00Z")).to_string(),
            "2026-03-01"
        );
        assert_eq!(seoul.wall_hour(at("2026-03-01T19:30:00Z")), 4);
        assert_eq!(
            seoul.business_date(at("2026-03-01T20:00:00Z")).to_string(),
            "2026-03-02"
        );
    }

    #[test]
    fn g1_days_have_23_24_or_25_hours() {
        let new_york = config("America/New_York", "00:00");
        let hours = |date: &str| {
            let date = date.parse().unwrap();
            (new_york.day_end(date) - new_york.day_start(date)).num_hours()
        };
        assert_eq!(
            (hours("2026-03-08"), hours("2026-03-09"), hours("2026-11-01")),
            (23, 24, 25)
        );
    }

    #[test]
    fn g1_a_cut_inside_a_skipped_hour_begins_at_the_jump() {
        let new_york = config("America/New_York", "02:30");
        assert_eq!(
            new_york.day_start("2026-03-08".parse().unwrap()),
            at("2026-03-08T07:00:00Z")
        );
    }
}
