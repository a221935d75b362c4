//! Terms counted from a day: the free look and the time for reinstatement. Both are configuration.

use chrono::{Days, Months, NaiveDate};

/// Whether `day` is at most `days` after `start`.
pub(super) fn within_days(start: NaiveDate, days: u32, day: NaiveDate) -> bool {
    start
        .checked_add_days(Days::new(days.into()))
        .is_none_or(|last| day <= last)
}

/// Whether `day` is at most `months` calendar months after `start`.
pub(super) fn within_months(start: NaiveDate, months: u32, day: NaiveDate) -> bool {
    start
        .checked_add_months(Months::new(months))
        .is_none_or(|last| day <= last)
}
