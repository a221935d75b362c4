//! The refold of a payment: what it captured, what was taken back of it (R-R2, R-R6), and which
//! events wait.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use plimsoll_contracts::{Currency, Id, Label, config::RecognitionBasis, rows::RevenueMethod};

use super::{Batch, Money, PaymentHistory, Recorded};
use crate::{
    history::Fact,
    revenue::{
        Account,
        posting::{Entries, Failure, Kind, Place, Posting},
    },
};

/// What a payment brings to revenue.
pub(in crate::revenue) fn entries(payment_id: &str, account: &Account<PaymentHistory>) -> Entries {
    let mut ledger = Ledger {
        payment_id,
        reporting: account.terms.reporting,
        counts: account.terms.basis == RecognitionBasis::Captured,
        channel: channel(&account.history),
        captures: BTreeMap::new(),
        refunds: BTreeMap::new(),
        chargebacks: BTreeMap::new(),
        left: BTreeMap::new(),
        batches: Vec::new(),
        waiting: Vec::new(),
        entries: Entries::default(),
    };
    for fact in account.history.facts() {
        ledger.post(fact);
    }
    ledger.finish()
}

/// Where the payment was asked for, or first captured.
fn channel(history: &PaymentHistory) -> Option<&Label> {
    let facts = history.facts();
    let asked = facts.iter().find_map(|fact| match &fact.recorded {
        Recorded::Requested(channel) => Some(channel),
        _ => None,
    });
    asked.or_else(|| {
        facts.iter().find_map(|fact| match &fact.recorded {
            Recorded::Captured { channel, .. } => Some(channel),
            _ => None,
        })
    })
}

/// A payment while it is refolded.
pub(super) struct Ledger<'a> {
    payment_id: &'a str,
    reporting: Currency,
    /// Whether payments are what is recognised (R-R7).
    counts: bool,
    channel: Option<&'a Label>,
    pub(super) captures: BTreeMap<&'a Id, Capture>,
    pub(super) refunds: BTreeMap<&'a Id, Taken>,
    chargebacks: BTreeMap<&'a Id, Taken>,
    /// Captured less refunded and charged back. A lost chargeback stays taken.
    left: BTreeMap<Currency, i64>,
    /// Settlement batches that name the payment.
    pub(super) batches: Vec<&'a Batch>,
    /// Events that wait for a capture, refund or chargeback.
    waiting: Vec<&'a Fact<Recorded>>,
    entries: Entries,
}

/// A capture.
pub(super) struct Capture {
    place: Place,
    pub(super) money: Money,
}

impl Capture {
    /// Its business date.
    pub(super) const fn date(&self) -> NaiveDate {
        self.place.captured.date
    }
}

/// A refund or chargeback that counts.
pub(super) struct Taken {
    place: Place,
    pub(super) money: Money,
    /// Its business date.
    pub(super) date: NaiveDate,
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Refunded, or charged back and open.
    Open,
    /// The refund failed, or the chargeback was reversed.
    Undone,
    /// The chargeback was lost.
    Lost,
}

/// What became of an event.
enum Outcome {
    /// It was taken in, or changes nothing.
    Done,
    /// It was taken in, and others may have waited for it.
    New,
    /// It waits.
    Wait,
    /// It is against a rule.
    Parked(&'static str),
}

impl<'a> Ledger<'a> {
    /// Takes an event in, and then what waited for it.
    fn post(&mut self, fact: &'a Fact<Recorded>) {
        let mut todo = VecDeque::from([fact]);
        while let Some(fact) = todo.pop_front() {
            match self.take_in(fact) {
                Outcome::Done => {}
                Outcome::New => todo.extend(std::mem::take(&mut self.waiting)),
                Outcome::Wait => self.waiting.push(fact),
                Outcome::Parked(reason) => self.entries.parked.push(fact.parked(self.payment_id, reason)),
            }
        }
    }

