//! What one may ask of a rate document.

use chrono::NaiveDate;
use plimsoll_contracts::{
    Id, Label, SignedAmount,
    events::{Payout, RateBasis, RateComponent, RateMode},
};

use crate::domain::{body, commands};

body! {
    /// Instalments from, from + every, … up to `to`.
    Step {
        /// First instalment; at least 1.
        from: u16,
        /// Last instalment at most; not before `from`.
        to: u16,
        /// Distance; at least 1.
        every: u16,
        /// Rate, 1e-6 of the basis.
        rate_ppm: SignedAmount,
        /// The rate on each, or the whole amount spread over them.
        mode: RateMode,
    }
}

commands! {
    /// What one may ask of a rate document (M-R2).
    RateCommand in "commissions" by (rate_id) {
        /// Publishes a rate document.
        PublishRate {
            /// The document.
            rate_id: Id,
            /// 1; may be left out.
            version: Option<u16>,
            /// Only this product; left out = any.
            product_id: Option<Id>,
            /// Only this plan.
            plan: Option<Label>,
            /// Only this channel.
            channel: Option<Label>,
            /// Only this grade of the primary planner.
            grade: Option<Label>,
            /// Only this term.
            term_years: Option<u16>,
            /// What it pays.
            component: RateComponent,
            /// Of what.
            basis: RateBasis,
            /// When and how much.
            schedule: Vec<Step>,
            /// As earned, or in advance.
            payout: Payout,
            /// Share paid in advance, basis points; with payout `advance` only.
            advance_bp: Option<u32>,
            /// First contract date.
            effective_from: NaiveDate,
            /// First contract date no longer governed.
            effective_to: Option<NaiveDate>,
        }
        /// Publishes the next version of a rate document; needs a reason and an approver.
        CorrectRate {
            /// The document.
            rate_id: Id,
            /// One more than the last; may be left out.
            version: Option<u16>,
            /// Only this product; left out = any.
            product_id: Option<Id>,
            /// Only this plan.
            plan: Option<Label>,
            /// Only this channel.
            channel: Option<Label>,
            /// Only this grade of the primary planner.
            grade: Option<Label>,
            /// Only this term.
            term_years: Option<u16>,
            /// What it pays.
            component: RateComponent,
            /// Of what.
            basis: RateBasis,
            /// When and how much.
            schedule: Vec<Step>,
            /// As earned, or in advance.
            payout: Payout,
            /// Share paid in advance, basis points; with payout `advance` only.
            advance_bp: Option<u32>,
            /// First contract date.
            effective_from: NaiveDate,
            /// First contract date no longer governed.
            effective_to: Option<NaiveDate>,
            /// Why.
            reason: Option<String>,
            /// Who approved; not the actor.
            approved_by: Option<Id>,
        }
    }
}
