//! Differences on their way to the rows.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{
    Currency,
    rows::{RevenueFailureRow, RevenueMinuteRow, RevenueRow},
};

use super::{
    Entries, MINUTES, Revenue, RevenueRows, minutes,
    posting::Posting,
    rates::Book,
    seconds::{Second, SecondsRow},
    settlement::Waiting,
};
use crate::{FoldError, Meta, Row, Workspace, fold::Need, history::Bucket};

/// What is to be added to rows, by table and key.
#[derive(Debug)]
pub(super) struct Change {
    rows: BTreeMap<(&'static str, String), RevenueRows>,
    /// The first instant whose minute is still kept.
    kept_from: Option<DateTime<Utc>>,
    /// What waits for a settlement, by the day of its posting.
    waiting: BTreeMap<(Currency, NaiveDate), Waiting>,
}

impl Change {
    /// No difference yet.
    pub(super) fn new(meta: &Meta) -> Self {
        Self {
            rows: BTreeMap::new(),
            kept_from: meta.watermark.map(minutes::kept_from),
            waiting: BTreeMap::new(),
        }
    }

    /// Adds (`sign` 1) or takes away (-1) what an account brings.
    pub(super) fn add(&mut self, entries: &Entries, book: &Book, sign: i64) {
        for posting in &entries.postings {
            self.post(posting, book, sign);
        }
        for failure in &entries.failures {
            let row = RevenueFailureRow {
                business_date: failure.bucket.date,
                hour: failure.bucket.hour,
                channel: failure.channel.clone(),
                code: failure.code.clone(),
                count: 1,
            };
            self.accumulate(&RevenueRows::Failure(row), sign);
        }
        for (batch, measures) in &entries.settled.batches {
            self.accumulate(&batch.row(*measures), sign);
        }
        for (day, waiting) in &entries.settled.waiting {
            self.waiting.entry(*day).or_default().add(*waiting, sign);
        }
    }

    /// What waits for a settlement more, or less, than before.
    pub(super) fn take_waiting(&mut self) -> BTreeMap<(Currency, NaiveDate), Waiting> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|_, difference| !difference.is_nothing());
        waiting
    }

    fn post(&mut self, posting: &Posting, book: &Book, sign: i64) {
        let measures = posting.measures(book);
        let place = &posting.place;
        if self.kept_from.is_none_or(|from| posting.at >= from) {
            let row = RevenueMinuteRow {
                minute: minutes::start_of(posting.at),
                business_date: posting.bucket.date,
                channel: place.channel.clone(),
                currency: place.currency,
                measures,
            };
            self.accumulate(&RevenueRows::Minute(row), sign);
        }
        self.accumulate(
            &RevenueRows::Seconds(SecondsRow {
                minute: minutes::start_of(posting.at),
                business_date: posting.bucket.date,
                channel: place.channel.clone(),
                region: place.region.clone(),
                method: place.method,
                currency: place.currency,
                seconds: vec![Second::at(posting.at, measures)],
            }),
            sign,
        );
        let cell = |bucket: Bucket| RevenueRow {
            business_date: bucket.date,
            hour: bucket.hour,
            channel: place.channel.clone(),
            region: place.region.clone(),
            method: place.method,
            currency: place.currency,
            measures,
        };
        self.accumulate(&RevenueRows::Cell(cell(posting.bucket)), sign);
        self.accumulate(&RevenueRows::Cohort(cell(place.captured)), sign);
    }

    /// Adds `sign` times a row.
    pub(super) fn accumulate(&mut self, row: &RevenueRows, sign: i64) {
        let key = (row.table(), row.key());
        let sum = self.rows.entry(key).or_insert_with(|| row.nothing());
        sum.add(row, sign);
    }

    /// The rows that it touches, and the lists of minutes that it may lengthen.
    pub(super) fn needs(&self) -> impl Iterator<Item = Need> {
        let changed = self.rows.iter().filter(|(_, row)| !row.is_nothing());
        changed.flat_map(|((table, key), row)| {
            let hour = match row {
                RevenueRows::Minute(minute) => {
                    Some(Need::Doc(minutes::hour_doc_key(minute.minute).as_str().into()))
                }
                _ => None,
            };
            std::iter::once(Need::Row(table, key.as_str().into())).chain(hour)
        })
    }

    /// Brings the rows up to date; one in which nothing is left goes away.
    pub(super) fn apply(self, workspace: &mut Workspace<Revenue>) -> Result<(), FoldError> {
        for ((table, key), difference) in self.rows {
            if difference.is_nothing() {
                continue;
            }
            let mut row = match workspace.row(table, &key)? {
                Some(row) => row.clone(),
                None => difference.nothing(),
            };
            row.add(&difference, 1);
            if row.is_nothing() {
                workspace.remove_row(table, &key)?;
                continue;
            }
            if let (MINUTES, RevenueRows::Minute(minute)) = (table, &row) {
                minutes::remember(minute.minute, &key, workspace)?;
            }
            workspace.put_row(row)?;
        }
        Ok(())
    }
}
