//! `commission` where something waited: what comes late still reaches its payee, once, in an open month.

use plimsoll_contracts::ImportedEvent;
use plimsoll_views::{Commission, commission::Row};
use serde_json::{Value, json};

use crate::{
    commission::FILE,
    commission_rules::{at, close},
    harness::{Folded, Vector, at_positions, event, fold_in_memory, vectors},
};

/// `M11-rate-missing-parks`: planners and a policy N with two premiums that no rate covers.
fn waiting() -> Vector {
    let mut cases = vectors(FILE).into_iter();
    cases.find(|case| case.name == "M11-rate-missing-parks").unwrap()
}

fn fold(vector: &Vector) -> Folded<Row> {
    fold_in_memory::<Commission>(&vector.config, &at_positions(&vector.events))
}

fn rate(number: u64, version: u16, component: &str, ppm: u32, on: &str) -> ImportedEvent {
    let mut data = json!({"rate_id": "R1", "version": version, "component": component,
        "basis": "monthly_premium", "payout": "as_earned", "effective_from": "2025-01-01",
        "schedule": [{"from": 1, "to": 1, "every": 1, "rate_ppm": ppm, "mode": "each"}]});
    let mut name = "CommissionRatePublished";
    if version > 1 {
        (data["reason"], data["approved_by"]) = (json!("notice"), json!("U9"));
        name = "CommissionRateCorrected";
    }
    event(number, "commissionrate-R1", at(on), name, &data)
}

fn of_policy(number: u64, name: &str, on: &str, mut data: Value) -> ImportedEvent {
    data["policy_id"] = json!("N");
    event(number, "policy-N", at(on), name, &data)
}

/// Month, payee, component and amount of every line.
fn lines(folded: &Folded<Row>) -> Vec<String> {
    let lines = folded.rows.values().filter_map(|stored| match &stored.row {
        Row::Line(row) => Some(format!(
            "{} {} {} {}",
            row.period,
            row.planner_id,
            row.component.as_str(),
            row.amount_minor
        )),
        _ => None,
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

#[test]
fn m_r2_a_correction_reaches_a_premium_that_had_waited_for_its_rate() {
    let mut vector = waiting();
    vector.events.extend([
        rate(1, 1, "new", 7_000_000, "2025-06-20T01:00:00Z"),
        rate(2, 2, "new", 7_200_000, "2025-07-10T01:00:00Z"),
    ]);
    assert_eq!(
        lines(&fold(&vector)),
        ["2025-06 A new 700000", "2025-07 A adjust 20000"]
    );
}

#[test]
fn m_r2_a_premium_that_bounced_is_not_corrected() {
    let mut vector = waiting();
    let premium = json!({"instalment_no": 1, "instalments": 1, "amount_minor": 100_000, "currency": "KRW",
        "due_on": "2025-04-10"});
    vector.events.extend([
        rate(1, 1, "new", 7_000_000, "2025-05-20T01:00:00Z"),
        of_policy(
            3,
            "PremiumReversed",
            "2025-05-21T01:00:00Z",
            json!({"instalment_no": 1, "reason": "bounced"}),
        ),
        rate(2, 2, "new", 7_200_000, "2025-06-10T01:00:00Z"),
        of_policy(4, "PremiumPaid", "2025-06-11T01:00:00Z", premium),
    ]);
    let expected = [
        "2025-05 A new 700000",
        "2025-05 A reversed -700000",
        "2025-06 A new 720000",
    ];
    assert_eq!(lines(&fold(&vector)), expected);
}

#[test]
fn m_r11_a_premium_that_waited_is_its_days_servicing_planners() {
    let mut vector = waiting();
    let reassigned = json!({"old_planner_id": "A", "planner_id": "B", "effective_from": "2025-05-20"});
    vector.events.extend([
        of_policy(
            3,
            "ServicingPlannerReassigned",
            "2025-05-20T01:00:00Z",
            reassigned,
        ),
        rate(1, 1, "maintenance", 10_000, "2025-06-20T01:00:00Z"),
    ]);
    assert_eq!(lines(&fold(&vector)), ["2025-06 A maintenance 1000"]);
}

#[test]
fn m_r12_a_repeated_premium_is_not_the_one_that_bounces() {
    let mut vector = waiting();
    let quarter = json!({"instalment_no": 3, "instalments": 3, "amount_minor": 300_000, "currency": "KRW",
        "due_on": "2025-06-10"});
    let again = json!({"instalment_no": 3, "instalments": 1, "amount_minor": 100_000, "currency": "KRW",
        "due_on": "2025-06-10"});
    vector.events.extend([
        of_policy(3, "PremiumPaid", "2025-06-10T01:00:00Z", quarter),
        of_policy(4, "PremiumPaid", "2025-06-11T01:00:00Z", again),
        of_policy(
            5,
            "PremiumReversed",
            "2025-06-12T01:00:00Z",
            json!({"instalment_no": 3, "reason": "bounced"}),
        ),
    ]);
    let folded = fold(&vector);
    let paid = folded.rows.values().find_map(|stored| match &stored.row {
        Row::Policy(row) => Some(row.paid_instalments),
        _ => None,
    });
    assert_eq!(paid, Some(2), "all three instalments of the quarter bounced");
}

#[test]
fn g6_what_waited_until_its_month_was_closed_is_carried() {
    let mut vector = waiting();
    let published = rate(1, 1, "new", 7_000_000, "2025-01-20T01:00:00Z");
    let is_issue = |event: &ImportedEvent| &*event.event_type == "PolicyIssued";
    let place = vector.events.iter().position(is_issue).unwrap();
    let issued = vector.events.remove(place);
    vector.events.insert(0, published);
    vector
        .events
        .extend([close(2, "2025-05", "2025-06-05T09:00:00Z"), issued]);
    assert_eq!(lines(&fold(&vector)), ["2025-06 A adjust 700000"]);
}

#[test]
fn m_r3_units_in_a_circle_are_climbed_once() {
    let mut vector = waiting();
    let moved = json!({"unit_id": "AG", "parent_unit_id": "B1", "effective_from": "2024-01-01"});
    let rule = json!({"rule_id": "OA", "version": 1, "level": "agency", "kind": "percent", "rate_bp": 500,
        "effective_from": "2025-01-01"});
    let before = at("2025-01-02T00:00:00Z");
    vector.events.extend([
        event(1, "orgunit-AG", before, "OrgUnitParentChanged", &moved),
        event(2, "overriderule-OA", before, "OverrideRulePublished", &rule),
        rate(3, 1, "new", 7_000_000, "2025-01-20T01:00:00Z"),
    ]);
    let expected = ["2025-04 A new 700000", "2025-04 G1 override 35000"];
    assert_eq!(lines(&fold(&vector)), expected);
}
