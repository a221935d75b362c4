//! `revenue`: money as it is captured, refunded and charged back, per hour and minute, in its own
//! and in the reporting currency (R-R1 … R-R7). It knows payments, rates and, where the basis asks
//! for them, orders.

mod answer;
mod change;
mod facts;
mod minutes;
mod order;
mod payment;
mod posting;
mod query;
mod rates;
mod row;

use std::collections::BTreeSet;

use plimsoll_contracts::{Currency, Event, Payload, TenantConfig, config::RecognitionBasis};
use serde::{Deserialize, Serialize};

use crate::{FoldError, Place, Trace, View, Workspace, fold::Need, orders};

use change::Change;
use posting::{Entries, entries};
pub use query::RevenueQuery;
use rates::{Book, Rates};
pub use row::RevenueRows;

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Revenue;

/// Its private state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevenueDoc {
    /// `payment/P1`: everything that happened to a payment.
    Payment(Account<payment::PaymentHistory>),
    /// `order/O1`: everything that happened to an order, where orders are recognised.
    Order(Account<orders::OrderHistory>),
    /// `fx/USDKRW`: the rates of a pair, and the days on which they were asked for.
    Rates(Rates),
    /// `fxday/USDKRW/2026-03-01/09`: whose postings use the rate of that day (by hour of posting).
    /// `minutes`, `minutes/2026-03-01T09`: hours that have minute rows, minute rows of an hour.
    Keys(BTreeSet<String>),
}

/// A history with the configuration under which it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account<H> {
    terms: Terms,
    history: H,
}

/// The configuration that an account keeps for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    reporting: Currency,
    basis: RecognitionBasis,
}

/// Table of cells by hour.
pub(crate) const ROWS: &str = "rows";
/// Table of minutes.
pub(crate) const MINUTES: &str = "minutes";
/// Table of failed payments.
pub(crate) const FAILURES: &str = "failures";

impl View for Revenue {
    const NAME: &'static str = "revenue";
    const VERSION: u32 = 1;
    const TABLES: &'static [&'static str] = &[ROWS, MINUTES, FAILURES];
    type Doc = RevenueDoc;
    type Row = RevenueRows;
    type Query = RevenueQuery;

    fn reads(event_type: &str) -> bool {
        matches!(
            event_type,
            "PaymentRequested"
                | "VirtualAccountIssued"
                | "PaymentAuthorised"
                | "PaymentDeclined"
                | "PaymentCaptured"
                | "PaymentCaptureFailed"
                | "PaymentVoided"
                | "PaymentRefunded"
                | "PaymentRefundFailed"
                | "ChargebackOpened"
                | "ChargebackReversed"
                | "ChargebackLost"
                | "FxRatePublished"
                | "OrderPlaced"
                | "OrderCancelled"
                | "OrderLineCancelled"
                | "OrderShipped"
                | "ItemReturned"
        )
    }

    fn apply(event: &Event, payload: &Payload, workspace: &mut Workspace<Self>) -> Result<(), FoldError> {
        minutes::expire(workspace)?;
        if let Payload::FxRatePublished(rate) = payload {
            return rates::publish(event, rate, workspace);
        }
        if let Some((payment_id, recorded)) = payment::Recorded::of(payload) {
            let key = format!("payment/{payment_id}");
            let before = match workspace.doc(&key)? {
                Some(RevenueDoc::Payment(account)) => account.clone(),
                _ => Account::opened(workspace.config()),
            };
            let after = before.history.with(event, recorded, workspace.config());
            return after.map_or(Ok(()), |history| {
                let after = RevenueDoc::Payment(before.continued(history));
                replace(&key, &RevenueDoc::Payment(before), after, workspace)
            });
        }
        if let Some((order_id, recorded)) = orders::Recorded::of(payload) {
            let key = format!("order/{order_id}");
            let by_payments = workspace.config().recognition_basis == RecognitionBasis::Captured;
            let before = match workspace.doc(&key)? {
                Some(RevenueDoc::Order(account)) => account.clone(),
                _ if by_payments => return Ok(()),
                _ => Account::opened(workspace.config()),
            };
            let after = before.history.with(event, recorded, workspace.config());
            return after.map_or(Ok(()), |history| {
                let after = RevenueDoc::Order(before.continued(history));
                replace(&key, &RevenueDoc::Order(before), after, workspace)
            });
        }
        Ok(())
    }

    fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
        facts::trace(place, config)
    }
}

/// Puts the refolded account in the place of the one before, in documents, rows and parked list.
fn replace(
    key: &str,
    before: &RevenueDoc,
    after: RevenueDoc,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let (was, is) = (entries(key, before), entries(key, &after));
    let book = Book::load(is.pairs().chain(was.pairs()), workspace)?;
    let mut change = Change::new(workspace.meta());
    change.add(&was, &book, -1);
    change.add(&is, &book, 1);
    let parks = !(was.parked.is_empty() && is.parked.is_empty());
    let parked = parks.then(|| Need::Parked(key.into()));
    let days = is.rate_days();
    let days = days.iter().map(|day| Need::Doc(day.doc_key().as_str().into()));
    workspace.want(change.needs().chain(parked).chain(days))?;
    change.apply(workspace)?;
    rates::remember(key, &is, workspace)?;
    if parks {
        workspace.set_parked(key, is.parked)?;
    }
    workspace.put_doc(key, after);
    Ok(())
}

impl<H: Default> Account<H> {
    fn opened(config: &TenantConfig) -> Self {
        Self {
            terms: Terms {
                reporting: config.reporting_currency,
                basis: config.recognition_basis,
            },
            history: H::default(),
        }
    }

    const fn continued(&self, history: H) -> Self {
        Self {
            terms: self.terms,
            history,
        }
    }
}
