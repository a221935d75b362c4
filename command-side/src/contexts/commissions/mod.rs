//! Commission plans: rates, override rules, schedules, periods, adjustments. What they pay is the
//! view's business (M-R1).

mod adjustment;
mod closings;
mod commands;
mod facts;
mod period;
mod plan_commands;
mod rate;
mod rate_commands;
mod schedules;
#[cfg(test)]
mod tests;

pub(crate) use adjustment::Adjustment;
pub(crate) use closings::Closings;
pub(crate) use period::Period;
pub(crate) use rate::Rate;
pub(crate) use schedules::{BonusSchedule, ClawbackSchedule, OverrideRule};
