//! A payment's life: requested, authorised, captured in parts, refunded, charged back.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Currency, Id, Payload, SignedAmount,
    events::{
        ChargebackLost, ChargebackOpened, ChargebackReversed, PaymentAuthorised, PaymentCaptureFailed,
        PaymentCaptured, PaymentDeclined, PaymentRefundFailed, PaymentRefunded, PaymentRequested,
        PaymentVoided,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    commands::{
        AuthorisePayment, CapturePayment, FailRefund, OpenChargeback, PaymentCommand, RefundPayment,
        RequestPayment,
    },
    ledger::{Ledger, Stage},
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one payment.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Payment {
    /// Set by the first event that says it; imports may hold captures without a request.
    currency: Option<Currency>,
    ledger: Ledger,
}

impl Aggregate for Payment {
    const CATEGORY: &'static str = "payment";
    type Command = PaymentCommand;
    type Facts = ();

    fn decide(&self, command: &PaymentCommand, (): &(), moment: &Moment) -> Decision {
        let open = |id: &Id| self.open(id);
        let event: Payload = match command {
            PaymentCommand::RequestPayment(c) => return self.request(c),
            PaymentCommand::AuthorisePayment(c) => return open(&c.payment_id)?.authorise(c),
            PaymentCommand::CapturePayment(c) => return open(&c.payment_id)?.capture(c, moment.at),
            PaymentCommand::RefundPayment(c) => return open(&c.payment_id)?.refund(c),
            PaymentCommand::FailRefund(c) => return open(&c.payment_id)?.fail_refund(c),
            PaymentCommand::OpenChargeback(c) => return open(&c.payment_id)?.charge_back(c),
            PaymentCommand::VoidPayment(c) => open(&c.payment_id)?.void(&c.payment_id)?,
            PaymentCommand::DeclinePayment(c) => {
                open(&c.payment_id)?;
                let (code, reason) = (c.code.clone(), c.reason.clone());
                PaymentDeclined {
                    payment_id: c.payment_id.clone(),
                    attempt: c.attempt,
                    code,
                    reason,
                }
                .into()
            }
            PaymentCommand::FailCapture(c) => {
                open(&c.payment_id)?;
                let (code, reason) = (c.code.clone(), c.reason.clone());
                PaymentCaptureFailed {
                    payment_id: c.payment_id.clone(),
                    code,
                    reason,
                }
                .into()
            }
            PaymentCommand::ReverseChargeback(c) => {
                open(&c.payment_id)?.chargeback_is_open(&c.chargeback_id)?;
                let (payment_id, chargeback_id) = (c.payment_id.clone(), c.chargeback_id.clone());
                ChargebackReversed {
                    payment_id,
                    chargeback_id,
                }
                .into()
            }
            PaymentCommand::LoseChargeback(c) => {
                open(&c.payment_id)?.chargeback_is_open(&c.chargeback_id)?;
                let (payment_id, chargeback_id) = (c.payment_id.clone(), c.chargeback_id.clone());
                ChargebackLost {
                    payment_id,
                    chargeback_id,
                }
                .into()
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        let currency = match event {
            Payload::PaymentRequested(e) => Some(e.currency),
            Payload::PaymentAuthorised(e) => Some(e.currency),
            Payload::PaymentCaptured(e) => Some(e.currency),
            _ => None,
        };
        self.currency = self.currency.or(currency);
        self.ledger.take(event);
    }
}

impl Payment {
    fn open(&self, id: &Id) -> Result<&Self, Refusal> {
        if self.currency.is_some() {
            Ok(self)
        } else {
            Err(Refusal::no_stream("payment", id))
        }
    }

    fn same_currency(&self, given: Currency) -> Result<(), Refusal> {
        checks::same_currency(self.currency.unwrap_or(given), given)
    }

    fn request(&self, c: &RequestPayment) -> Decision {
        if self.currency.is_some() {
            let detail = format!("payment `{}` was requested already", c.payment_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        let requested = PaymentRequested {
            payment_id: c.payment_id.clone(),
            order_id: c.order_id.clone(),
            amount_minor: checks::positive("amount_minor", c.amount_minor)?,
            currency: c.currency,
            method: c.method,
            channel: c.channel.clone(),
            region: c.region.clone(),
        };
        Ok(vec![requested.into()])
    }

    fn authorise(&self, c: &AuthorisePayment) -> Decision {
        if self.ledger.has_authorisation(&c.authorisation_id) {
            let detail = format!("authorisation `{}` is there already", c.authorisation_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        self.same_currency(c.currency)?;
        let authorised = PaymentAuthorised {
            payment_id: c.payment_id.clone(),
            authorisation_id: c.authorisation_id.clone(),
            amount_minor: checks::positive("amount_minor", c.amount_minor)?,
            currency: c.currency,
            expires_at: c.expires_at.0,
        };
        Ok(vec![authorised.into()])
    }

    fn capture(&self, c: &CapturePayment, at: DateTime<Utc>) -> Decision {
        if self.ledger.has_capture(&c.capture_id) {
            return Ok(vec![]);
        }
        self.same_currency(c.currency)?;
        let amount = checks::positive("amount_minor", c.amount_minor)?;
        let tax = checks::not_negative("tax_minor", c.tax_minor)?;
        checks::tax_within(tax, amount)?;
        if let Some(expired) = self.ledger.expires_at().filter(|expires_at| at > *expires_at) {
            let detail = format!("the authorisation ran out at {expired}");
            return Err(Refusal::because(Reason::AuthorisationExpired, detail));
        }
        if let Some(left) = self.ledger.capturable().filter(|left| amount.get() > *left) {
            let detail = format!("{left} of the authorised amount is left, {amount} was asked for");
            return Err(Refusal::because(Reason::CaptureExceedsAuthorised, detail));
        }
        let captured = PaymentCaptured {
            payment_id: c.payment_id.clone(),
            order_id: c.order_id.clone(),
            capture_id: c.capture_id.clone(),
            amount_minor: amount,
            tax_minor: tax,
            currency: c.currency,
            method: c.method,
            channel: c.channel.clone(),
            region: c.region.clone(),
        };
        Ok(vec![captured.into()])
    }

    fn void(&self, payment_id: &Id) -> Result<Payload, Refusal> {
        match self.ledger.capturable() {
            None | Some(0) => {
                let detail = "nothing that is authorised is left to give up";
                Err(Refusal::because(Reason::NothingToVoid, detail))
            }
            Some(left) => {
                let amount_minor = checks::amount("amount_minor", left.into())?;
                Ok(PaymentVoided {
                    payment_id: payment_id.clone(),
                    amount_minor,
                }
                .into())
            }
        }
    }

    fn refund(&self, c: &RefundPayment) -> Decision {
        if self.ledger.refund_failed(&c.refund_id).is_some() {
            return Ok(vec![]);
        }
        let (amount, tax) = self.takes_back(&c.capture_id, c.currency, c.amount_minor, c.tax_minor)?;
        self.covers(amount.get(), Reason::RefundExceedsCaptured)?;
        let refunded = PaymentRefunded {
            payment_id: c.payment_id.clone(),
            refund_id: c.refund_id.clone(),
            capture_id: c.capture_id.clone(),
            amount_minor: amount,
            tax_minor: tax,
            currency: c.currency,
            reason: c.reason.clone(),
        };
        Ok(vec![refunded.into()])
    }

    fn fail_refund(&self, c: &FailRefund) -> Decision {
        match self.ledger.refund_failed(&c.refund_id) {
            None => {
                let detail = format!("there is no refund `{}`", c.refund_id);
                Err(Refusal::because(Reason::NotFound, detail))
            }
            Some(true) => Ok(vec![]),
            Some(false) => {
                let (payment_id, refund_id) = (c.payment_id.clone(), c.refund_id.clone());
                Ok(vec![
                    PaymentRefundFailed {
                        payment_id,
                        refund_id,
                        code: c.code.clone(),
                    }
                    .into(),
                ])
            }
        }
    }

    fn charge_back(&self, c: &OpenChargeback) -> Decision {
        if self.ledger.chargeback(&c.chargeback_id).is_some() {
            return Ok(vec![]);
        }
        let (amount, tax) = self.takes_back(&c.capture_id, c.currency, c.amount_minor, c.tax_minor)?;
        self.covers(amount.get(), Reason::ChargebackExceedsCaptured)?;
        let opened = ChargebackOpened {
            payment_id: c.payment_id.clone(),
            chargeback_id: c.chargeback_id.clone(),
            capture_id: c.capture_id.clone(),
            amount_minor: amount,
            tax_minor: tax,
            currency: c.currency,
            reason: c.reason.clone(),
        };
        Ok(vec![opened.into()])
    }

    fn chargeback_is_open(&self, id: &Id) -> Result<(), Refusal> {
        match self.ledger.chargeback(id) {
            None => Err(Refusal::because(
                Reason::NotFound,
                format!("there is no chargeback `{id}`"),
            )),
            Some(Stage::Open) => Ok(()),
            Some(Stage::Reversed | Stage::Lost) => Err(Refusal::because(
                Reason::ChargebackClosed,
                format!("chargeback `{id}` is closed"),
            )),
        }
    }

    /// What refunds and chargebacks have in common: a capture, its currency, tax within the amount.
    fn takes_back(
        &self,
        capture_id: &Id,
        currency: Currency,
        amount: SignedAmount,
        tax: SignedAmount,
    ) -> Result<(plimsoll_contracts::Amount, plimsoll_contracts::Amount), Refusal> {
        if !self.ledger.has_capture(capture_id) {
            return Err(Refusal::because(
                Reason::NotFound,
                format!("there is no capture `{capture_id}`"),
            ));
        }
        self.same_currency(currency)?;
        let amount = checks::positive("amount_minor", amount)?;
        let tax = checks::not_negative("tax_minor", tax)?;
        checks::tax_within(tax, amount)?;
        Ok((amount, tax))
    }

    fn covers(&self, amount: i64, reason: Reason) -> Result<(), Refusal> {
        let kept = self.ledger.kept();
        if amount > kept {
            let detail = format!("{kept} of what was captured is left, {amount} was asked for");
            return Err(Refusal::because(reason, detail));
        }
        Ok(())
    }
}
