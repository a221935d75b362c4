//! Exchange rates by date (R-R4), and who has to be converted again when one arrives.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use plimsoll_contracts::{Currency, Event, events::FxRatePublished, money::div_round_half_away};
use serde::{Deserialize, Serialize};

use super::{Change, Entries, Revenue, RevenueDoc, entries};
use crate::{FoldError, Workspace, fold::Need, history::History};

/// What is worth how many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub base: Currency,
    pub quote: Currency,
}

/// The rates of a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    published: History<Rate>,
    /// The days on which postings asked for a rate.
    asked: BTreeSet<NaiveDate>,
}

/// A rate from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rate {
    rate_micros: i64,
    effective_from: NaiveDate,
}

/// A day on which a rate was asked for, by the hour of the postings that did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RateDay {
    pub pair: Pair,
    pub date: NaiveDate,
    pub hour: u8,
}

/// The rates at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Book(BTreeMap<Pair, Rates>);

impl Pair {
    pub(super) fn doc_key(self) -> String {
        format!("fx/{}{}", self.base, self.quote)
    }
}

impl RateDay {
    /// Key of the document that lists whose postings asked.
    pub(super) fn doc_key(&self) -> String {
        let Self { pair, date, hour } = self;
        format!("fxday/{}{}/{date}/{hour:02}", pair.base, pair.quote)
    }
}

impl Book {
    /// Loads the rates of some pairs.
    pub(super) fn load(
        pairs: impl Iterator<Item = Pair>,
        workspace: &mut Workspace<Revenue>,
    ) -> Result<Self, FoldError> {
        let pairs: BTreeSet<Pair> = pairs.collect();
        workspace.want(pairs.iter().map(|pair| Need::Doc(pair.doc_key().into())))?;
        let mut book = Self::default();
        for pair in pairs {
            let rates = match workspace.doc(&pair.doc_key())? {
                Some(RevenueDoc::Rates(rates)) => rates.clone(),
                _ => Rates::default(),
            };
            book.0.insert(pair, rates);
        }
        Ok(book)
    }

    /// An amount at the rate of a day, rounded half away from zero; none without a rate.
    pub(super) fn convert(&self, amount_minor: i64, pair: Pair, date: NaiveDate) -> Option<i64> {
        let rate = self.0.get(&pair)?.on(date)?;
        let to_minor = 10_i128.pow(pair.quote.minor_digits());
        let from_minor = 10_i128.pow(pair.base.minor_digits());
        let converted = div_round_half_away(
            i128::from(amount_minor) * i128::from(rate) * to_minor,
            1_000_000 * from_minor,
        );
        i64::try_from(converted).ok()
    }
}

impl Rates {
    /// The rate that holds on a day, in micros, and from when on it does.
    pub(super) fn in_force(&self, date: NaiveDate) -> Option<(i64, NaiveDate)> {
        let held = self.published.facts().iter().map(|fact| &fact.recorded);
        held.filter(|rate| rate.effective_from <= date)
            .max_by_key(|rate| rate.effective_from)
            .map(|rate| (rate.rate_micros, rate.effective_from))
    }

    /// The latest rate that holds on a day, in micros; of two for one day, the one published last.
    fn on(&self, date: NaiveDate) -> Option<i64> {
        self.in_force(date).map(|(rate_micros, _)| rate_micros)
    }
}

/// Folds a rate: what was converted at another rate, or could not be, is converted again.
pub(super) fn publish(
    event: &Event,
    published: &FxRatePublished,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    let pair = Pair {
        base: published.base,
        quote: published.quote,
    };
    let before = match workspace.doc(&pair.doc_key())? {
        Some(RevenueDoc::Rates(rates)) => rates.clone(),
        _ => Rates::default(),
    };
    let rate = Rate {
        rate_micros: published.rate_micros.get(),
        effective_from: published.effective_from,
    };
    let Some(history) = before.published.with(event, rate, workspace.config()) else {
        return Ok(());
    };
    let after = Rates {
        published: history,
        asked: before.asked.clone(),
    };
    let accounts = accounts_to_convert(pair, &before, &after, workspace)?;
    let old = Book::load(accounts.iter().flat_map(Entries::pairs), workspace)?;
    let mut new = old.clone();
    new.0.insert(pair, after.clone());
    let mut change = Change::new(workspace.meta());
    for account in &accounts {
        change.add(account, &old, -1);
        change.add(account, &new, 1);
    }
    workspace.want(change.needs())?;
    change.apply(workspace)?;
    workspace.put_doc(&pair.doc_key(), RevenueDoc::Rates(after));
    Ok(())
}

/// What the accounts bring that asked for a rate on a day for which it changes.
fn accounts_to_convert(
    pair: Pair,
    before: &Rates,
    after: &Rates,
    workspace: &mut Workspace<Revenue>,
) -> Result<Vec<Entries>, FoldError> {
    let dates = before
        .asked
        .iter()
        .filter(|date| before.on(**date) != after.on(**date));
    let days: Vec<String> = dates
        .flat_map(|date| {
            (0..24).map(|hour| {
                RateDay {
                    pair,
                    date: *date,
                    hour,
                }
                .doc_key()
            })
        })
        .collect();
    workspace.want(days.iter().map(|day| Need::Doc(day.as_str().into())))?;
    let mut keys = BTreeSet::new();
    for day in &days {
        if let Some(RevenueDoc::Keys(accounts)) = workspace.doc(day)? {
            keys.extend(accounts.iter().cloned());
        }
    }
    workspace.want(keys.iter().map(|key| Need::Doc(key.as_str().into())))?;
    let mut accounts = Vec::new();
    for key in &keys {
        if let Some(doc) = workspace.doc(key)? {
            accounts.push(entries(key, doc));
        }
    }
    Ok(accounts)
}

/// Notes an account under the days whose rates its postings use, so that a rate finds it.
pub(super) fn remember(
    key: &str,
    account: &Entries,
    workspace: &mut Workspace<Revenue>,
) -> Result<(), FoldError> {
    for day in account.rate_days() {
        let doc_key = day.doc_key();
        let mut accounts = match workspace.doc(&doc_key)? {
            Some(RevenueDoc::Keys(accounts)) => accounts.clone(),
            _ => BTreeSet::new(),
        };
        if accounts.insert(key.to_owned()) {
            workspace.put_doc(&doc_key, RevenueDoc::Keys(accounts));
        }
        let mut rates = match workspace.doc(&day.pair.doc_key())? {
            Some(RevenueDoc::Rates(rates)) => rates.clone(),
            _ => Rates::default(),
        };
        if rates.asked.insert(day.date) {
            workspace.put_doc(&day.pair.doc_key(), RevenueDoc::Rates(rates));
        }
    }
    Ok(())
}
