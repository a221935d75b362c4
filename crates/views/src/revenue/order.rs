//! An order as revenue: under the bases `ordered` and `fulfilled` (R-R7).

use plimsoll_contracts::{config::RecognitionBasis, rows::RevenueMethod};

use super::{
    Account,
    posting::{Entries, Kind, Place, Posting},
};
use crate::{
    history::Fact,
    orders::{Ledger, Movement, OrderHistory, Recorded},
};

/// The order total when the order is placed (`ordered`) or shipped (`fulfilled`), less what is
/// cancelled and returned afterwards. Shipping goes with the order and comes back only when it is
/// cancelled as a whole.
pub(super) fn entries(order_id: &str, account: &Account<OrderHistory>) -> Entries {
    let ledger = Ledger::of(order_id, &account.history);
    let mut postings = Vec::new();
    let recognised = match account.terms.basis {
        RecognitionBasis::Captured => None,
        RecognitionBasis::Ordered => ledger.sale.map(|sale| sale.fact),
        RecognitionBasis::Fulfilled => ledger.shipped,
    };
    if let (Some(sale), Some(start)) = (ledger.sale, recognised) {
        // Under `ordered` everything comes after the placing, whatever its time says.
        let earlier = |fact: &Fact<Recorded>| {
            account.terms.basis == RecognitionBasis::Fulfilled && fact.canonical() < start.canonical()
        };
        let place = Place {
            channel: sale.order.channel.clone(),
            region: sale.order.region.clone(),
            method: RevenueMethod::Order,
            currency: sale.order.currency,
            reporting: account.terms.reporting,
            captured: start.bucket,
        };
        let post = |fact: &Fact<Recorded>, kind, amount_minor, tax_minor| Posting {
            place: place.clone(),
            bucket: fact.bucket,
            at: fact.occurred_at,
            kind,
            amount_minor,
            tax_minor,
        };
        let (before, after): (Vec<&Movement<'_>>, _) = ledger
            .movements
            .iter()
            .partition(|movement| earlier(movement.fact));
        let mut amount = sale.order.shipping_minor;
        let mut tax = 0_i64;
        for line in &sale.order.lines {
            amount = amount.saturating_add(line.net_minor());
            tax = tax.saturating_add(line.tax_minor);
        }
        for movement in before {
            amount = amount.saturating_sub(movement.value_minor);
            tax = tax.saturating_sub(movement.tax_minor);
        }
        let cancelled = ledger.cancelled_whole;
        if !cancelled.is_some_and(earlier) {
            postings.push(post(start, Kind::Captured, amount, tax));
            for movement in after {
                postings.push(post(
                    movement.fact,
                    Kind::Refunded,
                    movement.value_minor,
                    movement.tax_minor,
                ));
            }
            if let Some(fact) = cancelled {
                postings.push(post(fact, Kind::Refunded, sale.order.shipping_minor, 0));
            }
        }
    }
    Entries {
        postings,
        parked: ledger.parked,
        ..Entries::default()
    }
}
