//! What one may ask of override rules and of clawback and bonus schedules: the next version.

use chrono::NaiveDate;
use plimsoll_contracts::{
    Currency, Id, Label, Month, SignedAmount,
    events::{BonusMode, OverrideKind},
};

use crate::domain::{body, commands};

commands! {
    /// What one may ask of an override rule (M-R3).
    OverrideCommand in "commissions" by (rule_id) {
        /// Publishes an override rule, or its next version.
        PublishOverrideRule {
            /// The rule.
            rule_id: Id,
            /// One more than the last; may be left out.
            version: Option<u16>,
            /// Level of the unit managed.
            level: Label,
            /// How it is computed.
            kind: OverrideKind,
            /// For percent: basis points of the payee's line.
            rate_bp: Option<u32>,
            /// For differential and flat: 1e-6 of P.
            rate_ppm: Option<SignedAmount>,
            /// First contract date.
            effective_from: NaiveDate,
        }
    }
}

body! {
    /// Up to so many paid instalments, this share comes back.
    PaidTo {
        /// Paid instalments, at most; ascending.
        paid_to: u16,
        /// Share, basis points.
        rate_bp: u32,
    }
}

commands! {
    /// What one may ask of a clawback schedule (M-R5).
    ClawbackCommand in "commissions" by (schedule_id) {
        /// Publishes a clawback schedule, or its next version.
        PublishClawbackSchedule {
            /// The schedule.
            schedule_id: Id,
            /// One more than the last; may be left out.
            version: Option<u16>,
            /// Ascending; beyond the last nothing comes back.
            steps: Vec<PaidTo>,
            /// First contract date.
            effective_from: NaiveDate,
        }
    }
}

body! {
    /// A band of production.
    Band {
        /// Production from here on; the first from 0, ascending.
        from_minor: SignedAmount,
        /// Rate, basis points.
        rate_bp: u32,
    }
}

commands! {
    /// What one may ask of a bonus schedule (M-R7).
    BonusCommand in "commissions" by (schedule_id) {
        /// Publishes a bonus schedule, or its next version.
        PublishBonusSchedule {
            /// The schedule.
            schedule_id: Id,
            /// One more than the last; may be left out.
            version: Option<u16>,
            /// The whole at the rate of the band reached, or each part at its own.
            mode: BonusMode,
            /// Currency.
            currency: Currency,
            /// Ascending from 0.
            bands: Vec<Band>,
            /// First month.
            effective_from: Month,
        }
    }
}
