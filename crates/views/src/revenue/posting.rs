//! Postings: what an account (a payment, or an order under another basis) brings to revenue.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Currency, Label,
    rows::{RevenueMeasures, RevenueMethod},
};

use super::{
    RevenueDoc, order, payment,
    rates::{Book, Pair, RateDay},
    settlement::Settled,
};
use crate::{ParkedEntry, history::Bucket};

/// All that an account brings.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub postings: Vec<Posting>,
    pub failures: Vec<Failure>,
    /// What settlement batches say of it, and what none of them has.
    pub settled: Settled,
    pub parked: Vec<ParkedEntry>,
}

/// Where a capture was made: refunds and chargebacks of it go there, at their own time (R-R2).
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub channel: Label,
    pub region: Label,
    pub method: RevenueMethod,
    pub currency: Currency,
    /// Currency that it is also reported in.
    pub reporting: Currency,
    /// When the capture was made: the rate of its day holds (R-R4), and attribution `cohort`
    /// counts what is taken back there (R-R2).
    pub captured: Bucket,
}

/// One movement of money.
#[derive(Debug)]
pub(super) struct Posting {
    pub place: Place,
    pub bucket: Bucket,
    pub at: DateTime<Utc>,
    pub kind: Kind,
    pub amount_minor: i64,
    /// Tax inside it, as the event carries it (R-R3).
    pub tax_minor: i64,
}

/// What moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Captured,
    Refunded,
    RefundFailed,
    ChargedBack,
    ChargebackReversed,
}

/// A payment that failed (R-R6).
#[derive(Debug)]
pub(super) struct Failure {
    pub bucket: Bucket,
    pub channel: Label,
    pub code: Label,
}

/// What an account brings; other documents bring nothing.
pub(super) fn entries(key: &str, doc: &RevenueDoc) -> Entries {
    let id = key.split_once('/').map_or(key, |(_, id)| id);
    match doc {
        RevenueDoc::Payment(account) => payment::entries(id, account),
        RevenueDoc::Order(account) => order::entries(id, account),
        RevenueDoc::Rates(_) | RevenueDoc::Keys(_) | RevenueDoc::Settlements(_) => Entries::default(),
    }
}

impl Entries {
    /// The pairs of currencies that a rate is needed for.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair> {
        self.postings.iter().filter_map(|posting| posting.place.pair())
    }

    /// The days whose rates matter.
    pub(super) fn rate_days(&self) -> BTreeSet<RateDay> {
        let days = self.postings.iter().filter_map(|posting| {
            let pair = posting.place.pair()?;
            Some(
                [posting.place.captured.date, posting.bucket.date].map(|date| RateDay {
                    pair,
                    date,
                    hour: posting.bucket.hour,
                }),
            )
        });
        days.flatten().collect()
    }
}

impl Place {
    pub(super) fn pair(&self) -> Option<Pair> {
        (self.currency != self.reporting).then_some(Pair {
            base: self.currency,
            quote: self.reporting,
        })
    }
}

impl Posting {
    /// The posting as the measures of a row.
    pub(super) fn measures(&self, book: &Book) -> RevenueMeasures {
        let (amount, tax) = (self.amount_minor, self.tax_minor);
        let mut measures = RevenueMeasures::default();
        let net = match self.kind {
            Kind::Captured => {
                measures.captured_minor = amount;
                measures.captured_tax_minor = tax;
                measures.captures = 1;
                1
            }
            Kind::Refunded => {
                measures.refunded_minor = amount;
                measures.refunded_tax_minor = tax;
                measures.refunds = 1;
                -1
            }
            Kind::RefundFailed => {
                measures.refunded_minor = -amount;
                measures.refunded_tax_minor = -tax;
                measures.refunds = -1;
                1
            }
            Kind::ChargedBack => {
                measures.chargeback_minor = amount;
                measures.chargeback_tax_minor = tax;
                measures.chargebacks = 1;
                -1
            }
            Kind::ChargebackReversed => {
                measures.chargeback_reversed_minor = amount;
                measures.chargeback_reversed_tax_minor = tax;
                1
            }
        };
        measures.net_minor = net * amount;
        measures.net_supply_minor = net * (amount - tax);
        let pair = self.place.pair();
        let at = |date| pair.map_or(Some(net * amount), |pair| book.convert(net * amount, pair, date));
        match (at(self.place.captured.date), at(self.bucket.date)) {
            (Some(then), Some(now)) => {
                measures.reporting_minor = then;
                measures.fx_minor = now.saturating_sub(then);
            }
            _ => measures.reporting_missing = 1,
        }
        measures
    }
}
