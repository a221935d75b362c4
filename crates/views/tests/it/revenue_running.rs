//! `revenue`: the questions whose answers move with the clock (R-R1, R-R5).

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{ImportedEvent, TenantConfig};
use plimsoll_views::{AnswerRow, Params, Revenue, ViewQuery, revenue::RevenueQuery, revenue::RevenueRows};
use serde_json::{Value, json};

use crate::harness::{Folded, at_positions, event, fold_in_memory};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn captured(number: u64, moment: DateTime<Utc>, amount: i64, channel: &str) -> ImportedEvent {
    let payment = format!("p{number}");
    let data = json!({
        "payment_id": payment, "order_id": "O", "capture_id": "c", "amount_minor": amount, "tax_minor": amount / 11,
        "currency": "KRW", "method": "card", "channel": channel, "region": "KR",
    });
    event(
        number,
        &format!("payment-{payment}"),
        moment,
        "PaymentCaptured",
        &data,
    )
}

/// Captures at instants (all of one channel).
fn captures(list: &[(&str, i64)]) -> Folded<RevenueRows> {
    let events: Vec<ImportedEvent> = (1..)
        .zip(list)
        .map(|(number, (moment, amount))| captured(number, at(moment), *amount, "web"))
        .collect();
    fold(&events)
}

fn fold(events: &[ImportedEvent]) -> Folded<RevenueRows> {
    fold_in_memory::<Revenue>(&TenantConfig::default(), &at_positions(events))
}

fn only(rows: &[AnswerRow], column: &str) -> Value {
    match rows {
        [row] => row.columns[column].clone(),
        rows => panic!("one row, not {rows:?}"),
    }
}

#[test]
fn r_r1_a_sliding_window_lets_go_to_the_second_and_says_when() {
    let folded = captures(&[
        ("2026-03-10T00:00:00.400Z", 100),
        ("2026-03-10T00:00:30Z", 20),
        ("2026-03-10T00:01:00Z", 3),
    ]);
    let params = [("sliding_s", "60")];
    let mut now = at("2026-03-10T00:01:00Z");
    let mut seen = Vec::new();
    loop {
        let rows = folded.ask_at::<Revenue>(&params, now);
        seen.push((
            now.to_rfc3339(),
            rows.first().map(|row| row.columns["net_minor"].clone()),
        ));
        match folded.changes_at::<Revenue>(&params, now) {
            Some(next) => now = next,
            None => break,
        }
    }
    let seen: Vec<(&str, Option<i64>)> = seen
        .iter()
        .map(|(now, net)| (&now[11..19], net.as_ref().and_then(Value::as_i64)))
        .collect();
    // The first second of all has left at the start: (00:00:00, 00:01:00].
    assert_eq!(
        seen,
        [("00:01:00", Some(23)), ("00:01:30", Some(3)), ("00:02:00", None)]
    );
}

#[test]
fn r_r1_what_is_dated_ahead_enters_a_window_when_its_time_comes() {
    let folded = captures(&[("2026-03-10T00:00:00Z", 1), ("2026-03-10T00:10:00Z", 10)]);
    let params = [("sliding_s", "3600")];
    let now = at("2026-03-10T00:05:00Z");
    assert_eq!(only(&folded.ask_at::<Revenue>(&params, now), "net_minor"), 1);
    let next = folded.changes_at::<Revenue>(&params, now).unwrap();
    assert_eq!(next, at("2026-03-10T00:10:00Z"));
    assert_eq!(only(&folded.ask_at::<Revenue>(&params, next), "net_minor"), 11);
}

#[test]
fn r_r5_both_sides_grow_with_the_clock_and_a_new_day_begins_at_nothing() {
    // 10:00, 11:30 and 11:45 in Seoul; today 10:00.
    let folded = captures(&[
        ("2026-03-09T01:00:00Z", 200),
        ("2026-03-09T02:30:00Z", 100),
        ("2026-03-09T02:45:00Z", 1),
        ("2026-03-10T01:00:00Z", 150),
    ]);
    let params = [("compare", "previous_day")];
    let shown = |now: DateTime<Utc>| {
        let rows = folded.ask_at::<Revenue>(&params, now);
        ["current_minor", "base_minor", "change_bp"].map(|column| only(&rows, column))
    };
    let now = at("2026-03-10T02:00:00Z");
    assert_eq!(shown(now), [json!(150), json!(200), json!(-2_500)]);
    let next = folded.changes_at::<Revenue>(&params, now).unwrap();
    assert_eq!(next, at("2026-03-10T02:30:00.001Z"));
    assert_eq!(shown(next), [json!(150), json!(300), json!(-5_000)]);
    let late = at("2026-03-10T14:00:00Z");
    let midnight = folded.changes_at::<Revenue>(&params, late).unwrap();
    assert_eq!(midnight, at("2026-03-10T15:00:00Z"));
    // The 11th has nothing, and the 10th had nothing at its midnight either.
    assert_eq!(folded.ask_at::<Revenue>(&params, midnight), []);
}