    fn take_in(&mut self, fact: &'a Fact<Recorded>) -> Outcome {
        match &fact.recorded {
            Recorded::Requested(_) => Outcome::Done,
            Recorded::Settled(batch) => {
                self.batches.push(batch);
                Outcome::Done
            }
            Recorded::Failed(code) => self.failed(fact, code),
            Recorded::Captured {
                capture_id,
                money,
                method,
                channel,
                region,
            } => {
                let place = Place {
                    channel: channel.clone(),
                    region: region.clone(),
                    method: RevenueMethod::from(*method),
                    currency: money.currency,
                    reporting: self.reporting,
                    captured: fact.bucket,
                };
                self.captured(fact, capture_id, *money, place)
            }
            Recorded::Refunded { refund_id, .. } if self.refunds.contains_key(refund_id) => Outcome::Done,
            Recorded::Refunded {
                refund_id,
                capture_id,
                money,
            } => match self.taken(fact, capture_id, *money, "RefundExceedsCaptured") {
                Ok(taken) => {
                    self.add(fact, Kind::Refunded, &taken.place, *money);
                    self.refunds.insert(refund_id, taken);
                    Outcome::New
                }
                Err(outcome) => outcome,
            },
            Recorded::ChargedBack { chargeback_id, .. } if self.chargebacks.contains_key(chargeback_id) => {
                Outcome::Done
            }
            Recorded::ChargedBack {
                chargeback_id,
                capture_id,
                money,
            } => match self.taken(fact, capture_id, *money, "ChargebackExceedsCaptured") {
                Ok(taken) => {
                    self.add(fact, Kind::ChargedBack, &taken.place, *money);
                    self.chargebacks.insert(chargeback_id, taken);
                    Outcome::New
                }
                Err(outcome) => outcome,
            },
            Recorded::RefundFailed(refund_id) => {
                let refund = self.refunds.get_mut(refund_id);
                let undone = refund.map(|refund| refund.end(Status::Undone));
                self.undo(fact, Kind::RefundFailed, undone)
            }
            Recorded::ChargebackReversed(chargeback_id) => {
                let chargeback = self.chargebacks.get_mut(chargeback_id);
                let undone = chargeback.map(|chargeback| chargeback.end(Status::Undone));
                self.undo(fact, Kind::ChargebackReversed, undone)
            }
            Recorded::ChargebackLost(chargeback_id) => match self.chargebacks.get_mut(chargeback_id) {
                None => Outcome::Wait,
                Some(chargeback) => match chargeback.end(Status::Lost) {
                    End::Ended(..) | End::Repeated => Outcome::Done,
                    End::Closed => Outcome::Parked("ChargebackClosed"),
                },
            },
        }
    }

    fn failed(&mut self, fact: &Fact<Recorded>, code: &Label) -> Outcome {
        let Some(channel) = self.channel else {
            return Outcome::Parked("PaymentUnknown");
        };
        self.entries.failures.push(Failure {
            bucket: fact.bucket,
            channel: channel.clone(),
            code: code.clone(),
        });
        Outcome::Done
    }

    fn captured(&mut self, fact: &Fact<Recorded>, capture_id: &'a Id, money: Money, place: Place) -> Outcome {
        if self.captures.contains_key(capture_id) {
            return Outcome::Done;
        }
        let left = self.left.entry(money.currency).or_default();
        *left = left.saturating_add(money.amount_minor);
        self.add(fact, Kind::Captured, &place, money);
        self.captures.insert(capture_id, Capture { place, money });
        Outcome::New
    }

    /// Takes money of a capture, if it is known and as much is left (R-R2).
    fn taken(
        &mut self,
        fact: &Fact<Recorded>,
        capture_id: &Id,
        money: Money,
        exceeds: &'static str,
    ) -> Result<Taken, Outcome> {
        let capture = self.captures.get(capture_id).ok_or(Outcome::Wait)?;
        let place = capture.place.clone();
        if place.currency != money.currency {
            return Err(Outcome::Parked("CurrencyMismatch"));
        }
        let left = self.left.entry(money.currency).or_default();
        if money.amount_minor > *left {
            return Err(Outcome::Parked(exceeds));
        }
        *left -= money.amount_minor;
        Ok(Taken {
            place,
            money,
            date: fact.bucket.date,
            status: Status::Open,
        })
    }

    fn undo(&mut self, fact: &Fact<Recorded>, kind: Kind, end: Option<End>) -> Outcome {
        match end {
            None => Outcome::Wait,
            Some(End::Repeated) => Outcome::Done,
            Some(End::Closed) => Outcome::Parked("ChargebackClosed"),
            Some(End::Ended(place, money)) => {
                let left = self.left.entry(money.currency).or_default();
                *left = left.saturating_add(money.amount_minor);
                self.add(fact, kind, &place, money);
                Outcome::Done
            }
        }
    }

    fn add(&mut self, fact: &Fact<Recorded>, kind: Kind, place: &Place, money: Money) {
        if self.counts {
            self.entries.postings.push(Posting {
                place: place.clone(),
                bucket: fact.bucket,
                at: fact.occurred_at,
                kind,
                amount_minor: money.amount_minor,
                tax_minor: money.tax_minor,
            });
        }
    }

    fn finish(mut self) -> Entries {
        for fact in std::mem::take(&mut self.waiting) {
            let reason = match &fact.recorded {
                Recorded::RefundFailed(_) => "RefundUnknown",
                Recorded::ChargebackReversed(_) | Recorded::ChargebackLost(_) => "ChargebackUnknown",
                _ => "CaptureUnknown",
            };
            self.entries.parked.push(fact.parked(self.payment_id, reason));
        }
        self.entries.settled = self.settled();
        self.entries
    }
}

/// How a refund or chargeback takes its end.
enum End {
    Ended(Place, Money),
    /// It has ended in this way before.
    Repeated,
    /// It has ended in another way before.
    Closed,
}

impl Taken {
    /// Whether the money went for good: a failed refund came back.
    pub(super) fn stands(&self) -> bool {
        self.status != Status::Undone
    }

    fn end(&mut self, status: Status) -> End {
        if self.status == status {
            return End::Repeated;
        }
        if self.status != Status::Open {
            return End::Closed;
        }
        self.status = status;
        End::Ended(self.place.clone(), self.money)
    }
}
