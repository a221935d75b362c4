//! A payment: its events, and the refold of them into postings, failures and what waits.

mod ledger;
mod settled;

use chrono::NaiveDate;
use plimsoll_contracts::{Currency, Id, Label, Payload, events::PaymentMethod};
use serde::{Deserialize, Serialize};

use crate::history::History;

pub(super) use ledger::entries;

/// What happened to one payment.
pub(super) type PaymentHistory = History<Recorded>;

/// What an event of a payment says, as far as revenue is concerned. Authorised, voided and virtual
/// account issued say nothing (R-R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// It was asked for: failures go to this channel.
    Requested(Label),
    /// Money came.
    Captured {
        /// Key for repeats.
        capture_id: Id,
        /// How much.
        money: Money,
        /// How.
        method: PaymentMethod,
        /// Where.
        channel: Label,
        /// Where.
        region: Label,
    },
    /// Money of a capture went back.
    Refunded {
        /// Key for repeats.
        refund_id: Id,
        /// Which capture.
        capture_id: Id,
        /// How much.
        money: Money,
    },
    /// A refund did not arrive.
    RefundFailed(Id),
    /// Money of a capture was taken back.
    ChargedBack {
        /// Key for repeats.
        chargeback_id: Id,
        /// Which capture.
        capture_id: Id,
        /// How much.
        money: Money,
    },
    /// A chargeback was won.
    ChargebackReversed(Id),
    /// A chargeback was lost.
    ChargebackLost(Id),
    /// A decline or failed capture, with its code.
    Failed(Label),
    /// A settlement batch names it.
    Settled(Batch),
}

/// An amount with the tax inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    amount_minor: i64,
    tax_minor: i64,
    currency: Currency,
}

/// The lines of a settlement batch that name a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub(super) batch_id: Id,
    pub(super) settled_on: NaiveDate,
    pub(super) currency: Currency,
    pub(super) lines: Vec<Line>,
}

/// A line: of a refund, else of a capture, else of the payment as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) capture_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refund_id: Option<Id>,
    /// Refunds are negative.
    pub(super) amount_minor: i64,
    pub(super) fee_minor: i64,
}

impl Recorded {
    /// The payment that an event is about, and what it says.
    pub(super) fn of(payload: &Payload) -> Option<(&Id, Self)> {
        macro_rules! money {
            ($event:ident) => {
                Money {
                    amount_minor: $event.amount_minor.get(),
                    tax_minor: $event.tax_minor.get(),
                    currency: $event.currency,
                }
            };
        }
        Some(match payload {
            Payload::PaymentRequested(e) => (&e.payment_id, Self::Requested(e.channel.clone())),
            Payload::PaymentCaptured(e) => (
                &e.payment_id,
                Self::Captured {
                    capture_id: e.capture_id.clone(),
                    money: money!(e),
                    method: e.method,
                    channel: e.channel.clone(),
                    region: e.region.clone(),
                },
            ),
            Payload::PaymentRefunded(e) => (
                &e.payment_id,
                Self::Refunded {
                    refund_id: e.refund_id.clone(),
                    capture_id: e.capture_id.clone(),
                    money: money!(e),
                },
            ),
            Payload::ChargebackOpened(e) => (
                &e.payment_id,
                Self::ChargedBack {
                    chargeback_id: e.chargeback_id.clone(),
                    capture_id: e.capture_id.clone(),
                    money: money!(e),
                },
            ),
            Payload::PaymentRefundFailed(e) => (&e.payment_id, Self::RefundFailed(e.refund_id.clone())),
            Payload::ChargebackReversed(e) => {
                (&e.payment_id, Self::ChargebackReversed(e.chargeback_id.clone()))
            }
            Payload::ChargebackLost(e) => (&e.payment_id, Self::ChargebackLost(e.chargeback_id.clone())),
            Payload::PaymentDeclined(e) => (&e.payment_id, Self::Failed(e.code.clone())),
            Payload::PaymentCaptureFailed(e) => (&e.payment_id, Self::Failed(e.code.clone())),
            _ => return None,
        })
    }
}
