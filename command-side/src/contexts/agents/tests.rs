//! The rules of agent sessions (events.md, section 7), and of the directory that spans them.

use plimsoll_contracts::{Payload, TenantId};
use serde_json::{Value, json};

use super::{
    Session,
    directory::{Open, Sessions},
};
use crate::{
    domain::{
        Reason,
        scenario::{Scenario, nothing},
    },
    handler::Directory as _,
};

fn log_in() -> Value {
    json!({"agent_id": "A1", "session_no": 3, "team": "T1", "channel": "voice"})
}

fn only() -> Value {
    json!({"agent_id": "A1"})
}

fn logged_in() -> Scenario<Session> {
    nothing().after("LogIn", log_in())
}

fn open(number: u32, channel: &str) -> Open {
    Open::from([(number, channel.parse().unwrap())])
}

#[test]
fn an_agent_has_one_open_session_on_a_channel() {
    nothing::<Session>()
        .when("LogIn", log_in())
        .then(&[("AgentLoggedIn", log_in())]);
    nothing::<Session>()
        .knowing(open(2, "voice"))
        .when("LogIn", log_in())
        .refused(Reason::SessionOpen);
    nothing::<Session>()
        .knowing(open(2, "chat"))
        .when("LogIn", log_in())
        .then(&[("AgentLoggedIn", log_in())]);
}

#[test]
fn a_session_number_is_used_once() {
    logged_in().when("LogIn", log_in()).refused(Reason::AlreadyExists);
    logged_in()
        .after("LogOut", only())
        .when("LogIn", log_in())
        .refused(Reason::AlreadyExists);
}

#[test]
fn only_an_open_session_changes_or_ends() {
    let ready = json!({"agent_id": "A1", "state": "ready"});
    logged_in()
        .when("ChangeState", ready.clone())
        .then(&[("AgentStateChanged", ready.clone())]);
    logged_in()
        .when("LogOut", only())
        .then(&[("AgentLoggedOut", only())]);
    let lost = logged_in().given(
        "AgentSessionLost",
        json!({"agent_id": "A1", "last_heartbeat_at": "2026-03-10T00:59:00.000Z"}),
    );
    for closed in [nothing(), logged_in().after("LogOut", only()), lost] {
        closed
            .when("ChangeState", ready.clone())
            .refused(Reason::SessionClosed);
        closed.when("LogOut", only()).refused(Reason::SessionClosed);
    }
}

#[test]
fn the_directory_knows_the_open_sessions_of_each_tenants_agents() {
    let mut directory = Sessions::default();
    let (main, other): (TenantId, TenantId) = (TenantId::main(), "other".parse().unwrap());
    let (agent, stream) = ("A.1".parse().unwrap(), "agentsession-A.1.3".parse().unwrap());
    let logged_in = json!({"agent_id": "A.1", "session_no": 3, "team": "T1", "channel": "voice"}).to_string();
    directory.take(
        &main,
        &stream,
        &Payload::decode("AgentLoggedIn", 1, &logged_in).unwrap(),
    );
    assert_eq!(directory.of(&main, &agent), open(3, "voice"));
    assert_eq!(directory.of(&other, &agent), Open::new());
    directory.take(
        &main,
        &stream,
        &Payload::decode("AgentLoggedOut", 1, r#"{"agent_id":"A.1"}"#).unwrap(),
    );
    assert_eq!(directory.of(&main, &agent), Open::new());
}
