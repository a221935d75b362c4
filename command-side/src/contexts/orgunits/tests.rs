//! The rules of the organisation (events.md, section 9).

use serde_json::{Value, json};

use super::{Unit, facts::Facts};
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn create() -> Value {
    json!({"unit_id": "U1", "name": "Seoul 1", "level": "branch", "parent_unit_id": "R1",
        "effective_from": "2026-01-01"})
}

fn below(parent: &str, from: &str) -> Value {
    json!({"unit_id": "U1", "parent_unit_id": parent, "effective_from": from})
}

/// The new parent exists, and these stand from it upwards.
fn above(ids: &[&str]) -> Facts {
    let above = ids.iter().map(|id| id.parse().unwrap()).collect();
    Facts {
        parent_exists: true,
        above,
        manager_active: false,
    }
}

fn created() -> Scenario<Unit> {
    nothing().knowing(above(&["R1"])).after("CreateUnit", create())
}

#[test]
fn a_unit_is_created_once_and_below_one_that_exists() {
    let fresh = nothing::<Unit>().knowing(above(&["R1"]));
    fresh
        .when("CreateUnit", create())
        .then(&[("OrgUnitCreated", create())]);
    created()
        .when("CreateUnit", create())
        .refused(Reason::AlreadyExists);
    nothing::<Unit>()
        .when("CreateUnit", create())
        .refused(Reason::NotFound);
}

#[test]
fn a_unit_never_stands_above_itself() {
    let mut event = below("R2", "2026-02-01");
    event["old_parent_unit_id"] = json!("R1");
    let free = created().knowing(above(&["R2", "TOP"]));
    free.when("MoveUnit", below("R2", "2026-02-01"))
        .then(&[("OrgUnitParentChanged", event)]);
    let cycle = created().knowing(above(&["U2", "U1", "R1"]));
    cycle
        .when("MoveUnit", below("U2", "2026-02-01"))
        .refused(Reason::HierarchyCycle);
    let own = created().knowing(above(&["U1", "R1"]));
    own.when("MoveUnit", below("U1", "2026-02-01"))
        .refused(Reason::HierarchyCycle);
}

#[test]
fn parents_follow_each_other_in_date_order_and_exist() {
    let known = created().knowing(above(&["R2"]));
    known
        .when("MoveUnit", below("R2", "2025-12-31"))
        .refused(Reason::OverlappingAssignment);
    created()
        .knowing(Facts::default())
        .when("MoveUnit", below("R9", "2026-02-01"))
        .refused(Reason::NotFound);
    nothing::<Unit>()
        .when("MoveUnit", below("R2", "2026-02-01"))
        .refused(Reason::NotFound);
}

#[test]
fn a_unit_is_led_by_an_active_planner() {
    let body = json!({"unit_id": "U1", "planner_id": "M", "effective_from": "2026-02-01"});
    let active = || Facts {
        manager_active: true,
        ..Facts::default()
    };
    created()
        .when("AssignManager", body.clone())
        .refused(Reason::PlannerInactive);
    created()
        .knowing(active())
        .when("AssignManager", body.clone())
        .then(&[("OrgUnitManagerAssigned", body.clone())]);
    nothing::<Unit>()
        .knowing(active())
        .when("AssignManager", body)
        .refused(Reason::NotFound);
}
