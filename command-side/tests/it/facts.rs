//! Rules that look beyond one stream, over the wire.

use std::sync::Arc;

use futures::future::BoxFuture;
use plimsoll_command_side::{ParkedCount, ParkedCountError};
use plimsoll_contracts::TenantId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, answer, code};

fn planner(id: &str) -> Value {
    json!({"planner_id": id, "name": id, "grade": "G1", "unit_id": "U1", "effective_from": "2026-01-01"})
}

fn policy(id: &str, planner: &str, contract_date: &str) -> Value {
    json!({"policy_id": id, "product_id": "L1", "contract_date": contract_date, "currency": "KRW",
        "monthly_premium_minor": 100_000, "annual_premium_minor": 1_200_000, "premium_mode": "monthly",
        "planners": [{"planner_id": planner, "share_bp": 10_000}]})
}

fn unit(id: &str, parent: Option<&str>) -> Value {
    json!({"unit_id": id, "name": id, "level": "branch", "parent_unit_id": parent, "effective_from": "2026-01-01"})
}

fn log_in(session_no: u32, channel: &str) -> Value {
    json!({"agent_id": "A1", "session_no": session_no, "team": "T1", "channel": channel})
}

#[tokio::test]
async fn a_policy_is_sold_only_by_planners_who_are_active_on_its_day() {
    let house = House::new().await;
    house
        .refused(
            "policies/IssuePolicy",
            policy("X", "A", "2026-03-01"),
            "PlannerInactive",
        )
        .await;
    let mut crowded = policy("X", "A", "2026-03-01");
    crowded["planners"] = (0..101)
        .map(|n| json!({"planner_id": format!("A{n}"), "share_bp": 1}))
        .collect();
    let request = house.command("policies/IssuePolicy", "crowded", &crowded);
    let (status, problem) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["errors"][0]["pointer"], "/planners");
    house.accepted("planners/AppointPlanner", planner("A")).await;
    let leave = json!({"planner_id": "A", "effective_from": "2026-06-01", "reason": "moved"});
    house.accepted("planners/TerminatePlanner", leave).await;
    house
        .refused(
            "policies/IssuePolicy",
            policy("X", "A", "2026-06-01"),
            "PlannerInactive",
        )
        .await;
    house
        .accepted("policies/IssuePolicy", policy("X", "A", "2026-05-31"))
        .await;
}

#[tokio::test]
async fn the_free_look_follows_the_tenants_configuration() {
    let house = House::new().await;
    house.accepted("planners/AppointPlanner", planner("A")).await;
    house
        .accepted("policies/IssuePolicy", policy("X", "A", "2026-03-01"))
        .await;
    let change = house
        .request(reqwest::Method::PUT, "/v1/config")
        .json(&json!({"free_look_days": 3}));
    assert_eq!(answer(change.send().await.unwrap()).await.0, StatusCode::OK);
    let cancel = |day: &str| json!({"policy_id": "X", "occurred_at": format!("{day}T03:00:00.000Z")});
    house
        .refused("policies/CancelFreeLook", cancel("2026-03-05"), "FreeLookOver")
        .await;
    house
        .accepted("policies/CancelFreeLook", cancel("2026-03-04"))
        .await;
}

#[tokio::test]
async fn no_unit_stands_above_itself() {
    let house = House::new().await;
    house
        .refused("orgunits/CreateUnit", unit("U1", Some("TOP")), "NotFound")
        .await;
    for (id, parent) in [("TOP", None), ("U1", Some("TOP")), ("U2", Some("U1"))] {
        house.accepted("orgunits/CreateUnit", unit(id, parent)).await;
    }
    let below = |unit: &str, parent: &str| json!({"unit_id": unit, "parent_unit_id": parent, "effective_from": "2026-02-01"});
    house
        .refused("orgunits/MoveUnit", below("TOP", "U2"), "HierarchyCycle")
        .await;
    house
        .refused("orgunits/MoveUnit", below("U1", "U1"), "HierarchyCycle")
        .await;
    house.accepted("orgunits/MoveUnit", below("U2", "TOP")).await;
    house.accepted("orgunits/MoveUnit", below("U1", "U2")).await;
}

