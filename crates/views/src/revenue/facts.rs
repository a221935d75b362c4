//! Why a cell of revenue is what it is: which events can have touched it, and what an event means
//! to it in the words of R-R1 … R-R7.

use chrono::{DateTime, Duration, DurationRound as _, NaiveDate, Timelike as _, Utc};
use plimsoll_contracts::{Event, Payload, TenantConfig, rows::RevenueRow, time};
use serde_json::{Map, Value, json};

use super::{
    COHORT, FAILURES, MINUTES, ROWS, Revenue, RevenueDoc, RevenueRows, minutes, payment,
    posting::{Failure, Kind, Posting, entries},
};
use crate::{Place, Trace, Workspace, explain::stretch, history::Bucket, orders};

/// Rates concern every cell.
const RATES: &str = "fxrate-";

/// A cell holds what payments (or orders) did in its hour, at rates of any day. What is moved to
/// the hour of its capture belongs to a payment that was captured in it.
pub(super) fn trace(place: Place<'_>, config: &TenantConfig) -> Option<Trace> {
    let streams = vec![RATES.to_owned()];
    match place {
        Place::Row {
            table: ROWS | FAILURES | COHORT,
            key,
        } => {
            let mut parts = key.split('|');
            let date: NaiveDate = parts.next()?.parse().ok()?;
            let hour: u32 = parts.next()?.parse().ok()?;
            Some(Trace {
                within: Some(stretch(config, date, |wall| wall.hour() == hour)),
                streams,
                moments: vec![config.final_after(date)],
            })
        }
        Place::Row { table: MINUTES, key } => {
            let minute: DateTime<Utc> = time::parse(key.split('|').next()?).ok()?;
            // When the watermark passes this, the minute's hour is let go.
            let gone = minute.duration_trunc(Duration::hours(1)).ok()? + Duration::hours(49);
            Some(Trace {
                within: Some((minute, minute + Duration::minutes(1))),
                streams,
                moments: vec![gone],
            })
        }
        Place::Span {
            table: ROWS | FAILURES | COHORT,
            from,
            to,
        } => Some(Trace {
            streams,
            ..Trace::of_days(config, from, to)?
        }),
        _ => None,
    }
}

/// What an event means to a row: the postings of its payment or order that are in the row, each
/// with its rates; of a rate, itself.
pub(super) fn facts(row: &RevenueRows, event: &Event, workspace: &Workspace<Revenue>) -> Option<Value> {
    let payload = event.payload().ok()?;
    if let Payload::FxRatePublished(rate) = payload {
        return Some(json!({
            "base": rate.base, "quote": rate.quote, "rate_micros": rate.rate_micros,
            "effective_from": rate.effective_from,
        }));
    }
    let (key, mut facts) = match payment::Recorded::of(payload) {
        Some((payment_id, _)) => (format!("payment/{payment_id}"), named("payment_id", payment_id)),
        None => {
            let (order_id, _) = orders::Recorded::of(payload)?;
            (format!("order/{order_id}"), named("order_id", order_id))
        }
    };
    facts.extend(ids(payload));
    let brought = entries(&key, workspace.held_doc(&key)?);
    let postings = brought.postings.iter().filter(|posting| lies_in(posting, row));
    let postings: Vec<Value> = postings
        .map(|posting| posting_facts(posting, workspace))
        .collect();
    let failures = brought
        .failures
        .iter()
        .filter(|failure| failed_in(failure, row))
        .count();
    if !postings.is_empty() {
        facts.insert("postings".to_owned(), Value::Array(postings));
    }
    if failures > 0 {
        facts.insert("failures".to_owned(), json!(failures));
    }
    Some(Value::Object(facts))
}

fn named(name: &str, id: &plimsoll_contracts::Id) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), json!(id))])
}

/// The ids by which an event names what it is about.
fn ids(payload: &Payload) -> Map<String, Value> {
    let mut ids = Map::new();
    let mut put = |name: &str, id: &dyn std::fmt::Display| ids.insert(name.to_owned(), json!(id.to_string()));
    match payload {
        Payload::PaymentCaptured(e) => {
            put("order_id", &e.order_id);
            put("capture_id", &e.capture_id);
        }
        Payload::PaymentRefunded(e) => {
            put("capture_id", &e.capture_id);
            put("refund_id", &e.refund_id);
        }
        Payload::PaymentRefundFailed(e) => {
            put("refund_id", &e.refund_id);
        }
        Payload::ChargebackOpened(e) => {
            put("capture_id", &e.capture_id);
            put("chargeback_id", &e.chargeback_id);
        }
        Payload::ChargebackReversed(e) => {
            put("chargeback_id", &e.chargeback_id);
        }
        Payload::PaymentDeclined(e) => {
            put("code", &e.code);
        }
        Payload::PaymentCaptureFailed(e) => {
            put("code", &e.code);
        }
        _ => {}
    }
    ids
}

fn lies_in(posting: &Posting, row: &RevenueRows) -> bool {
    let place = &posting.place;
    let of_cell = |row: &RevenueRow, bucket: Bucket| {
        (bucket.date, bucket.hour) == (row.business_date, row.hour)
            && (&place.channel, &place.region) == (&row.channel, &row.region)
            && (place.method, place.currency) == (row.method, row.currency)
    };
    match row {
        RevenueRows::Cell(row) => of_cell(row, posting.bucket),
        RevenueRows::Cohort(row) => of_cell(row, place.captured),
        RevenueRows::Minute(row) => {
            minutes::start_of(posting.at) == row.minute
                && (&place.channel, place.currency) == (&row.channel, row.currency)
        }
        _ => false,
    }
}

fn failed_in(failure: &Failure, row: &RevenueRows) -> bool {
    match row {
        RevenueRows::Failure(row) => {
            (failure.bucket.date, failure.bucket.hour) == (row.business_date, row.hour)
                && (&failure.channel, &failure.code) == (&row.channel, &row.code)
        }
        _ => false,
    }
}

/// A posting with the rate of its capture's day, and that of its own (R-R4).
fn posting_facts(posting: &Posting, workspace: &Workspace<Revenue>) -> Value {
    let place = &posting.place;
    let rate = |date: NaiveDate| {
        let pair = place.pair()?;
        let Some(RevenueDoc::Rates(rates)) = workspace.held_doc(&pair.doc_key()) else {
            return None;
        };
        let (rate_micros, effective_from) = rates.in_force(date)?;
        Some(json!({ "quote": pair.quote, "rate_micros": rate_micros, "effective_from": effective_from }))
    };
    json!({
        "kind": match posting.kind {
            Kind::Captured => "captured",
            Kind::Refunded => "refunded",
            Kind::RefundFailed => "refund_failed",
            Kind::ChargedBack => "charged_back",
            Kind::ChargebackReversed => "chargeback_reversed",
        },
        "at": time::format(posting.at),
        "amount_minor": posting.amount_minor,
        "tax_minor": posting.tax_minor,
        "currency": place.currency,
        "captured_on": place.captured.date,
        "rate": rate(place.captured.date),
        "rate_of_its_day": rate(posting.bucket.date),
    })
}
