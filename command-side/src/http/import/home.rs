//! The stream that an event belongs to, by its type and ids, as the event catalogue has it: an event
//! on another stream would govern what nobody looks for there.

use plimsoll_contracts::{Payload, StreamId, TenantId};

/// Where an event may stand.
#[derive(Debug, PartialEq, Eq)]
enum Home {
    /// This stream.
    At(&'static str, String),
    /// Streams of this category whose id begins so and goes on with a number: the data has no more.
    Numbered(&'static str, String),
    /// Streams of this category: the data has no id of it.
    Within(&'static str),
}

/// That the stream is the event's own.
///
/// # Errors
/// In words, where the event belongs.
pub(super) fn check(stream: &StreamId, payload: &Payload, tenant: &TenantId) -> Result<(), String> {
    let (fits, belongs) = match of(payload, tenant) {
        Home::At(category, id) => (
            stream.category() == category && stream.id() == id,
            format!("`{category}-{id}`"),
        ),
        Home::Numbered(category, start) => (
            stream.category() == category && is_numbered(stream.id(), &start),
            format!("`{category}-{start}` and a number"),
        ),
        Home::Within(category) => (stream.category() == category, format!("a stream `{category}-…`")),
    };
    if fits {
        return Ok(());
    }
    let event_type = payload.event_type();
    Err(format!(
        "this {event_type} belongs on {belongs}, not on `{stream}`"
    ))
}

fn is_numbered(id: &str, start: &str) -> bool {
    let number = id.strip_prefix(start);
    number.is_some_and(|number| {
        number
            .parse::<u32>()
            .is_ok_and(|parsed| parsed.to_string() == number)
    })
}

/// A match over every event: first those whose stream's id is one field.
macro_rules! homes {
    ($payload:ident: { $($category:literal by $field:ident: $($event:ident)+;)+ } $($others:tt)+) => {
        match $payload {
            $($(Payload::$event(e) => Home::At($category, e.$field.to_string()),)+)+
            $($others)+
        }
    };
}

fn of(payload: &Payload, tenant: &TenantId) -> Home {
    homes! { payload: {
        "product" by product_id: ProductRegistered ProductPriceChanged ProductRenamed ProductRecategorised
            ProductDiscontinued;
        "order" by order_id: OrderPlaced OrderConfirmed OrderCancelled OrderLineCancelled OrderShipped
            OrderDelivered ItemReturned;
        "payment" by payment_id: PaymentRequested VirtualAccountIssued PaymentAuthorised PaymentDeclined
            PaymentCaptured PaymentCaptureFailed PaymentVoided PaymentRefunded PaymentRefundFailed
            ChargebackOpened ChargebackReversed ChargebackLost;
        "settlement" by batch_id: SettlementReceived;
        "call" by call_id: CallOffered CallQueued CallRang CallConnected CallHeld CallRetrieved ConsultStarted
            ConsultEnded CallTransferred CallEnded CallAbandoned WrapUpStarted WrapUpEnded CallSegmentCorrected;
        "policy" by policy_id: PolicyIssued PremiumPaid PremiumReversed PolicyFreeLookCancelled PolicyVoided
            PolicyLapsed PolicySurrendered PolicyReinstated PolicyMatured DeathClaimPaid
            ServicingPlannerReassigned;
        "planner" by planner_id: PlannerAppointed PlannerGradeChanged PlannerTransferred PlannerTerminated;
        "orgunit" by unit_id: OrgUnitCreated OrgUnitParentChanged OrgUnitManagerAssigned;
        "commissionrate" by rate_id: CommissionRatePublished CommissionRateCorrected;
        "overriderule" by rule_id: OverrideRulePublished;
        "clawbackschedule" by schedule_id: ClawbackSchedulePublished;
        "bonusschedule" by schedule_id: BonusSchedulePublished;
        "commissionperiod" by period: CommissionPeriodOpened CommissionPeriodClosed;
        "commissionadjustment" by adjustment_id: CommissionAdjusted;
    }
        Payload::StockReceived(e) => Home::At("stock", format!("{}@{}", e.product_id, e.warehouse_id)),
        Payload::StockAdjusted(e) => Home::At("stock", format!("{}@{}", e.product_id, e.warehouse_id)),
        Payload::StockReserved(_)
        | Payload::StockReservationRejected(_)
        | Payload::StockReservationReleased(_)
        | Payload::StockCommitted(_) => Home::Within("stock"),
        Payload::FxRatePublished(e) => Home::At("fxrate", format!("{}{}", e.base, e.quote)),
        Payload::AgentLoggedIn(e) => Home::At("agentsession", format!("{}.{}", e.agent_id, e.session_no)),
        Payload::AgentStateChanged(e) => Home::Numbered("agentsession", format!("{}.", e.agent_id)),
        Payload::AgentSessionLost(e) => Home::Numbered("agentsession", format!("{}.", e.agent_id)),
        Payload::AgentLoggedOut(e) => Home::Numbered("agentsession", format!("{}.", e.agent_id)),
        Payload::TenantConfigured(_) => Home::At("config", tenant.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use plimsoll_contracts::{events::CATALOGUE, upcast::upcast};
    use serde_json::{Value, value::RawValue};

    use super::*;

    fn check(stream: &str, event_type: &str, data: &str) -> Result<(), String> {
        let schema = CATALOGUE.iter().find(|(name, _)| *name == event_type).unwrap().1;
        let payload = Payload::decode(event_type, schema, data).unwrap();
        super::check(&stream.parse().unwrap(), &payload, &"acme".parse().unwrap())
    }

    #[test]
    fn an_event_stands_on_the_stream_of_its_ids() {
        let order = r#"{"order_id": "O1"}"#;
        let lost = r#"{"agent_id": "A1", "last_heartbeat_at": "2026-03-01T00:00:00.000Z"}"#;
        let configured = r#"{"changes": {"cut": "05:00"}}"#;
        let rate = r#"{"base": "USD", "quote": "KRW", "rate_micros": 1, "effective_from": "2026-03-01"}"#;
        let committed = r#"{"reservation_id": "R1", "qty": 1}"#;
        let received = r#"{"product_id": "P-1", "warehouse_id": "W", "qty": 1}"#;
        for (stream, event_type, data, fits) in [
            ("order-O1", "OrderConfirmed", order, true),
            ("order-O2", "OrderConfirmed", order, false),
            ("payment-O1", "OrderConfirmed", order, false),
            ("agentsession-A1.7", "AgentSessionLost", lost, true),
            ("agentsession-A1.x", "AgentSessionLost", lost, false),
            ("agentsession-A1.2.07", "AgentSessionLost", lost, false),
            ("agentsession-A2.7", "AgentSessionLost", lost, false),
            ("config-acme", "TenantConfigured", configured, true),
            ("config-main", "TenantConfigured", configured, false),
            ("order-O1", "TenantConfigured", configured, false),
            ("fxrate-USDKRW", "FxRatePublished", rate, true),
            ("fxrate-KRWUSD", "FxRatePublished", rate, false),
            ("stock-P-1@W", "StockReceived", received, true),
            ("stock-P-1@V", "StockReceived", received, false),
            ("stock-P1@W", "StockCommitted", committed, true),
            ("order-R1", "StockCommitted", committed, false),
            (
                "commissionperiod-2026-03",
                "CommissionPeriodOpened",
                r#"{"period": "2026-03"}"#,
                true,
            ),
            (
                "commissionperiod-2026-04",
                "CommissionPeriodOpened",
                r#"{"period": "2026-03"}"#,
                false,
            ),
        ] {
            let found = check(stream, event_type, data);
            assert_eq!(found.is_ok(), fits, "{event_type} on {stream}: {found:?}");
        }
    }

    /// The vectors are what feeds look like.
    #[test]
    fn every_event_of_the_vectors_stands_on_its_own_stream() {
        let mut types = BTreeSet::new();
        for file in [
            include_str!("../../../../crates/views/tests/vectors/sales-volume.json"),
            include_str!("../../../../crates/views/tests/vectors/call-time.json"),
            include_str!("../../../../crates/views/tests/vectors/revenue.json"),
            include_str!("../../../../crates/views/tests/vectors/commission.json"),
        ] {
            let file: Value = serde_json::from_str(file).unwrap();
            let cases = file["vectors"].as_array().unwrap().iter();
            for event in cases.flat_map(|case| case["events"].as_array().unwrap()) {
                let (event_type, stream) = (
                    &event["type"].as_str().unwrap(),
                    event["stream"].as_str().unwrap(),
                );
                let data = Arc::from(RawValue::from_string(event["data"].to_string()).unwrap());
                let schema = u16::try_from(event["schema"].as_u64().unwrap()).unwrap();
                let (_, data) = upcast(event_type, schema, &data);
                check(stream, event_type, data.get()).unwrap();
                types.insert((*event_type).to_owned());
            }
        }
        assert!(types.len() > 40, "{types:?}");
    }
}
