//! What one may ask of periods and adjustments.

use plimsoll_contracts::{Currency, Id, Month, SignedAmount, events::AdjustmentComponent};

use crate::domain::commands;

commands! {
    /// What one may ask of a commission period.
    PeriodCommand in "commissions" by (period) {
        /// Opens a month.
        OpenPeriod {
            /// The month.
            period: Month,
        }
        /// Freezes a month (M-R1), in order and with nothing parked unless forced.
        ClosePeriod {
            /// The month.
            period: Month,
            /// Close although events are parked; false when left out.
            forced: Option<bool>,
            /// Why.
            reason: Option<String>,
        }
    }
}

commands! {
    /// What one may ask of an adjustment.
    AdjustmentCommand in "commissions" by (adjustment_id) {
        /// Posts a line by hand; needs a reason and an approver.
        AdjustCommission {
            /// The adjustment.
            adjustment_id: Id,
            /// For whom.
            planner_id: Id,
            /// About which policy.
            policy_id: Option<Id>,
            /// What it counts as.
            component: AdjustmentComponent,
            /// Signed amount, not 0.
            amount_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// Why.
            reason: Option<String>,
            /// Who approved; not the actor.
            approved_by: Option<Id>,
        }
    }
}
