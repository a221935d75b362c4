//! The rules of policies (events.md, section 8).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Policy, facts::Facts};
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn issue(shares: &[(&str, u32)]) -> Value {
    let planners: Vec<Value> = shares
        .iter()
        .map(|(id, bp)| json!({"planner_id": id, "share_bp": bp}))
        .collect();
    json!({"policy_id": "X", "product_id": "L1", "contract_date": "2026-03-01", "currency": "KRW",
        "monthly_premium_minor": 100_000, "annual_premium_minor": 1_200_000, "premium_mode": "monthly",
        "planners": planners})
}

fn issued() -> Scenario<Policy> {
    nothing().after("IssuePolicy", issue(&[("A", 6_000), ("B", 4_000)]))
}

fn premium(no: u16, instalments: u16) -> Value {
    json!({"policy_id": "X", "instalment_no": no, "instalments": instalments, "amount_minor": 100_000,
        "currency": "KRW", "due_on": "2026-03-01"})
}

fn only() -> Value {
    json!({"policy_id": "X"})
}

fn because(reason: &str) -> Value {
    json!({"policy_id": "X", "reason": reason})
}

fn money(field: &str, amount: i64, currency: &str) -> Value {
    json!({"policy_id": "X", field: amount, "currency": currency})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn inactive(id: &str) -> Facts {
    Facts {
        inactive: BTreeSet::from([id.parse().unwrap()]),
        ..Facts::default()
    }
}

fn lapsed() -> Scenario<Policy> {
    issued()
        .at("2026-05-31T03:00:00Z")
        .after("LapsePolicy", because("unpaid"))
}

#[test]
fn shares_make_a_whole_and_each_planner_has_one() {
    let body = issue(&[("A", 6_000), ("B", 4_000)]);
    nothing::<Policy>()
        .when("IssuePolicy", body.clone())
        .then(&[("PolicyIssued", body)]);
    for shares in [
        &[][..],
        &[("A", 9_999)],
        &[("A", 6_000), ("B", 4_001)],
        &[("A", u32::MAX), ("B", 10_001)],
    ] {
        nothing::<Policy>()
            .when("IssuePolicy", issue(shares))
            .refused(Reason::SharesNotWhole);
    }
    let twice = issue(&[("A", 6_000), ("A", 4_000)]);
    nothing::<Policy>()
        .when("IssuePolicy", twice)
        .malformed("/planners/1/planner_id");
}

#[test]
fn a_policy_is_issued_once_with_a_premium_and_by_active_planners() {
    issued()
        .when("IssuePolicy", issue(&[("A", 10_000)]))
        .refused(Reason::AlreadyExists);
    let free = with(issue(&[("A", 10_000)]), "monthly_premium_minor", json!(0));
    nothing::<Policy>()
        .when("IssuePolicy", free)
        .refused(Reason::InvalidAmount);
    let with_b = issue(&[("A", 6_000), ("B", 4_000)]);
    nothing::<Policy>()
        .knowing(inactive("B"))
        .when("IssuePolicy", with_b)
        .refused(Reason::PlannerInactive);
}

#[test]
fn premiums_come_in_order() {
    issued()
        .when("PayPremium", premium(1, 1))
        .then(&[("PremiumPaid", premium(1, 1))]);
    issued()
        .when("PayPremium", premium(2, 1))
        .refused(Reason::InstalmentOutOfOrder);
    let quarter = issued().after("PayPremium", premium(1, 3));
    quarter
        .when("PayPremium", premium(2, 3))
        .refused(Reason::InstalmentOutOfOrder);
    quarter
        .when("PayPremium", premium(4, 3))
        .then(&[("PremiumPaid", premium(4, 3))]);
}

#[test]
fn a_premium_is_above_0_in_the_policys_currency_and_covers_something() {
    issued()
        .when("PayPremium", with(premium(1, 1), "amount_minor", json!(0)))
        .refused(Reason::InvalidAmount);
    issued()
        .when("PayPremium", with(premium(1, 1), "currency", json!("USD")))
        .refused(Reason::CurrencyMismatch);
    issued()
        .when("PayPremium", premium(1, 0))
        .malformed("/instalments");
}

#[test]
fn only_the_last_paid_premium_is_reversed() {
    let reverse = |no: u16| with(because("bounced"), "instalment_no", json!(no));
    issued()
        .when("ReversePremium", reverse(1))
        .refused(Reason::InstalmentOutOfOrder);
    let paid = issued()
        .after("PayPremium", premium(1, 1))
        .after("PayPremium", premium(2, 1));
    paid.when("ReversePremium", reverse(1))
        .refused(Reason::InstalmentOutOfOrder);
    paid.when("ReversePremium", reverse(2))
        .then(&[("PremiumReversed", reverse(2))]);
    paid.after("ReversePremium", reverse(2))
        .when("PayPremium", premium(2, 1))
        .then(&[("PremiumPaid", premium(2, 1))]);
}

#[test]
fn the_free_look_lasts_as_long_as_configured() {
    let last_day = issued().at("2026-03-31T14:59:59Z");
    last_day
        .when("CancelFreeLook", only())
        .then(&[("PolicyFreeLookCancelled", only())]);
    last_day
        .at("2026-03-31T15:00:00Z")
        .when("CancelFreeLook", only())
        .refused(Reason::FreeLookOver);
    let mut short = Facts::default();
    short.config.free_look_days = 15;
    let after = issued().at("2026-03-17T03:00:00Z").knowing(short);
    after.when("CancelFreeLook", only()).refused(Reason::FreeLookOver);
}

#[test]
fn what_needs_a_policy_in_force_is_refused_without() {
    let ended = [
        lapsed(),
        issued().after("CancelFreeLook", only()),
        issued().after("VoidPolicy", because("other")),
        issued().after("SurrenderPolicy", money("surrender_value_minor", 5, "KRW")),
        issued().after("MaturePolicy", only()),
        issued().after("PayDeathClaim", money("amount_minor", 5, "KRW")),
    ];
    for policy in ended {
        policy
            .when("PayPremium", premium(1, 1))
            .refused(Reason::PolicyNotInForce);
        policy
            .when("LapsePolicy", because("unpaid"))
            .refused(Reason::PolicyNotInForce);
        policy
            .when("CancelFreeLook", only())
            .refused(Reason::PolicyNotInForce);
        policy
            .when("MaturePolicy", only())
            .refused(Reason::PolicyNotInForce);
        let out = money("surrender_value_minor", 5, "KRW");
        policy
            .when("SurrenderPolicy", out)
            .refused(Reason::PolicyNotInForce);
        policy
            .when("PayDeathClaim", money("amount_minor", 5, "KRW"))
            .refused(Reason::PolicyNotInForce);
    }
}

#[test]
fn payouts_are_in_the_policys_currency() {
    let surrender = money("surrender_value_minor", 5, "KRW");
    issued()
        .when("SurrenderPolicy", surrender.clone())
        .then(&[("PolicySurrendered", surrender)]);
    issued()
        .when("SurrenderPolicy", money("surrender_value_minor", 5, "USD"))
        .refused(Reason::CurrencyMismatch);
    issued()
        .when("SurrenderPolicy", money("surrender_value_minor", -5, "KRW"))
        .refused(Reason::InvalidAmount);
    let claim = money("amount_minor", 5, "KRW");
    issued()
        .when("PayDeathClaim", claim.clone())
        .then(&[("DeathClaimPaid", claim)]);
    issued()
        .when("PayDeathClaim", money("amount_minor", 5, "USD"))
        .refused(Reason::CurrencyMismatch);
}

#[test]
fn a_policy_is_voided_even_after_a_lapse_but_once() {
    let void = because("misrepresentation");
    lapsed()
        .when("VoidPolicy", void.clone())
        .then(&[("PolicyVoided", void.clone())]);
    lapsed()
        .after("VoidPolicy", void.clone())
        .when("VoidPolicy", void)
        .refused(Reason::PolicyNotInForce);
}

#[test]
fn only_a_lapsed_policy_is_reinstated_and_within_the_term() {
    issued()
        .when("ReinstatePolicy", only())
        .refused(Reason::PolicyNotLapsed);
    let last_day = lapsed().at("2029-05-31T03:00:00Z");
    last_day
        .when("ReinstatePolicy", only())
        .then(&[("PolicyReinstated", only())]);
    lapsed()
        .at("2029-06-01T03:00:00Z")
        .when("ReinstatePolicy", only())
        .refused(Reason::ReinstatementExpired);
    let back = lapsed().after("ReinstatePolicy", only());
    back.when("PayPremium", premium(1, 1))
        .then(&[("PremiumPaid", premium(1, 1))]);
    back.when("ReinstatePolicy", only())
        .refused(Reason::PolicyNotLapsed);
}

#[test]
fn m_r11_servicing_passes_from_the_primary_to_active_planners() {
    let to = |planner: &str| json!({"policy_id": "X", "planner_id": planner, "effective_from": "2026-06-01"});
    let event = |old: &str, planner: &str| with(to(planner), "old_planner_id", json!(old));
    issued()
        .when("ReassignServicingPlanner", to("C"))
        .then(&[("ServicingPlannerReassigned", event("A", "C"))]);
    let moved = issued().after("ReassignServicingPlanner", to("C"));
    moved
        .when("ReassignServicingPlanner", to("D"))
        .then(&[("ServicingPlannerReassigned", event("C", "D"))]);
    moved
        .knowing(inactive("D"))
        .when("ReassignServicingPlanner", to("D"))
        .refused(Reason::PlannerInactive);
}

#[test]
fn what_was_never_issued_cannot_change() {
    for (command, body) in [
        ("PayPremium", premium(1, 1)),
        ("CancelFreeLook", only()),
        ("VoidPolicy", because("other")),
        ("LapsePolicy", because("x")),
        ("ReinstatePolicy", only()),
    ] {
        nothing::<Policy>().when(command, body).refused(Reason::NotFound);
    }
}
