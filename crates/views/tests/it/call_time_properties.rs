//! `call-time`: what holds for any calls.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::{
    ImportedEvent, TenantConfig,
    config::CallAttribution,
    rows::{AgentDayRow, CentreDayRow},
};
use plimsoll_views::{CallTime, call_time::CallTimeRow};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, shuffles};

/// One call: legs one after the other, and what happens on each.
#[derive(Debug, Clone)]
struct Call {
    start_s: i64,
    queued: bool,
    legs: Vec<Leg>,
}

#[derive(Debug, Clone)]
struct Leg {
    agent: u8,
    /// From the last leg's end to this answer.
    gap_s: i64,
    /// Length; none = nobody tells the end.
    length_s: Option<i64>,
    /// Offset and length of a hold; it may lie over the end.
    hold: Option<(i64, i64)>,
    consult: Option<(u8, i64, i64)>,
    wrap_up_s: i64,
    blind: bool,
    /// A second end, or a correction, some seconds off.
    told_again_s: Option<i64>,
    corrected_s: Option<i64>,
}

fn leg() -> impl Strategy<Value = Leg> {
    let length = prop_oneof![6 => (0..5_000_i64).prop_map(Some), 1 => (-50..20_000_i64).prop_map(Some), 1 => Just(None)];
    (
        (
            0..3_u8,
            0..60_i64,
            length,
            prop::option::of((0..900_i64, 0..900_i64)),
        ),
        prop::option::of((0..3_u8, 0..600_i64, 0..600_i64)),
        (0..200_i64, any::<bool>()),
        (
            prop::option::weighted(0.2, -90..90_i64),
            prop::option::weighted(0.2, -90..90_i64),
        ),
    )
        .prop_map(
            |((agent, gap_s, length_s, hold), consult, (wrap_up_s, blind), (told_again_s, corrected_s))| {
                Leg {
                    agent,
                    gap_s,
                    length_s,
                    hold,
                    consult,
                    wrap_up_s,
                    blind,
                    told_again_s,
                    corrected_s,
                }
            },
        )
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (0..90_000_i64, any::<bool>(), prop::collection::vec(leg(), 0..4));
    prop::collection::vec(
        call.prop_map(|(start_s, queued, legs)| Call {
            start_s,
            queued,
            legs,
        }),
        1..6,
    )
}

/// Ends of sessions: agent, when, and for a lost one the seconds since its last heartbeat.
fn sessions() -> impl Strategy<Value = Vec<(u8, i64, Option<i64>)>> {
    prop::collection::vec((0..3_u8, 0..110_000_i64, prop::option::of(0..600_i64)), 0..4)
}

fn at(second: i64) -> DateTime<Utc> {
    "2026-03-01T18:00:00.250Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(second)
}

#[derive(Default)]
struct Events(Vec<ImportedEvent>);

impl Events {
    fn add(&mut self, stream: &str, second: i64, name: &str, data: &Value) {
        let number = self.0.len() as u64 + 1;
        self.0.push(event(number, stream, at(second), name, data));
    }
}

fn events(calls: &[Call], sessions: &[(u8, i64, Option<i64>)]) -> Vec<ImportedEvent> {
    let mut events = Events::default();
    for (number, call) in calls.iter().enumerate() {
        let id = format!("K{number}");
        let stream = format!("call-{id}");
        if call.queued {
            events.add(
                &stream,
                call.start_s,
                "CallQueued",
                &json!({"call_id": id, "queue": "Q"}),
            );
        }
        let mut since_s = call.start_s;
        for (leg_no, leg) in call.legs.iter().enumerate() {
            let next = call.legs.get(leg_no + 1).map(|next| next.agent);
            since_s = add_leg(&mut events, &id, leg_no, leg, since_s, next);
        }
        if call.legs.is_empty() {
            let data = json!({"call_id": id, "wait_s": 30});
            events.add(&stream, call.start_s + 30, "CallAbandoned", &data);
        }
    }
    for (number, (agent, second, silent_s)) in sessions.iter().enumerate() {
        let (stream, agent_id) = (format!("agentsession-A{agent}.{number}"), format!("A{agent}"));
        match silent_s {
            None => events.add(&stream, *second, "AgentLoggedOut", &json!({"agent_id": agent_id})),
            Some(silent_s) => {
                let heartbeat = plimsoll_contracts::time::format(at(second - silent_s));
                let data = json!({"agent_id": agent_id, "last_heartbeat_at": heartbeat});
                events.add(&stream, *second, "AgentSessionLost", &data);
            }
        }
    }
    events.0
}

