//! What one may ask of a policy.

use chrono::NaiveDate;
use plimsoll_contracts::{
    Currency, Id, Label, SignedAmount,
    events::{PremiumMode, VoidReason},
};

use crate::domain::{body, commands};

body! {
    /// A planner's share of a policy.
    Share {
        /// The planner.
        planner_id: Id,
        /// Share in basis points; the shares sum to 10,000.
        share_bp: u32,
    }
}

commands! {
    /// What one may ask of a policy.
    PolicyCommand in "policies" by (policy_id) {
        /// Issues a policy.
        IssuePolicy {
            /// The policy.
            policy_id: Id,
            /// Insurance product.
            product_id: Id,
            /// Plan.
            plan: Option<Label>,
            /// Sales channel.
            channel: Option<Label>,
            /// Term.
            term_years: Option<u16>,
            /// Contract date on the local business calendar.
            contract_date: NaiveDate,
            /// Currency.
            currency: Currency,
            /// P: the monthly premium; above 0.
            monthly_premium_minor: SignedAmount,
            /// Yearly premium.
            annual_premium_minor: SignedAmount,
            /// Acquisition cost.
            acquisition_cost_minor: Option<SignedAmount>,
            /// How often premiums are due.
            premium_mode: PremiumMode,
            /// Who sold it, primary first; active on the contract date.
            planners: Vec<Share>,
        }
        /// Takes the next premium.
        PayPremium {
            /// The policy.
            policy_id: Id,
            /// First monthly instalment covered: the next one.
            instalment_no: u16,
            /// Monthly instalments covered; 1 for monthly.
            instalments: u16,
            /// How much; above 0.
            amount_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// When it was due.
            due_on: NaiveDate,
        }
        /// Says that the last premium has bounced.
        ReversePremium {
            /// The policy.
            policy_id: Id,
            /// The last paid premium.
            instalment_no: u16,
            /// Why.
            reason: String,
        }
        /// Withdraws from a policy inside the free-look term.
        CancelFreeLook {
            /// The policy.
            policy_id: Id,
        }
        /// Declares that a policy never was.
        VoidPolicy {
            /// The policy.
            policy_id: Id,
            /// Why.
            reason: VoidReason,
        }
        /// Says that premiums have stopped.
        LapsePolicy {
            /// The policy.
            policy_id: Id,
            /// Why.
            reason: String,
        }
        /// Gives a policy up.
        SurrenderPolicy {
            /// The policy.
            policy_id: Id,
            /// What is paid out.
            surrender_value_minor: SignedAmount,
            /// Currency.
            currency: Currency,
        }
        /// Brings a lapsed policy back.
        ReinstatePolicy {
            /// The policy.
            policy_id: Id,
        }
        /// Says that the term is over.
        MaturePolicy {
            /// The policy.
            policy_id: Id,
        }
        /// Pays out because the insured has died.
        PayDeathClaim {
            /// The policy.
            policy_id: Id,
            /// What is paid out.
            amount_minor: SignedAmount,
            /// Currency.
            currency: Currency,
        }
        /// Has another planner look after a policy.
        ReassignServicingPlanner {
            /// The policy.
            policy_id: Id,
            /// Who does from now on; active on the first day.
            planner_id: Id,
            /// First day.
            effective_from: NaiveDate,
        }
    }
}
