//! The rules of planners (events.md, section 9).

use serde_json::{Value, json};

use super::Planner;
use crate::domain::{
    Aggregate as _, Reason,
    scenario::{Scenario, nothing},
};

fn appoint() -> Value {
    json!({"planner_id": "A", "name": "Kim", "grade": "G1", "unit_id": "U1", "effective_from": "2026-01-01"})
}

fn grade(from: &str) -> Value {
    json!({"planner_id": "A", "grade": "G2", "effective_from": from})
}

fn transfer(from: &str) -> Value {
    json!({"planner_id": "A", "to_unit_id": "U2", "effective_from": from})
}

fn terminate(from: &str) -> Value {
    json!({"planner_id": "A", "effective_from": from, "reason": "moved"})
}

fn with(mut body: Value, field: &str, value: &str) -> Value {
    body[field] = json!(value);
    body
}

fn appointed() -> Scenario<Planner> {
    nothing().after("AppointPlanner", appoint())
}

#[test]
fn a_planner_is_appointed_once() {
    nothing::<Planner>()
        .when("AppointPlanner", appoint())
        .then(&[("PlannerAppointed", appoint())]);
    appointed()
        .when("AppointPlanner", appoint())
        .refused(Reason::AlreadyExists);
}

#[test]
fn grades_and_units_follow_each_other_in_date_order() {
    let event = with(grade("2026-02-01"), "old_grade", "G1");
    appointed()
        .when("ChangeGrade", grade("2026-02-01"))
        .then(&[("PlannerGradeChanged", event)]);
    let event = with(transfer("2026-02-01"), "from_unit_id", "U1");
    appointed()
        .when("TransferPlanner", transfer("2026-02-01"))
        .then(&[("PlannerTransferred", event)]);
    appointed()
        .when("ChangeGrade", grade("2025-12-31"))
        .refused(Reason::OverlappingAssignment);
    let moved = appointed().after("TransferPlanner", transfer("2026-03-01"));
    moved
        .when("TransferPlanner", transfer("2026-02-28"))
        .refused(Reason::OverlappingAssignment);
    let event = with(grade("2026-02-28"), "old_grade", "G1");
    moved
        .when("ChangeGrade", grade("2026-02-28"))
        .then(&[("PlannerGradeChanged", event)]);
}

#[test]
fn a_planner_leaves_once_and_changes_no_more() {
    appointed()
        .when("TerminatePlanner", terminate("2026-06-01"))
        .then(&[("PlannerTerminated", terminate("2026-06-01"))]);
    appointed()
        .when("TerminatePlanner", terminate("2025-12-31"))
        .refused(Reason::OverlappingAssignment);
    let gone = appointed().after("TerminatePlanner", terminate("2026-06-01"));
    gone.when("TerminatePlanner", terminate("2026-07-01"))
        .nothing_happens();
    gone.when("ChangeGrade", grade("2026-06-01"))
        .refused(Reason::PlannerInactive);
    gone.when("TransferPlanner", transfer("2026-06-01"))
        .refused(Reason::PlannerInactive);
}

#[test]
fn a_planner_is_active_from_the_first_day_until_the_day_of_leaving() {
    let mut planner = Planner::default();
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let day = |text: &str| text.parse().unwrap();
    let event =
        |name: &str, data: Value| plimsoll_contracts::Payload::decode(name, 1, &data.to_string()).unwrap();
    assert!(!planner.active_on(day("2026-01-01")));
    planner.evolve(&event("PlannerAppointed", appoint()), at);
    planner.evolve(&event("PlannerTerminated", terminate("2026-06-01")), at);
    let active = ["2025-12-31", "2026-01-01", "2026-05-31", "2026-06-01"].map(|d| planner.active_on(day(d)));
    assert_eq!(active, [false, true, true, false]);
}

#[test]
fn who_was_never_appointed_cannot_change() {
    nothing::<Planner>()
        .when("ChangeGrade", grade("2026-02-01"))
        .refused(Reason::NotFound);
    nothing::<Planner>()
        .when("TransferPlanner", transfer("2026-02-01"))
        .refused(Reason::NotFound);
    nothing::<Planner>()
        .when("TerminatePlanner", terminate("2026-02-01"))
        .refused(Reason::NotFound);
}
