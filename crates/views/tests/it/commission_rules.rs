//! `commission` beyond its vectors: closed months stay, any history folds the same in any order and
//! in any batches, and what may be asked.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::ImportedEvent;
use plimsoll_views::{AnswerContext, Commission, Params, ViewQuery, commission::Row};
use serde_json::{Value, json};

use crate::{
    commission::{FILE, invariants, is_barrier},
    harness::{Folded, Rng, Vector, at_positions, event, fold_in_batches, fold_in_memory, shuffles, vectors},
};

fn case(name: &str) -> Vector {
    vectors(FILE)
        .into_iter()
        .find(|vector| vector.name == name)
        .unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn close(number: u64, period: &str, on: &str) -> ImportedEvent {
    let data = json!({"period": period, "forced": false});
    event(
        number,
        &format!("commissionperiod-{period}"),
        at(on),
        "CommissionPeriodClosed",
        &data,
    )
}

/// Period, component, `of_component` and amount of every line, in order.
fn lines(folded: &Folded<Row>) -> Vec<String> {
    let mut lines: Vec<String> = folded
        .ask::<Commission>(&[("table", "lines")])
        .iter()
        .map(|row| {
            let text = |name: &str| row.columns[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {}",
                text("period"),
                text("component"),
                text("of_component"),
                row.columns["amount_minor"]
            )
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn m_r1_a_closed_month_stays_and_the_difference_is_carried() {
    let mut vector = case("M2-lapse");
    let is_seventh = |event: &ImportedEvent| event.data.get().contains("\"instalment_no\":7");
    let place = vector.events.iter().position(is_seventh).unwrap();
    let seventh = vector.events.remove(place);
    vector.events.push(close(1, "2025-12", "2026-01-05T09:00:00Z"));
    let closed = fold_in_memory::<Commission>(&vector.config, &at_positions(&vector.events));
    let before = ["2025-03 new - 700000", "2025-12 clawback new -420000"];
    assert_eq!(lines(&closed), before, "seven paid: 60 %");
    vector.events.push(seventh);
    let late = fold_in_memory::<Commission>(&vector.config, &at_positions(&vector.events));
    let after = [
        "2025-03 new - 700000",
        "2025-12 clawback new -420000",
        "2026-01 adjust clawback -100000",
        "2026-01 adjust clawback 70000",
        "2026-01 instalment - 200000",
    ];
    assert_eq!(
        lines(&late),
        after,
        "eight paid: 50 %, carried in the first open month"
    );
    vector.events.push(close(2, "2026-01", "2026-02-05T09:00:00Z"));
    let reinstated = json!({"policy_id": "X"});
    vector.events.push(event(
        3,
        "policy-X",
        at("2026-02-10T06:00:00Z"),
        "PolicyReinstated",
        &reinstated,
    ));
    let again = fold_in_memory::<Commission>(&vector.config, &at_positions(&vector.events));
    let mut expected: Vec<&str> = after.to_vec();
    expected.extend([
        "2026-02 clawback_reversed instalment 100000",
        "2026-02 clawback_reversed new 350000",
    ]);
    assert_eq!(lines(&again), expected, "carried once");
    invariants("carried", &again);
}

/// The plan and organisation of a case, one more rate, and three policies sold by two planners each.
fn sold(vector: &Vector) -> Vec<ImportedEvent> {
    let is_policy = |event: &&ImportedEvent| event.stream.as_str().starts_with("policy-");
    let mut events: Vec<ImportedEvent> = vector.events.iter().filter(|e| !is_policy(e)).cloned().collect();
    let rate = json!({"rate_id": "R2", "version": 1, "component": "instalment", "basis": "monthly_premium",
        "schedule": [{"from": 2, "to": 20, "every": 3, "rate_ppm": 1_999_999, "mode": "spread"},
            {"from": 3, "to": 3, "every": 1, "rate_ppm": 6_000_001, "mode": "each"}],
        "payout": "as_earned", "effective_from": "2025-01-01"});
    let published = at("2024-12-21T00:00:00Z");
    events.push(event(
        1,
        "commissionrate-R2",
        published,
        "CommissionRatePublished",
        &rate,
    ));
    for (policy, (number, primary)) in [(100, "A"), (101, "B"), (102, "M1")].into_iter().enumerate() {
        let data = json!({"policy_id": format!("Q{policy}"), "product_id": "WL", "contract_date": "2025-05-05",
            "currency": "KRW", "monthly_premium_minor": 99_999, "annual_premium_minor": 1_199_988,
            "premium_mode": "monthly", "planners": [{"planner_id": primary, "share_bp": 6_667},
                {"planner_id": "M2", "share_bp": 3_333}]});
        let issued = at("2025-05-05T00:00:00Z");
        events.push(event(
            number,
            &format!("policy-Q{policy}"),
            issued,
            "PolicyIssued",
            &data,
        ));
    }
    events
}

/// What happens to some policies in two years, with a month closed now and then.
fn history(rng: &mut Rng, vector: &Vector) -> Vec<ImportedEvent> {
    let mut events = sold(vector);
    let (mut number, mut now) = (103, at("2025-05-05T00:00:00Z"));
    let mut paid = [0_u16; 3];
    let mut closed = 4;
    for _ in 0..60 {
        (number, now) = (
            number + 1,
            now + Duration::hours(60 + 240 * i64::from(rng.below(2) == 0)),
        );
        let policy = rng.below(paid.len());
        let id = format!("Q{policy}");
        let (name, data) = match rng.below(16) {
            0 => ("PolicyLapsed", json!({"policy_id": id, "reason": "unpaid"})),
            1 | 2 => ("PolicyReinstated", json!({"policy_id": id})),
            3 if rng.below(4) == 0 => ("PolicyVoided", json!({"policy_id": id, "reason": "other"})),
            4 if paid[policy] > 0 => {
                paid[policy] -= 1;
                (
                    "PremiumReversed",
                    json!({"policy_id": id, "instalment_no": paid[policy] + 1, "reason": "x"}),
                )
            }
            5 => {
                closed += 1;
                let period = format!("{}-{:02}", 2025 + closed / 12, closed % 12 + 1);
                let on = now.to_rfc3339();
                events.push(close(number, &period, &on));
                continue;
            }
            _ => {
                paid[policy] += 1;
                (
                    "PremiumPaid",
                    json!({"policy_id": id, "instalment_no": paid[policy], "instalments": 1,
                    "amount_minor": 99_999, "currency": "KRW", "due_on": "2025-05-05"}),
                )
            }
        };
        // Some come later than they happened.
        let late = Duration::days(if rng.below(6) == 0 { 50 } else { 0 });
        events.push(event(number, &format!("policy-{id}"), now - late, name, &data));
    }
    events
}

/// Rows without what hangs on the order of arrival.
fn order_free(folded: &Folded<Row>) -> (BTreeSet<String>, Vec<(String, String, String)>) {
    let (rows, parked) = folded.order_free();
    let rows = rows.into_iter().map(|row| {
        let mut columns = serde_json::to_value(&row).unwrap();
        columns["line_no"] = Value::Null;
        columns.to_string()
    });
    let mut seen = BTreeSet::new();
    for row in rows {
        // Equal lines are told apart by how often they were seen.
        let times = (0..).find(|times| seen.insert(format!("{row} {times}")));
        assert!(times.is_some());
    }
    (seen, parked)
}

#[test]
fn m_r1_any_history_folds_the_same_in_any_order_and_batches() {
    let vector = case("M4");
    let mut carried = 0;
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let events = history(&mut rng, &vector);
        let in_order = fold_in_memory::<Commission>(&vector.config, &at_positions(&events));
        invariants(&format!("history {seed}"), &in_order);
        carried += lines(&in_order)
            .iter()
            .filter(|line| line.contains(" adjust "))
            .count();
        for (run, events) in shuffles(&events, is_barrier).take(6).enumerate() {
            let shuffled = fold_in_memory::<Commission>(&vector.config, &events);
            assert_eq!(
                order_free(&shuffled),
                order_free(&in_order),
                "history {seed}, order {run}"
            );
            let batched = fold_in_batches::<Commission>(&vector.config, &events, &mut rng);
            assert_eq!(batched, shuffled, "history {seed}, batches {run}");
        }
    }
    assert!(carried > 0, "late events changed what closed months would show");
}

#[test]
fn questions_group_and_keep_to_own_rows() {
    let vector = case("M4-clawback-follows-the-payee");
    let folded = fold_in_memory::<Commission>(&vector.config, &at_positions(&vector.events));
    let by_component: Vec<(String, i64)> = folded
        .ask::<Commission>(&[("table", "lines"), ("group_by", "component")])
        .iter()
        .map(|row| (row.key.clone(), row.columns["amount_minor"].as_i64().unwrap()))
        .collect();
    let expected = [
        ("clawback|KRW", -402_500),
        ("new|KRW", 700_001),
        ("override|KRW", 105_000),
    ];
    assert_eq!(by_component, expected.map(|(key, sum)| (key.to_owned(), sum)));
    assert_eq!(
        folded
            .ask::<Commission>(&[("planner_id", "A"), ("period", "2026-02")])
            .len(),
        1
    );

    let question = CommissionQuestion::parse(&Params::new()).unwrap();
    let own = Some(BTreeSet::from(["M2".to_owned()]));
    let seen = folded
        .rows
        .values()
        .filter(|stored| question.selects(&stored.row, &own));
    let planners: BTreeSet<String> = seen
        .filter_map(|stored| match &stored.row {
            Row::Statement(row) => Some(row.planner_id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(planners, BTreeSet::from(["M2".to_owned()]));
    let context = AnswerContext {
        config: &folded.meta.config,
        watermark: folded.meta.watermark,
        now: folded.meta.watermark.unwrap(),
    };
    assert!(question.answer(&[], &context).rows.is_empty());
}

type CommissionQuestion = <Commission as plimsoll_views::View>::Query;

#[test]
fn what_is_not_there_is_refused_by_name() {
    let refused = |params: &[(&str, &str)]| {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        CommissionQuestion::parse(&params).unwrap_err().name
    };
    assert_eq!(refused(&[("known_at", "2026-02-28T00:00:00Z")]), "known_at");
    assert_eq!(refused(&[("forecast", "true")]), "forecast");
    assert_eq!(refused(&[("policy_id", "X")]), "policy_id");
    assert_eq!(refused(&[("table", "lines"), ("component", "news")]), "component");
    assert_eq!(
        refused(&[("table", "policies"), ("group_by", "period")]),
        "group_by"
    );
    assert_eq!(refused(&[("period", "2026-02"), ("from", "2026-01")]), "period");
    assert_eq!(refused(&[("from", "2026-02"), ("to", "2026-01")]), "from");
}
