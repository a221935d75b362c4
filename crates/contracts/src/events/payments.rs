//! Events of a payment (`payment-{payment_id}`), of settlement batches and of exchange rates.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::{Amount, Currency, SignedAmount},
    time,
};

/// How a payment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Card.
    Card,
    /// Transfer to an account issued for this payment.
    VirtualAccount,
    /// Bank transfer.
    Transfer,
    /// Wallet.
    Wallet,
    /// Invoice.
    Invoice,
}

/// A payment was asked for; not revenue (R-R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequested {
    /// The payment.
    pub payment_id: Id,
    /// For which order.
    pub order_id: Id,
    /// How much.
    pub amount_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// How.
    pub method: PaymentMethod,
    /// Sales channel.
    pub channel: Label,
    /// Region.
    pub region: Label,
}

/// An account to pay into; not revenue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualAccountIssued {
    /// The payment.
    pub payment_id: Id,
    /// Bank.
    pub bank_code: String,
    /// Until when it can be paid.
    #[serde(with = "time")]
    pub due_at: DateTime<Utc>,
}

/// The payer’s bank agreed; not revenue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorised {
    /// The payment.
    pub payment_id: Id,
    /// The authorisation.
    pub authorisation_id: Id,
    /// How much.
    pub amount_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// Until when it can be captured.
    #[serde(with = "time")]
    pub expires_at: DateTime<Utc>,
}

/// The payer’s bank refused; a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDeclined {
    /// The payment.
    pub payment_id: Id,
    /// Which attempt.
    pub attempt: u16,
    /// The gateway’s code.
    pub code: Label,
    /// In words.
    pub reason: String,
}

/// The money counts from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    /// The payment.
    pub payment_id: Id,
    /// For which order.
    pub order_id: Id,
    /// Key for repeats.
    pub capture_id: Id,
    /// Gross.
    pub amount_minor: Amount,
    /// Tax inside it, as carried (R-R3).
    pub tax_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// How.
    pub method: PaymentMethod,
    /// Sales channel.
    pub channel: Label,
    /// Region.
    pub region: Label,
}

/// A capture failed; a failure, never revenue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptureFailed {
    /// The payment.
    pub payment_id: Id,
    /// The gateway’s code.
    pub code: Label,
    /// In words.
    pub reason: String,
}

/// What was authorised and not captured is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentVoided {
    /// The payment.
    pub payment_id: Id,
    /// How much.
    pub amount_minor: Amount,
}

/// Money went back; posts when it happens (R-R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    /// The payment.
    pub payment_id: Id,
    /// Key for repeats.
    pub refund_id: Id,
    /// Of which capture.
    pub capture_id: Id,
    /// Gross.
    pub amount_minor: Amount,
    /// Tax inside it.
    pub tax_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A refund did not arrive and is reversed, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundFailed {
    /// The payment.
    pub payment_id: Id,
    /// Which refund.
    pub refund_id: Id,
    /// The gateway’s code.
    pub code: Label,
}

/// The payer’s bank took the money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargebackOpened {
    /// The payment.
    pub payment_id: Id,
    /// The chargeback.
    pub chargeback_id: Id,
    /// Of which capture.
    pub capture_id: Id,
    /// Gross.
    pub amount_minor: Amount,
    /// Tax inside it.
    pub tax_minor: Amount,
    /// Currency.
    pub currency: Currency,
    /// Why.
    pub reason: String,
}

/// A chargeback was won back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargebackReversed {
    /// The payment.
    pub payment_id: Id,
    /// The chargeback.
    pub chargeback_id: Id,
}

/// A chargeback stays; no amount moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargebackLost {
    /// The payment.
    pub payment_id: Id,
    /// The chargeback.
    pub chargeback_id: Id,
}

/// One line of a settlement batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementLine {
    /// The payment.
    pub payment_id: Id,
    /// The capture it settles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<Id>,
    /// The refund it settles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<Id>,
    /// Signed amount.
    pub amount_minor: SignedAmount,
    /// The acquirer’s fee.
    pub fee_minor: Amount,
}

/// The acquirer’s list of what it paid out: stream `settlement-{batch_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementReceived {
    /// The batch.
    pub batch_id: Id,
    /// Day of payment.
    #[serde(with = "crate::time::date")]
    pub settled_on: NaiveDate,
    /// Currency.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<SettlementLine>,
}

/// An exchange rate holds from a date on: stream `fxrate-{base}{quote}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FxRatePublished {
    /// One major unit of this …
    pub base: Currency,
    /// … is worth this many of that.
    pub quote: Currency,
    /// Quote major units per base major unit, 1e-6.
    pub rate_micros: Amount,
    /// First day.
    #[serde(with = "crate::time::date")]
    pub effective_from: NaiveDate,
}
