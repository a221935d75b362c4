//! `call-time`: teams, service levels at any threshold (C-R8), what changed, what took long.

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{
    AnswerRow, CallTime, Params, ViewQuery, call_time::CallTimeQuery, call_time::CallTimeRow,
};
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, event, fold_in_batches, fold_in_memory, shuffles};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn logged_in(number: u64, moment: &str, agent: &str, team: &str) -> ImportedEvent {
    let data = json!({"agent_id": agent, "session_no": 1, "team": team, "channel": "voice"});
    event(
        number,
        &format!("agentsession-{agent}.1"),
        at(moment),
        "AgentLoggedIn",
        &data,
    )
}

/// A call that waits in queue Q, is answered and lasts; its events are numbered from `number`.
fn call(number: u64, moment: &str, agent: &str, wait_s: i64, length_s: i64) -> Vec<ImportedEvent> {
    let (id, start) = (format!("K{number}"), at(moment));
    let stream = format!("call-{id}");
    let answered = start + TimeDelta::seconds(wait_s);
    vec![
        event(
            number,
            &stream,
            start,
            "CallQueued",
            &json!({"call_id": id, "queue": "Q"}),
        ),
        event(
            number + 1,
            &stream,
            answered,
            "CallConnected",
            &json!({"call_id": id, "segment_id": "s", "agent_id": agent, "queue": "Q"}),
        ),
        event(
            number + 2,
            &stream,
            answered + TimeDelta::seconds(length_s),
            "CallEnded",
            &json!({"call_id": id, "segment_id": "s", "ended_by": "caller"}),
        ),
    ]
}

fn abandoned(number: u64, moment: &str, wait_s: i64) -> Vec<ImportedEvent> {
    let (id, start) = (format!("K{number}"), at(moment));
    let stream = format!("call-{id}");
    vec![
        event(
            number,
            &stream,
            start,
            "CallQueued",
            &json!({"call_id": id, "queue": "Q"}),
        ),
        event(
            number + 1,
            &stream,
            start + TimeDelta::seconds(wait_s),
            "CallAbandoned",
            &json!({"call_id": id, "queue": "Q", "wait_s": wait_s}),
        ),
    ]
}

fn case() -> Vec<ImportedEvent> {
    let calls = [
        call(10, "2026-03-02T01:00:00Z", "A1", 5, 100),
        call(20, "2026-03-02T02:00:00Z", "A2", 25, 1_000),
        call(30, "2026-03-03T01:00:00Z", "A1", 40, 200),
        abandoned(40, "2026-03-02T01:10:00Z", 8),
        abandoned(50, "2026-03-02T01:20:00Z", 30),
    ];
    let mut events = vec![
        logged_in(1, "2026-03-01T23:00:00Z", "A1", "red"),
        logged_in(2, "2026-03-01T23:00:00Z", "A2", "blue"),
        logged_in(3, "2026-03-03T00:30:00Z", "A1", "blue"),
        // Before it on the same day: the last one holds.
        logged_in(4, "2026-03-03T00:10:00Z", "A1", "red"),
    ];
    events.extend(calls.into_iter().flatten());
    events
}

fn fold(events: &[ImportedEvent]) -> Folded<CallTimeRow> {
    fold_in_memory::<CallTime>(&TenantConfig::default(), &at_positions(events))
}

fn shown(rows: &[AnswerRow], columns: &[&str]) -> Vec<Value> {
    rows.iter()
        .map(|row| columns.iter().map(|name| row.columns[*name].clone()).collect())
        .collect()
}

#[test]
fn agents_roll_up_by_the_team_of_the_day() {
    let folded = fold(&case());
    let by_team = folded.ask::<CallTime>(&[("group_by", "team,day")]);
    assert_eq!(
        shown(&by_team, &["business_date", "team", "call_s", "aht"]),
        [
            json!(["2026-03-02", "blue", 1_000, [1_000, 1]]),
            json!(["2026-03-02", "red", 100, [100, 1]]),
            json!(["2026-03-03", "blue", 200, [200, 1]]),
        ]
    );
    let blue = folded.ask::<CallTime>(&[("team", "blue")]);
    assert_eq!(
        shown(&blue, &["agent_id", "team", "call_s"]),
        [json!(["A1", "blue", 200]), json!(["A2", "blue", 1_000])]
    );
    // A day's range still knows the log-in of the day before it.
    let mut later = case();
    later.extend(call(60, "2026-03-04T01:00:00Z", "A2", 1, 10));
    let rows = fold(&later).ask::<CallTime>(&[("date", "2026-03-04"), ("group_by", "team")]);
    assert_eq!(shown(&rows, &["team", "call_s"]), [json!(["blue", 10])]);
    let mut unknown = case();
    unknown.extend(call(60, "2026-03-04T01:00:00Z", "A9", 1, 10));
    let rows = fold(&unknown).ask::<CallTime>(&[("date", "2026-03-04"), ("group_by", "team")]);
    assert_eq!(shown(&rows, &["team", "call_s"]), [json!([null, 10])]);
}

