//! What a payment has authorised, captured, refunded and lost, in minor units of its currency.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Id, Payload};
use serde::{Deserialize, Serialize};

/// Sums and ids of one payment.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    authorisations: BTreeMap<Id, i64>,
    expires_at: Option<DateTime<Utc>>,
    voided: i64,
    captures: BTreeMap<Id, i64>,
    refunds: BTreeMap<Id, Refund>,
    chargebacks: BTreeMap<Id, Chargeback>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Refund {
    amount: i64,
    failed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Chargeback {
    amount: i64,
    stage: Stage,
}

/// Where a chargeback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Open,
    Reversed,
    Lost,
}

impl Ledger {
    pub(crate) fn take(&mut self, event: &Payload) {
        match event {
            Payload::PaymentAuthorised(e) => {
                self.authorisations
                    .insert(e.authorisation_id.clone(), e.amount_minor.get());
                self.expires_at = self.expires_at.max(Some(e.expires_at));
            }
            Payload::PaymentVoided(e) => self.voided += e.amount_minor.get(),
            Payload::PaymentCaptured(e) => {
                self.captures
                    .entry(e.capture_id.clone())
                    .or_insert_with(|| e.amount_minor.get());
            }
            Payload::PaymentRefunded(e) => {
                let refund = Refund {
                    amount: e.amount_minor.get(),
                    failed: false,
                };
                self.refunds.entry(e.refund_id.clone()).or_insert(refund);
            }
            Payload::PaymentRefundFailed(e) => {
                if let Some(refund) = self.refunds.get_mut(&e.refund_id) {
                    refund.failed = true;
                }
            }
            Payload::ChargebackOpened(e) => {
                let chargeback = Chargeback {
                    amount: e.amount_minor.get(),
                    stage: Stage::Open,
                };
                self.chargebacks
                    .entry(e.chargeback_id.clone())
                    .or_insert(chargeback);
            }
            Payload::ChargebackReversed(e) => self.close(&e.chargeback_id, Stage::Reversed),
            Payload::ChargebackLost(e) => self.close(&e.chargeback_id, Stage::Lost),
            _ => {}
        }
    }

    fn close(&mut self, id: &Id, stage: Stage) {
        if let Some(chargeback) = self.chargebacks.get_mut(id) {
            chargeback.stage = stage;
        }
    }

    pub(crate) fn has_authorisation(&self, id: &Id) -> bool {
        self.authorisations.contains_key(id)
    }

    pub(crate) fn has_capture(&self, id: &Id) -> bool {
        self.captures.contains_key(id)
    }

    /// Whether a refund is known, and has failed.
    pub(crate) fn refund_failed(&self, id: &Id) -> Option<bool> {
        self.refunds.get(id).map(|refund| refund.failed)
    }

    pub(crate) fn chargeback(&self, id: &Id) -> Option<Stage> {
        self.chargebacks.get(id).map(|chargeback| chargeback.stage)
    }

    /// What can still be captured; none when nothing was ever authorised.
    pub(crate) fn capturable(&self) -> Option<i64> {
        let authorised: i64 = self.authorisations.values().sum();
        (!self.authorisations.is_empty()).then(|| (authorised - self.captured() - self.voided).max(0))
    }

    /// When the last authorisation runs out.
    pub(crate) const fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.expires_at
    }

    fn captured(&self) -> i64 {
        self.captures.values().sum()
    }

    /// R-I: captured, less refunds that did not fail and chargebacks that were not won back.
    pub(crate) fn kept(&self) -> i64 {
        let refunded: i64 = self
            .refunds
            .values()
            .filter(|r| !r.failed)
            .map(|r| r.amount)
            .sum();
        let taken_back = self.chargebacks.values().filter(|c| c.stage != Stage::Reversed);
        self.captured() - refunded - taken_back.map(|c| c.amount).sum::<i64>()
    }
}
