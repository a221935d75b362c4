//! `revenue`: money as it is captured, refunded and charged back, per hour and minute, in its own
//! and in the reporting currency (R-R1 … R-R7). It knows payments, rates and, where the basis asks
//! for them, orders; of settlements, what batches say of payments.

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
mod running;
mod seconds;
mod settlement;

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
    /// `settlements/KRW`: settlement batches of a currency, and what no batch has.
    Settlements(settlement::Settlements),
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
/// Table of cells by hour of the capture.
pub(crate) const COHORT: &str = "cohort";
/// Table of minutes by the second, for windows that move; asked for by no name.
pub(crate) const SECONDS: &str = "seconds";
/// Table of settlement batches.
pub(crate) const SETTLEMENT: &str = "settlement";

impl View for Revenue {
    const NAME: &'static str = "revenue";
    const VERSION: u32 = 2;
    const TABLES: &'static [&'static str] = &[ROWS, MINUTES, FAILURES, COHORT, SECONDS, SETTLEMENT];
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
                | "SettlementReceived"
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
        if let Payload::SettlementReceived(settlement) = payload {
            return settlement::receive(event, settlement, workspace);
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
                replace(key, RevenueDoc::Payment(before), after, workspace)
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
                replace(key, RevenueDoc::Order(before), after, workspace)
            });
        }
        Ok(())
    }

    fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
        facts::trace(place, config)
    }

    fn facts(row: &RevenueRows, event: &Event, workspace: &Workspace<Self>) -> Option<serde_json::Value> {
        facts::facts(row, event, workspace)
    }
}

/// Puts the refolded account in the place of the one before.
fn replace(
    key: String,
    before: RevenueDoc,
    after: RevenueDoc,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let change = Change::new(workspace.meta());
    refold(vec![(key, before, after)], change, workspace)
}

/// Puts accounts (key, before, after) in the place of those before, in documents, rows and parked
/// lists, on top of a change under way.
fn refold(
    accounts: Vec<(String, RevenueDoc, RevenueDoc)>,
    mut change: Change,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let brought: Vec<(Entries, Entries)> = accounts
        .iter()
        .map(|(key, before, after)| (entries(key, before), entries(key, after)))
        .collect();
    let pairs = brought.iter().flat_map(|(was, is)| is.pairs().chain(was.pairs()));
    let book = Book::load(pairs, workspace)?;
    for (was, is) in &brought {
        change.add(was, &book, -1);
        change.add(is, &book, 1);
    }
    settlement::wait(&change.take_waiting(), workspace, &mut change)?;
    let parks = |(was, is): &(Entries, Entries)| !(was.parked.is_empty() && is.parked.is_empty());
    let mut needs: Vec<Need> = change.needs().collect();
    for ((key, ..), both) in accounts.iter().zip(&brought) {
        if parks(both) {
            needs.push(Need::Parked(key.as_str().into()));
        }
        let days = both.1.rate_days();
        needs.extend(days.iter().map(|day| Need::Doc(day.doc_key().as_str().into())));
    }
    workspace.want(needs)?;
    change.apply(workspace)?;
    for ((key, _, after), both) in accounts.into_iter().zip(brought) {
        rates::remember(&key, &both.1, workspace)?;
        if parks(&both) {
            workspace.set_parked(&key, both.1.parked)?;
        }
        workspace.put_doc(&key, after);
    }
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
