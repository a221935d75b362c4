//! `call-time`: rules that the vectors do not show, one case each.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{
    AnswerRow, CallTime, Params, ViewQuery as _,
    call_time::{CallTimeQuery, CallTimeRow},
};
use serde_json::{Value, json};

use crate::harness::{Folded, at_positions, event, fold_in_memory};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn connected(number: u64, call: &str, time: &str) -> ImportedEvent {
    let data = json!({"call_id": call, "segment_id": format!("{call}.1"), "agent_id": "A1"});
    event(number, &format!("call-{call}"), at(time), "CallConnected", &data)
}

fn ended(number: u64, call: &str, time: &str) -> ImportedEvent {
    let data = json!({"call_id": call, "segment_id": format!("{call}.1"), "ended_by": "caller"});
    event(number, &format!("call-{call}"), at(time), "CallEnded", &data)
}

fn logged_out(number: u64, time: &str) -> ImportedEvent {
    event(
        number,
        "agentsession-A1.1",
        at(time),
        "AgentLoggedOut",
        &json!({"agent_id": "A1"}),
    )
}

fn corrected(number: u64, call: &str, time: &str, ended_at: &str) -> ImportedEvent {
    let data = json!({"call_id": call, "segment_id": format!("{call}.1"), "ended_at": ended_at,
        "reason": "the recording shows it", "approved_by": "U9"});
    event(
        number,
        &format!("call-{call}"),
        at(time),
        "CallSegmentCorrected",
        &data,
    )
}

fn fold(events: &[ImportedEvent]) -> Folded<CallTimeRow> {
    fold_in_memory::<CallTime>(&TenantConfig::default(), &at_positions(events))
}

fn day(folded: &Folded<CallTimeRow>, date: &str) -> AnswerRow {
    let mut rows = folded.ask::<CallTime>(&[("date", date), ("agent_id", "A1")]);
    assert_eq!(rows.len(), 1, "{date}");
    rows.remove(0)
}

#[test]
fn g5_a_correction_after_the_day_is_final_raises_the_revision() {
    let mut events = vec![
        connected(1, "K1", "2026-03-03T01:00:00Z"),
        ended(2, "K1", "2026-03-03T01:10:00Z"),
        corrected(3, "K1", "2026-03-03T02:00:00Z", "2026-03-03T01:09:00Z"),
        connected(4, "K2", "2026-03-07T15:00:00Z"),
    ];
    let before = day(&fold(&events), "2026-03-03");
    assert_eq!(
        (&before.columns["call_s"], before.revision),
        (&json!(540), 0),
        "still provisional"
    );
    events.push(corrected(5, "K1", "2026-03-08T01:00:00Z", "2026-03-03T01:08:00Z"));
    let after = day(&fold(&events), "2026-03-03");
    assert_eq!(
        (&after.columns["call_s"], after.revision),
        (&json!(480), 1),
        "96 h after its end"
    );
    assert_eq!(after.position.get(), 5);
}

#[test]
fn c_r4_the_next_end_of_a_session_ends_the_call_and_no_earlier_one() {
    let lost = json!({"agent_id": "A1", "last_heartbeat_at": "2026-03-03T00:59:00Z"});
    let events = [
        logged_out(1, "2026-03-03T01:00:00.200Z"),
        connected(2, "K1", "2026-03-03T01:00:00.700Z"),
        logged_out(3, "2026-03-03T01:30:00Z"),
        connected(4, "K2", "2026-03-03T02:00:00Z"),
        event(
            5,
            "agentsession-A1.2",
            at("2026-03-03T02:05:00Z"),
            "AgentSessionLost",
            &lost,
        ),
    ];
    let day = day(&fold(&events), "2026-03-03");
    assert_eq!(
        day.columns["call_s"],
        json!(1_800),
        "a heartbeat before the answer leaves nothing of K2"
    );
    assert_eq!(day.columns["estimated"], json!(2));
}

#[test]
fn c_r4_a_real_end_replaces_estimate_and_unresolved() {
    let mut events = vec![
        connected(1, "K1", "2026-03-03T01:00:00Z"),
        connected(2, "K2", "2026-03-03T06:00:00Z"),
    ];
    let count =
        |events: &[ImportedEvent], column: &str| day(&fold(events), "2026-03-03").columns[column].clone();
    assert_eq!(
        (count(&events, "unresolved"), count(&events, "open")),
        (json!(1), json!(1))
    );
    events.push(logged_out(3, "2026-03-03T06:30:00Z"));
    assert_eq!(
        (count(&events, "unresolved"), count(&events, "quarantined")),
        (json!(0), json!(1))
    );
    assert_eq!(
        (count(&events, "estimated"), count(&events, "call_s")),
        (json!(1), json!(1_800))
    );
    events.push(ended(4, "K1", "2026-03-03T01:01:00Z"));
    events.push(ended(5, "K2", "2026-03-03T06:01:00Z"));
    assert_eq!(
        (count(&events, "estimated"), count(&events, "call_s")),
        (json!(0), json!(120))
    );
    assert!(fold(&events).ask::<CallTime>(&[("table", "marked")]).is_empty());
}

#[test]
fn c_r3_the_gap_after_a_blind_transfer_is_cut_at_midnight() {
    let transfer = json!({"call_id": "K1", "kind": "blind", "from_segment_id": "K1.1",
        "from_agent_id": "A1", "to_agent_id": "A2"});
    let second = json!({"call_id": "K1", "segment_id": "K1.2", "agent_id": "A2"});
    let events = [
        connected(1, "K1", "2026-03-03T14:00:00Z"),
        event(
            2,
            "call-K1",
            at("2026-03-03T14:59:50Z"),
            "CallTransferred",
            &transfer,
        ),
        event(3, "call-K1", at("2026-03-03T15:00:05Z"), "CallConnected", &second),
    ];
    let centre = fold(&events).ask::<CallTime>(&[("table", "centre")]);
    let unowned: Vec<&Value> = centre.iter().map(|row| &row.columns["unowned_s"]).collect();
    assert_eq!(unowned, [&json!(10), &json!(5)]);
}

#[test]
fn lists_are_asked_for_by_name_and_own_ids_narrow_them() {
    let parse = |params: &[(&str, &str)]| {
        let params: Params = params
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        CallTimeQuery::parse(&params)
    };
    assert_eq!(parse(&[("live", "true")]), parse(&[("table", "live")]));
    assert_eq!(parse(&[("only", "open")]), parse(&[("table", "live")]));
    assert_eq!(
        parse(&[("only", "estimated")]),
        parse(&[("only", "estimated"), ("table", "marked")])
    );
    for refused in [
        [("live", "true"), ("table", "agents")],
        [("only", "open"), ("table", "marked")],
        [("group_by", "agent"), ("table", "live")],
        [("team", "T1"), ("table", "queues")],
    ] {
        assert!(parse(&refused).is_err(), "{refused:?}");
    }
    let folded = fold(&[connected(1, "K1", "2026-03-03T01:00:00Z")]);
    let own = |id: &str| Some([id.to_owned()].into());
    let query = parse(&[]).unwrap();
    let row = &folded
        .rows
        .values()
        .find(|stored| matches!(stored.row, CallTimeRow::Agent(_)))
        .unwrap()
        .row;
    assert!(query.selects(row, &own("A1")) && !query.selects(row, &own("A2")));
}