/// Adds the events of a leg and gives its end, as far as told.
fn add_leg(events: &mut Events, id: &str, leg_no: usize, leg: &Leg, since_s: i64, next: Option<u8>) -> i64 {
    let (stream, segment_id) = (format!("call-{id}"), format!("{id}-{leg_no}"));
    let (start_s, agent_id) = (since_s + leg.gap_s, format!("A{}", leg.agent));
    let mut add = |second: i64, name: &str, more: Value| {
        let mut data = json!({"call_id": id, "segment_id": segment_id});
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        events.add(&stream, second, name, &data);
    };
    add(
        start_s,
        "CallConnected",
        json!({"agent_id": agent_id, "queue": "Q"}),
    );
    if let Some((from_s, length_s)) = leg.hold {
        add(start_s + from_s, "CallHeld", json!({}));
        add(start_s + from_s + length_s, "CallRetrieved", json!({}));
    }
    if let Some((consultant, from_s, length_s)) = leg.consult {
        let data =
            json!({"consult_id": "C1", "agent_id": agent_id, "consultant_id": format!("A{consultant}")});
        add(start_s + from_s, "ConsultStarted", data.clone());
        add(start_s + from_s + length_s, "ConsultEnded", data);
    }
    let Some(length_s) = leg.length_s else {
        return start_s;
    };
    let end_s = start_s + length_s;
    match next {
        Some(next) => {
            let kind = if leg.blind { "blind" } else { "attended" };
            let to_agent_id = format!("A{next}");
            add(
                end_s,
                "CallTransferred",
                json!({"kind": kind, "from_segment_id": segment_id,
                "from_agent_id": agent_id, "to_agent_id": to_agent_id}),
            );
        }
        None => add(end_s, "CallEnded", json!({"ended_by": "caller"})),
    }
    if let Some(off_s) = leg.told_again_s {
        add(end_s + off_s, "CallEnded", json!({"ended_by": "system"}));
    }
    if let Some(off_s) = leg.corrected_s {
        let ended_at = plimsoll_contracts::time::format(at(end_s + off_s));
        let data = json!({"ended_at": ended_at, "reason": "heard it", "approved_by": "U9"});
        add(end_s + 3_600, "CallSegmentCorrected", data);
    }
    if leg.wrap_up_s > 0 {
        add(end_s, "WrapUpStarted", json!({"agent_id": agent_id}));
        add(
            end_s + leg.wrap_up_s,
            "WrapUpEnded",
            json!({"agent_id": agent_id}),
        );
    }
    end_s
}

fn config(attribution: CallAttribution, max_call_s: Option<u32>) -> TenantConfig {
    TenantConfig {
        call_attribution: attribution,
        max_call_s,
        short_call_s: 10,
        ..TenantConfig::default()
    }
}

fn agents(folded: &Folded<CallTimeRow>) -> Vec<&AgentDayRow> {
    let rows = folded.rows.values().map(|stored| &stored.row);
    rows.filter_map(|row| match row {
        CallTimeRow::Agent(row) => Some(row),
        _ => None,
    })
    .collect()
}

fn centre(folded: &Folded<CallTimeRow>) -> Vec<&CentreDayRow> {
    let rows = folded.rows.values().map(|stored| &stored.row);
    rows.filter_map(|row| match row {
        CallTimeRow::Centre(row) => Some(row),
        _ => None,
    })
    .collect()
}

fn call_s_by_agent(folded: &Folded<CallTimeRow>) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in agents(folded) {
        *sums.entry(row.agent_id.to_string()).or_default() += row.call_s;
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c_r1_talk_and_hold_are_the_call_and_busy_is_no_more(calls in calls(), sessions in sessions()) {
        let events = at_positions(&events(&calls, &sessions));
        let folded = fold_in_memory::<CallTime>(&config(CallAttribution::Split, Some(14_400)), &events);
        for row in agents(&folded) {
            prop_assert_eq!(row.talk_s + row.hold_s, row.call_s);
            prop_assert_eq!(row.handle_s, row.call_s + row.acw_s);
            prop_assert!(row.talk_s >= 0 && row.hold_s >= 0, "split parts are parts: {row:?}");
            prop_assert!(row.busy_s <= row.call_s, "{row:?}");
            prop_assert!(row.busy_s <= 86_400, "a day is a day: {row:?}");
        }
        let handled: i64 = agents(&folded).iter().map(|row| row.handled).sum();
        let segments: i64 = centre(&folded).iter().map(|row| row.segments).sum();
        let contacts: i64 = centre(&folded).iter().map(|row| row.contacts_handled).sum();
        prop_assert_eq!(handled, segments);
        prop_assert!(contacts <= segments);
    }

    #[test]
    fn c_r2_the_pieces_of_a_segment_are_the_whole(calls in calls(), sessions in sessions()) {
        let events = at_positions(&events(&calls, &sessions));
        let of = |attribution| {
            let folded = fold_in_memory::<CallTime>(&config(attribution, None), &events);
            call_s_by_agent(&folded)
        };
        let split = of(CallAttribution::Split);
        prop_assert_eq!(&split, &of(CallAttribution::ByStart));
        prop_assert_eq!(&split, &of(CallAttribution::ByEnd));
    }

    #[test]
    fn g4_any_order_is_the_canonical_order(calls in calls(), sessions in sessions(), seed in any::<u64>()) {
        let config = config(CallAttribution::Split, Some(14_400));
        let mut events = events(&calls, &sessions);
        events.sort_by(|a, b| {
            (a.occurred_at, &a.stream, a.version).cmp(&(b.occurred_at, &b.stream, b.version))
        });
        let canonical = fold_in_memory::<CallTime>(&config, &at_positions(&events));
        for shuffled in shuffles(&events, |_| false).take(4) {
            let live = fold_in_batches::<CallTime>(&config, &shuffled, &mut Rng::new(seed));
            prop_assert_eq!(&live, &fold_in_memory::<CallTime>(&config, &shuffled));
            prop_assert_eq!(live.order_free(), canonical.order_free());
        }
    }
}