#[test]
fn r_r5_week_and_month_to_date_begin_on_monday_and_the_first() {
    // 2026-03-10 is a Tuesday.
    let folded = captures(&[
        ("2026-02-28T15:00:00Z", 1),
        ("2026-03-07T00:00:00Z", 20),
        ("2026-03-08T15:00:00Z", 300),
        ("2026-03-10T00:00:00Z", 4_000),
        ("2026-02-01T00:00:00Z", 70_000),
        ("2026-02-15T00:00:00Z", 800_000),
    ]);
    let now = at("2026-03-10T01:00:00Z");
    let to_date =
        |params: &[(&str, &str)], column: &str| only(&folded.ask_at::<Revenue>(params, now), column);
    assert_eq!(to_date(&[("to_date", "day")], "net_minor"), 4_000);
    assert_eq!(to_date(&[("to_date", "week")], "net_minor"), 4_300);
    assert_eq!(to_date(&[("to_date", "month")], "net_minor"), 4_321);
    let month = [("to_date", "month"), ("compare", "previous_month")];
    assert_eq!(to_date(&month, "base_minor"), 70_000);
    let week = [("to_date", "week"), ("compare", "same_weekday_last_week")];
    assert_eq!(to_date(&week, "base_minor"), 0);
    assert_eq!(to_date(&week, "change_bp"), Value::Null);
}

#[test]
fn r_r5_a_profile_wants_its_days_and_takes_the_share_they_had_by_now() {
    // Twenty-eight days, each with a quarter by eleven o'clock in Seoul, then today.
    let days = |count: i64| {
        let mut events = Vec::new();
        let noon = at("2026-03-10T01:30:00Z");
        for day in 1..=count {
            let number = u64::try_from(day).unwrap() * 2;
            events.push(captured(number, noon - TimeDelta::days(day), 100, "web"));
            let evening = noon - TimeDelta::days(day) + TimeDelta::hours(6);
            events.push(captured(number + 1, evening, 300, "web"));
        }
        events.push(captured(1, noon, 1_000, "web"));
        fold(&events)
    };
    let now = at("2026-03-10T02:00:00Z");
    let params = [("run_rate", "profile")];
    let enough = days(28).ask_at::<Revenue>(&params, now);
    assert_eq!(only(&enough, "profile_bp"), 2_500);
    assert_eq!(only(&enough, "profile_minor"), 4_000);
    // 11 of 24 hours.
    assert_eq!(only(&enough, "linear_minor"), 1_000 * 24 / 11);
    let few = days(27).ask_at::<Revenue>(&params, now);
    assert_eq!(only(&few, "profile_minor"), Value::Null);
    let told = [("run_rate", "profile"), ("profile_bp", "5000")];
    assert_eq!(
        only(&days(1).ask_at::<Revenue>(&told, now), "profile_minor"),
        2_000
    );
}

#[test]
fn r_r5_a_day_that_is_over_is_held_against_the_whole_day_before() {
    let folded = captures(&[
        ("2026-03-08T01:00:00Z", 200),
        ("2026-03-08T14:59:59Z", 100),
        ("2026-03-09T14:00:00Z", 450),
    ]);
    let params = [("date", "2026-03-09"), ("compare", "previous_day")];
    let rows = folded.ask_at::<Revenue>(&params, at("2026-03-20T00:00:00Z"));
    assert_eq!(
        (only(&rows, "base_minor"), only(&rows, "change_bp")),
        (json!(300), json!(5_000))
    );
    assert_eq!(
        folded.changes_at::<Revenue>(&params, at("2026-03-20T00:00:00Z")),
        None
    );
}

#[test]
fn r_r4_groups_and_filters_hold_for_windows_that_move_and_tax_can_be_left_out() {
    let now = at("2026-03-10T00:30:00Z");
    let events = [
        captured(1, now - TimeDelta::minutes(10), 1_100, "web"),
        captured(2, now - TimeDelta::minutes(5), 2_200, "app"),
    ];
    let folded = fold(&events);
    let by_channel = folded.ask_at::<Revenue>(&[("sliding_s", "3600"), ("group_by", "channel")], now);
    let shown: Vec<(&str, &Value)> = by_channel
        .iter()
        .map(|row| (row.key.as_str(), &row.columns["net_minor"]))
        .collect();
    assert_eq!(shown, [("app|KRW", &json!(2_200)), ("web|KRW", &json!(1_100))]);
    let supply = [("to_date", "day"), ("channel", "web"), ("incl_tax", "false")];
    let rows = folded.ask_at::<Revenue>(&supply, now);
    assert_eq!(
        (only(&rows, "net_minor"), only(&rows, "current_minor")),
        (json!(1_000), json!(1_000))
    );
}

#[test]
fn a_question_that_moves_refuses_what_does_not_go_with_it() {
    let refused = |params: &[(&str, &str)]| {
        let params: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        RevenueQuery::parse(&params).unwrap_err().name
    };
    assert_eq!(refused(&[("sliding_s", "0")]), "sliding_s");
    assert_eq!(refused(&[("sliding_s", "172801")]), "sliding_s");
    assert_eq!(refused(&[("sliding_s", "60"), ("compare", "1")]), "sliding_s");
    assert_eq!(
        refused(&[("sliding_s", "60"), ("date", "2026-03-01")]),
        "sliding_s"
    );
    assert_eq!(refused(&[("to_date", "day"), ("window", "1h")]), "window");
    assert_eq!(refused(&[("to_date", "day"), ("group_by", "hour")]), "group_by");
    assert_eq!(refused(&[("compare", "0")]), "compare");
    assert_eq!(refused(&[("compare", "yesterday")]), "compare");
    assert_eq!(
        refused(&[("to_date", "week"), ("run_rate", "profile")]),
        "run_rate"
    );
    assert_eq!(refused(&[("profile_bp", "4000")]), "profile_bp");
    assert_eq!(refused(&[("now", "2026-03-01T00:00:00Z")]), "now");
    assert_eq!(
        refused(&[("from", "2026-03-01"), ("to", "2026-03-02"), ("compare", "1")]),
        "from"
    );
    assert_eq!(
        refused(&[("compare", "1"), ("attribution", "cohort")]),
        "attribution"
    );
    assert_eq!(refused(&[("table", "minutes"), ("sliding_s", "60")]), "sliding_s");
}