#[test]
fn c_r8_a_service_level_can_be_asked_for_at_any_threshold_and_says_which() {
    let folded = fold(&case());
    let level = |params: &[(&str, &str)]| {
        let params: Vec<(&str, &str)> = [("table", "queues"), ("group_by", "queue"), ("to", "2026-03-02")]
            .iter()
            .chain(params)
            .copied()
            .collect();
        let columns = [
            "service_level",
            "service_level_formula",
            "service_level_threshold_s",
        ];
        shown(&folded.ask::<CallTime>(&params), &columns)
    };
    // Two answered after 5 and 25 s, two abandoned after 8 and 30 s.
    assert_eq!(level(&[]), [json!([[2, 4], "F1", 20])]);
    assert_eq!(level(&[("threshold_s", "25")]), [json!([[3, 4], "F1", 25])]);
    assert_eq!(level(&[("threshold_s", "30")]), [json!([[4, 4], "F1", 30])]);
    assert_eq!(
        level(&[("threshold_s", "4"), ("formula", "F2")]),
        [json!([[0, 2], "F2", 4])]
    );
    // At the configured threshold both ways are one.
    let configured = folded.ask::<CallTime>(&[("table", "queues")]);
    let asked = folded.ask::<CallTime>(&[("table", "queues"), ("threshold_s", "20")]);
    assert_eq!(asked, configured);
}

#[test]
fn what_changed_since_a_position_is_told_alone() {
    let events = case();
    let folded = fold(&events);
    let last = events.len().to_string();
    assert_eq!(folded.ask::<CallTime>(&[("changed_since", &last)]), []);
    // The last call of all touched the queue only.
    let agents = folded.ask::<CallTime>(&[("changed_since", "9")]);
    assert_eq!(
        shown(&agents, &["agent_id", "business_date"]),
        [json!(["A1", "2026-03-03"]), json!(["A2", "2026-03-02"]),]
    );
}

#[test]
fn a_segment_longer_than_a_call_should_be_is_listed_as_long() {
    let folded = fold(&case());
    let long = folded.ask::<CallTime>(&[("only", "long")]);
    assert_eq!(
        shown(&long, &["mark", "call_id", "agent_id"]),
        [json!(["long", "K20", "A2"])]
    );
    assert_eq!(folded.ask::<CallTime>(&[("table", "marked")]), []);
}

#[test]
fn teams_waits_and_long_calls_come_in_any_order() {
    let events = case();
    let straight = fold(&events);
    for (seed, shuffled) in (0..).zip(shuffles(&events, |_| false)) {
        let folded = fold_in_memory::<CallTime>(&TenantConfig::default(), &shuffled);
        assert_eq!(folded.order_free(), straight.order_free());
        let live = fold_in_batches::<CallTime>(&TenantConfig::default(), &shuffled, &mut Rng::new(seed));
        assert_eq!(live, folded);
    }
}

#[test]
fn parameters_of_another_table_are_refused_by_name() {
    let refused = |params: &[(&str, &str)]| {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        CallTimeQuery::parse(&params).unwrap_err().name
    };
    assert_eq!(refused(&[("threshold_s", "10")]), "threshold_s");
    assert_eq!(refused(&[("table", "queues"), ("team", "red")]), "team");
    assert_eq!(
        refused(&[("table", "queues"), ("threshold_s", "soon")]),
        "threshold_s"
    );
    assert_eq!(
        refused(&[("live", "true"), ("changed_since", "1")]),
        "changed_since"
    );
    assert_eq!(refused(&[("table", "teams")]), "table");
}
