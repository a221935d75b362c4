//! What one may ask of a payment, a settlement batch, an exchange rate.

use chrono::NaiveDate;
use plimsoll_contracts::{Currency, Id, Label, SignedAmount, events::PaymentMethod};

use crate::domain::{Time, body, commands};

commands! {
    /// What one may ask of a payment.
    PaymentCommand in "payments" by (payment_id) {
        /// Asks for a payment; not revenue (R-R6).
        RequestPayment {
            /// The payment.
            payment_id: Id,
            /// For which order.
            order_id: Id,
            /// How much; above 0.
            amount_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// How.
            method: PaymentMethod,
            /// Sales channel.
            channel: Label,
            /// Region.
            region: Label,
        }
        /// Says that the payer's bank has agreed; not revenue.
        AuthorisePayment {
            /// The payment.
            payment_id: Id,
            /// The authorisation.
            authorisation_id: Id,
            /// How much; above 0.
            amount_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// Until when it can be captured.
            expires_at: Time,
        }
        /// Says that the payer's bank has refused.
        DeclinePayment {
            /// The payment.
            payment_id: Id,
            /// Which attempt.
            attempt: u16,
            /// The gateway's code.
            code: Label,
            /// In words.
            reason: String,
        }
        /// Captures money; it counts from now on.
        CapturePayment {
            /// The payment.
            payment_id: Id,
            /// For which order.
            order_id: Id,
            /// Key for repeats: the same capture again changes nothing.
            capture_id: Id,
            /// Gross; above 0.
            amount_minor: SignedAmount,
            /// Tax inside it.
            tax_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// How.
            method: PaymentMethod,
            /// Sales channel.
            channel: Label,
            /// Region.
            region: Label,
        }
        /// Says that a capture has failed.
        FailCapture {
            /// The payment.
            payment_id: Id,
            /// The gateway's code.
            code: Label,
            /// In words.
            reason: String,
        }
        /// Gives up what is authorised and not captured.
        VoidPayment {
            /// The payment.
            payment_id: Id,
        }
        /// Sends money back; it posts now (R-R2).
        RefundPayment {
            /// The payment.
            payment_id: Id,
            /// Key for repeats: the same refund again changes nothing.
            refund_id: Id,
            /// Of which capture.
            capture_id: Id,
            /// Gross; above 0.
            amount_minor: SignedAmount,
            /// Tax inside it.
            tax_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// Why.
            reason: Option<String>,
        }
        /// Says that a refund did not arrive; it is reversed once.
        FailRefund {
            /// The payment.
            payment_id: Id,
            /// Which refund.
            refund_id: Id,
            /// The gateway's code.
            code: Label,
        }
        /// Says that the payer's bank has taken money back (R-R6).
        OpenChargeback {
            /// The payment.
            payment_id: Id,
            /// The chargeback.
            chargeback_id: Id,
            /// Of which capture.
            capture_id: Id,
            /// Gross; above 0.
            amount_minor: SignedAmount,
            /// Tax inside it.
            tax_minor: SignedAmount,
            /// Currency.
            currency: Currency,
            /// Why.
            reason: String,
        }
        /// Says that a chargeback was won back.
        ReverseChargeback {
            /// The payment.
            payment_id: Id,
            /// The chargeback.
            chargeback_id: Id,
        }
        /// Says that a chargeback stays; no amount moves.
        LoseChargeback {
            /// The payment.
            payment_id: Id,
            /// The chargeback.
            chargeback_id: Id,
        }
    }
}

body! {
    /// One line of a settlement batch.
    SettledLine {
        /// The payment.
        payment_id: Id,
        /// The capture it settles.
        capture_id: Option<Id>,
        /// The refund it settles.
        refund_id: Option<Id>,
        /// Signed amount.
        amount_minor: SignedAmount,
        /// The acquirer's fee.
        fee_minor: SignedAmount,
    }
}

commands! {
    /// What one may ask of a settlement batch.
    SettlementCommand in "payments" by (batch_id) {
        /// Takes the acquirer's list of what it has paid out.
        ReceiveSettlement {
            /// The batch: the same again changes nothing.
            batch_id: Id,
            /// Day of payment.
            settled_on: NaiveDate,
            /// Currency.
            currency: Currency,
            /// The lines.
            lines: Vec<SettledLine>,
        }
    }
}

commands! {
    /// What one may ask of an exchange rate.
    FxRateCommand in "payments" by (base quote) {
        /// Publishes an exchange rate that holds from a date on.
        PublishFxRate {
            /// One major unit of this …
            base: Currency,
            /// … is worth this many of that.
            quote: Currency,
            /// Quote major units per base major unit, 1e-6; above 0.
            rate_micros: SignedAmount,
            /// First day.
            effective_from: NaiveDate,
        }
    }
}
