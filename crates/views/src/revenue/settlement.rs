//! Settlement batches against what was captured and refunded: matched, missing here, missing
//! there, amount differs. A batch is compared payment by payment; what no batch has yet is counted
//! by day, and shown in the first batch of its currency that was settled on that day or later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use plimsoll_contracts::{
    Currency, Event, Id,
    events::SettlementReceived,
    rows::{RevenueSettlementRow, SettlementMeasures},
};
use serde::{Deserialize, Serialize};

use super::{
    Account, Change, Revenue, RevenueDoc, RevenueRows,
    payment::{Batch, Line, PaymentHistory, Recorded},
    refold,
};
use crate::{FoldError, Workspace, fold::Need};

/// Which batch, in the order of settlement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BatchKey {
    pub settled_on: NaiveDate,
    pub batch_id: Id,
    pub currency: Currency,
}

/// What a payment brings to settlement.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub batches: BTreeMap<BatchKey, SettlementMeasures>,
    /// Captures and refunds that no batch has, by business date.
    pub waiting: BTreeMap<(Currency, NaiveDate), Waiting>,
}

/// How many captures and refunds no batch has, and their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    count: i64,
    amount_minor: i64,
}

/// `settlements/KRW`: the batches of a currency, and what waits for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlements {
    batches: BTreeSet<(NaiveDate, Id)>,
    waiting: BTreeMap<NaiveDate, Waiting>,
}

impl Settled {
    /// One more entry that no batch has.
    pub(super) fn waits(&mut self, currency: Currency, date: NaiveDate, amount_minor: i64) {
        let waiting = self.waiting.entry((currency, date)).or_default();
        waiting.add(
            Waiting {
                count: 1,
                amount_minor,
            },
            1,
        );
    }
}

impl Waiting {
    /// Adds `sign` times another.
    pub(super) const fn add(&mut self, other: Self, sign: i64) {
        self.count += sign * other.count;
        self.amount_minor = self
            .amount_minor
            .saturating_add(sign.saturating_mul(other.amount_minor));
    }

    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// As a part of the row of the batch that it is shown in.
    const fn measures(self) -> SettlementMeasures {
        SettlementMeasures {
            lines: 0,
            matched: 0,
            missing_here: 0,
            missing_there: self.count,
            amount_differs: 0,
            settled_minor: 0,
            fee_minor: 0,
            missing_here_minor: 0,
            missing_there_minor: self.amount_minor,
            difference_minor: 0,
        }
    }
}

impl BatchKey {
    pub(super) fn row(&self, measures: SettlementMeasures) -> RevenueRows {
        RevenueRows::Settlement(RevenueSettlementRow {
            settled_on: self.settled_on,
            batch_id: self.batch_id.clone(),
            currency: self.currency,
            measures,
        })
    }
}

impl Settlements {
    /// The batch in which what waits since a day is shown.
    fn batch_for(&self, currency: Currency, date: NaiveDate) -> Option<BatchKey> {
        // What is captured now waits behind every batch so far.
        if self.batches.last().is_none_or(|(last, _)| *last < date) {
            return None;
        }
        self.batches
            .iter()
            .find(|(settled_on, _)| *settled_on >= date)
            .map(|(settled_on, batch_id)| BatchKey {
                settled_on: *settled_on,
                batch_id: batch_id.clone(),
                currency,
            })
    }

    /// What waits for a batch, in the rows of the batches, `sign` times.
    fn show(&self, currency: Currency, sign: i64, change: &mut Change) {
        for (date, waiting) in &self.waiting {
            if let Some(batch) = self.batch_for(currency, *date) {
                change.accumulate(&batch.row(waiting.measures()), sign);
            }
        }
    }
}

/// Folds a batch: it is put before the payments that it names, and among the other batches.
pub(super) fn receive(
    event: &Event,
    received: &SettlementReceived,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let mut payments: BTreeMap<&Id, Vec<Line>> = BTreeMap::new();
    for line in &received.lines {
        payments.entry(&line.payment_id).or_default().push(Line {
            capture_id: line.capture_id.clone(),
            refund_id: line.refund_id.clone(),
            amount_minor: line.amount_minor.get(),
            fee_minor: line.fee_minor.get(),
        });
    }
    let keys: Vec<String> = payments.keys().map(|id| format!("payment/{id}")).collect();
    let own = doc_key(received.currency);
    workspace.want(
        keys.iter()
            .chain([&own])
            .map(|key| Need::Doc(key.as_str().into())),
    )?;
    let mut change = Change::new(workspace.meta());
    insert(received, workspace, &mut change)?;
    let mut accounts = Vec::new();
    for (key, lines) in keys.iter().zip(payments.into_values()) {
        let before: Account<PaymentHistory> = match workspace.doc(key)? {
            Some(RevenueDoc::Payment(account)) => account.clone(),
            _ => Account::opened(workspace.config()),
        };
        let batch = Batch {
            batch_id: received.batch_id.clone(),
            settled_on: received.settled_on,
            currency: received.currency,
            lines,
        };
        let history = before
            .history
            .with(event, Recorded::Settled(batch), workspace.config());
        if let Some(history) = history {
            let after = RevenueDoc::Payment(before.continued(history));
            accounts.push((key.clone(), RevenueDoc::Payment(before), after));
        }
    }
    refold(accounts, change, workspace)
}

/// Puts a batch among the others of its currency: what waited for the one after it may show here.
fn insert(
    received: &SettlementReceived,
    workspace: &mut Workspace<Revenue>,
    change: &mut Change,
) -> Result<(), FoldError> {
    let mut settlements = load(received.currency, workspace)?;
    let batch = (received.settled_on, received.batch_id.clone());
    if settlements.batches.contains(&batch) {
        return Ok(());
    }
    settlements.show(received.currency, -1, change);
    settlements.batches.insert(batch);
    settlements.show(received.currency, 1, change);
    workspace.put_doc(&doc_key(received.currency), RevenueDoc::Settlements(settlements));
    Ok(())
}

/// Brings what waits to its new counts, and the rows in which that shows.
pub(super) fn wait(
    differences: &BTreeMap<(Currency, NaiveDate), Waiting>,
    workspace: &mut Workspace<Revenue>,
    change: &mut Change,
) -> Result<(), FoldError> {
    let currencies: BTreeSet<Currency> = differences.keys().map(|(currency, _)| *currency).collect();
    workspace.want(
        currencies
            .iter()
            .map(|currency| Need::Doc(doc_key(*currency).as_str().into())),
    )?;
    for currency in currencies {
        let mut settlements = load(currency, workspace)?;
        for ((_, date), difference) in differences.iter().filter(|((of, _), _)| *of == currency) {
            let waiting = settlements.waiting.entry(*date).or_default();
            waiting.add(*difference, 1);
            if let Some(batch) = settlements.batch_for(currency, *date) {
                change.accumulate(&batch.row(difference.measures()), 1);
            }
        }
        settlements.waiting.retain(|_, waiting| !waiting.is_nothing());
        workspace.put_doc(&doc_key(currency), RevenueDoc::Settlements(settlements));
    }
    Ok(())
}

fn load(currency: Currency, workspace: &mut Workspace<Revenue>) -> Result<Settlements, FoldError> {
    Ok(match workspace.doc(&doc_key(currency))? {
        Some(RevenueDoc::Settlements(settlements)) => settlements.clone(),
        _ => Settlements::default(),
    })
}

fn doc_key(currency: Currency) -> String {
    format!("settlements/{currency}")
}
