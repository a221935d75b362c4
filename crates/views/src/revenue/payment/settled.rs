//! A payment against the settlement batches that name it: line by line, and what none of them has.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use plimsoll_contracts::{Currency, Id, rows::SettlementMeasures};

use super::{
    Line,
    ledger::{Capture, Ledger, Taken},
};
use crate::revenue::settlement::{BatchKey, Settled};

/// What a line can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Entry<'a> {
    Capture(&'a Id),
    Refund(&'a Id),
}

impl<'a> Ledger<'a> {
    /// What the batches say, each once; of two with one id the earlier counts.
    pub(super) fn settled(&self) -> Settled {
        let mut settled = Settled::default();
        let mut open = self.entries();
        let mut seen = BTreeSet::new();
        for batch in &self.batches {
            if !seen.insert(&batch.batch_id) {
                continue;
            }
            let key = BatchKey {
                settled_on: batch.settled_on,
                batch_id: batch.batch_id.clone(),
                currency: batch.currency,
            };
            let measures = settled.batches.entry(key).or_default();
            for line in &batch.lines {
                self.take_line(line, batch.currency, &mut open, measures);
            }
        }
        for entry in open {
            let (date, currency, amount_minor) = self.amount(entry);
            settled.waits(currency, date, amount_minor);
        }
        settled
    }

    /// The captures, and the refunds that stand.
    fn entries(&self) -> BTreeSet<Entry<'a>> {
        let captures = self.captures.keys().map(|id| Entry::Capture(id));
        let refunds = self.refunds.iter().filter(|(_, refund)| refund.stands());
        captures.chain(refunds.map(|(id, _)| Entry::Refund(id))).collect()
    }

    /// Day, currency and amount of an entry; a refund is negative.
    fn amount(&self, entry: Entry<'a>) -> (NaiveDate, Currency, i64) {
        let of_capture = |capture: &Capture| {
            let money = capture.money;
            (capture.date(), money.currency, money.amount_minor)
        };
        let of_refund = |refund: &Taken| {
            let money = refund.money;
            (refund.date, money.currency, -money.amount_minor)
        };
        match entry {
            Entry::Capture(id) => of_capture(&self.captures[id]),
            Entry::Refund(id) => of_refund(&self.refunds[id]),
        }
    }

    /// Holds a line against what it names, and takes that out of what is still open.
    fn take_line(
        &self,
        line: &Line,
        currency: Currency,
        open: &mut BTreeSet<Entry<'a>>,
        measures: &mut SettlementMeasures,
    ) {
        measures.lines += 1;
        measures.settled_minor = measures.settled_minor.saturating_add(line.amount_minor);
        measures.fee_minor = measures.fee_minor.saturating_add(line.fee_minor);
        let named: Vec<Entry<'a>> = open.iter().copied().filter(|entry| line.names(*entry)).collect();
        if named.is_empty() {
            measures.missing_here += 1;
            measures.missing_here_minor = measures.missing_here_minor.saturating_add(line.amount_minor);
            return;
        }
        let mut known_minor = 0_i64;
        for entry in named {
            open.remove(&entry);
            let (_, known, amount_minor) = self.amount(entry);
            if known == currency {
                known_minor = known_minor.saturating_add(amount_minor);
            }
        }
        let difference = line.amount_minor.saturating_sub(known_minor);
        if difference == 0 {
            measures.matched += 1;
        } else {
            measures.amount_differs += 1;
            measures.difference_minor = measures.difference_minor.saturating_add(difference);
        }
    }
}

impl Line {
    /// Whether it is about an entry of its payment.
    fn names(&self, entry: Entry<'_>) -> bool {
        match (&self.refund_id, &self.capture_id, entry) {
            (Some(refund_id), _, Entry::Refund(id)) => refund_id == id,
            (None, Some(capture_id), Entry::Capture(id)) => capture_id == id,
            (None, None, _) => true,
            _ => false,
        }
    }
}