#[tokio::test]
async fn an_agent_has_one_open_session_per_channel_and_need_not_name_the_only_one() {
    let house = House::new().await;
    house
        .refused("agents/LogOut", json!({"agent_id": "A1"}), "SessionClosed")
        .await;
    house.accepted("agents/LogIn", log_in(1, "voice")).await;
    house
        .refused("agents/LogIn", log_in(2, "voice"), "SessionOpen")
        .await;
    let ready = json!({"agent_id": "A1", "state": "ready"});
    assert_eq!(
        house.accepted("agents/ChangeState", ready.clone()).await["stream"],
        "agentsession-A1.1"
    );
    house.accepted("agents/LogIn", log_in(2, "chat")).await;
    let (status, problem) = answer(
        house
            .command("agents/ChangeState", "k", &ready)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::BAD_REQUEST, &json!("/session_no"))
    );
    house
        .accepted("agents/LogOut", json!({"agent_id": "A1", "session_no": 1}))
        .await;
    assert_eq!(
        house.accepted("agents/ChangeState", ready).await["stream"],
        "agentsession-A1.2"
    );
    house.accepted("agents/LogIn", log_in(3, "voice")).await;
}

#[derive(Debug)]
struct Parked(Result<u64, ParkedCountError>);

impl ParkedCount for Parked {
    fn parked<'a>(&'a self, _: &'a TenantId) -> BoxFuture<'a, Result<u64, ParkedCountError>> {
        Box::pin(async { self.0.clone() })
    }
}

async fn house_with(parked: Result<u64, ParkedCountError>) -> House {
    House::with(|side| side.with_parked_count(Arc::new(Parked(parked)))).await
}

#[tokio::test]
async fn m_r1_periods_close_in_order() {
    let house = house_with(Ok(0)).await;
    house
        .accepted("commissions/OpenPeriod", json!({"period": "2026-01"}))
        .await;
    // 2026-02 is untouched: the month directly before says nothing.
    house
        .refused(
            "commissions/ClosePeriod",
            json!({"period": "2026-03"}),
            "PreviousPeriodOpen",
        )
        .await;
    for month in ["2026-01", "2026-02"] {
        house
            .accepted("commissions/ClosePeriod", json!({"period": month}))
            .await;
    }
    house
        .refused(
            "commissions/OpenPeriod",
            json!({"period": "2025-12"}),
            "PeriodClosed",
        )
        .await;
    house
        .refused(
            "commissions/ClosePeriod",
            json!({"period": "2026-02"}),
            "PeriodClosed",
        )
        .await;
}

#[tokio::test]
async fn m_r1_a_period_with_parked_events_closes_only_when_forced() {
    let house = house_with(Ok(2)).await;
    house
        .refused(
            "commissions/ClosePeriod",
            json!({"period": "2026-01"}),
            "ParkedEventsRemain",
        )
        .await;
    house
        .accepted(
            "commissions/ClosePeriod",
            json!({"period": "2026-01", "forced": true}),
        )
        .await;
}

#[tokio::test]
async fn m_r1_without_the_parked_number_only_a_forced_close_goes_through() {
    let unknown = house_with(Err(ParkedCountError(
        "the commission view is rebuilding".to_owned(),
    )))
    .await;
    for house in [House::new().await, unknown] {
        let close = json!({"period": "2026-01"});
        let request = house.command("commissions/ClosePeriod", "k1", &close);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["retry-after"], "1");
        let (status, problem) = answer(response).await;
        assert_eq!(
            (status, code(&problem)),
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        );
        house
            .accepted(
                "commissions/ClosePeriod",
                json!({"period": "2026-01", "forced": true}),
            )
            .await;
        // The first key was not used up by a failure that passes.
        let (status, problem) = answer(
            house
                .command("commissions/ClosePeriod", "k1", &close)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(
            (status, problem["reason"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("PeriodClosed"))
        );
    }
}
