//! The rules of calls (events.md, section 7; C-R1, C-R3, C-R7).

use serde_json::{Value, json};

use super::Call;
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn call() -> Value {
    json!({"call_id": "K1"})
}

fn segment(id: &str) -> Value {
    json!({"call_id": "K1", "segment_id": id})
}

fn agent(id: &str) -> Value {
    json!({"call_id": "K1", "segment_id": id, "agent_id": "A1"})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn end(id: &str) -> Value {
    with(segment(id), "ended_by", json!("caller"))
}

fn consult(id: &str) -> Value {
    json!({"call_id": "K1", "consult_id": id, "segment_id": "s1", "agent_id": "A1", "consultant_id": "A2"})
}

fn transfer() -> Value {
    json!({"call_id": "K1", "kind": "blind", "from_segment_id": "s1", "from_agent_id": "A1", "to_agent_id": "A2"})
}

fn offered() -> Scenario<Call> {
    nothing().after("OfferCall", with(call(), "direction", json!("in")))
}

/// Connected at 01:00.
fn connected() -> Scenario<Call> {
    offered().after("ConnectCall", agent("s1"))
}

fn ended() -> Scenario<Call> {
    connected().at("2026-03-10T01:05:00Z").after("EndCall", end("s1"))
}

#[test]
fn a_call_is_offered_once() {
    let body = with(call(), "direction", json!("in"));
    nothing::<Call>()
        .when("OfferCall", body.clone())
        .then(&[("CallOffered", body.clone())]);
    offered().when("OfferCall", body).refused(Reason::AlreadyExists);
}

#[test]
fn a_call_queues_rings_and_connects() {
    let queue = with(call(), "queue", json!("Q1"));
    offered()
        .when("QueueCall", queue.clone())
        .then(&[("CallQueued", queue)]);
    offered()
        .when("RingAgent", agent("s1"))
        .then(&[("CallRang", agent("s1"))]);
    offered()
        .when("ConnectCall", agent("s1"))
        .then(&[("CallConnected", agent("s1"))]);
}

#[test]
fn a_segment_id_is_used_once() {
    connected()
        .when("ConnectCall", agent("s1"))
        .refused(Reason::AlreadyExists);
    ended()
        .when("ConnectCall", agent("s1"))
        .refused(Reason::AlreadyExists);
    ended()
        .when("ConnectCall", agent("s2"))
        .then(&[("CallConnected", agent("s2"))]);
}

#[test]
fn hold_and_retrieve_alternate() {
    connected()
        .when("HoldCall", segment("s1"))
        .then(&[("CallHeld", segment("s1"))]);
    connected()
        .when("RetrieveCall", segment("s1"))
        .refused(Reason::WrongCallState);
    let held = connected().after("HoldCall", segment("s1"));
    held.when("HoldCall", segment("s1"))
        .refused(Reason::WrongCallState);
    held.when("RetrieveCall", segment("s1"))
        .then(&[("CallRetrieved", segment("s1"))]);
    ended()
        .when("HoldCall", segment("s1"))
        .refused(Reason::WrongCallState);
    connected()
        .when("HoldCall", segment("s9"))
        .refused(Reason::NotFound);
}

#[test]
fn a_consultation_begins_and_ends_once() {
    connected()
        .when("StartConsult", consult("c1"))
        .then(&[("ConsultStarted", consult("c1"))]);
    connected()
        .when("EndConsult", consult("c1"))
        .refused(Reason::NotFound);
    let asking = connected().after("StartConsult", consult("c1"));
    asking
        .when("StartConsult", consult("c1"))
        .refused(Reason::AlreadyExists);
    asking
        .when("EndConsult", consult("c1"))
        .then(&[("ConsultEnded", consult("c1"))]);
    asking
        .after("EndConsult", consult("c1"))
        .when("EndConsult", consult("c1"))
        .refused(Reason::WrongCallState);
    ended()
        .when("StartConsult", consult("c1"))
        .refused(Reason::WrongCallState);
}

#[test]
fn c_r3_a_transfer_ends_the_giving_agents_segment() {
    connected()
        .when("TransferCall", transfer())
        .then(&[("CallTransferred", transfer())]);
    let given = connected().after("TransferCall", transfer());
    given
        .when("TransferCall", transfer())
        .refused(Reason::WrongCallState);
    given
        .when("HoldCall", segment("s1"))
        .refused(Reason::WrongCallState);
    connected()
        .when("TransferCall", with(transfer(), "from_agent_id", json!("A9")))
        .refused(Reason::WrongCallState);
    connected()
        .at("2026-03-10T00:59:59Z")
        .when("TransferCall", transfer())
        .refused(Reason::EndBeforeStart);
}

#[test]
fn c_r7_a_segment_ends_once_and_not_before_it_began() {
    connected()
        .when("EndCall", end("s1"))
        .then(&[("CallEnded", end("s1"))]);
    connected()
        .at("2026-03-10T00:59:59Z")
        .when("EndCall", end("s1"))
        .refused(Reason::EndBeforeStart);
    ended().when("EndCall", end("s1")).nothing_happens();
    ended()
        .at("2026-03-10T01:06:00Z")
        .when("EndCall", end("s1"))
        .refused(Reason::WrongCallState);
    connected().when("EndCall", end("s9")).refused(Reason::NotFound);
}

#[test]
fn only_a_call_that_was_never_connected_is_abandoned() {
    let body = with(call(), "wait_s", json!(12));
    offered()
        .when("AbandonCall", body.clone())
        .then(&[("CallAbandoned", body.clone())]);
    connected()
        .when("AbandonCall", body.clone())
        .refused(Reason::WrongCallState);
    offered()
        .when("AbandonCall", with(call(), "wait_s", json!(-1)))
        .refused(Reason::InvalidAmount);
    let gone = offered().after("AbandonCall", body.clone());
    gone.when("AbandonCall", body).refused(Reason::WrongCallState);
    gone.when("ConnectCall", agent("s1"))
        .refused(Reason::WrongCallState);
}

#[test]
fn after_call_work_begins_and_ends_in_turn() {
    ended()
        .when("StartWrapUp", agent("s1"))
        .then(&[("WrapUpStarted", agent("s1"))]);
    ended()
        .when("EndWrapUp", agent("s1"))
        .refused(Reason::WrongCallState);
    let working = ended().after("StartWrapUp", agent("s1"));
    working
        .when("StartWrapUp", agent("s1"))
        .refused(Reason::WrongCallState);
    working
        .when("EndWrapUp", agent("s1"))
        .then(&[("WrapUpEnded", agent("s1"))]);
}

#[test]
fn a_correction_needs_a_reason_and_another_persons_approval() {
    let body = json!({"call_id": "K1", "segment_id": "s1", "ended_at": "2026-03-10T01:03:00.000Z",
        "reason": "clock", "approved_by": "U2"});
    let then = ended();
    then.when("CorrectSegment", body.clone())
        .then(&[("CallSegmentCorrected", body.clone())]);
    for wrong in [
        with(body.clone(), "approved_by", json!("U1")),
        with(body.clone(), "approved_by", json!(null)),
        with(body.clone(), "reason", json!(" ")),
        with(body.clone(), "reason", json!(null)),
    ] {
        then.when("CorrectSegment", wrong)
            .refused(Reason::ApprovalRequired);
    }
    then.when(
        "CorrectSegment",
        with(body.clone(), "ended_at", json!("2026-03-10T00:59:00Z")),
    )
    .refused(Reason::EndBeforeStart);
    then.when(
        "CorrectSegment",
        with(body.clone(), "connected_at", json!("2026-03-10T01:04:00Z")),
    )
    .refused(Reason::EndBeforeStart);
    then.when("CorrectSegment", with(body.clone(), "ended_at", json!(null)))
        .malformed("/ended_at");
    then.when("CorrectSegment", with(body, "segment_id", json!("s9")))
        .refused(Reason::NotFound);
}

#[test]
fn a_call_that_was_never_offered_cannot_change() {
    for (command, body) in [
        ("QueueCall", with(call(), "queue", json!("Q"))),
        ("ConnectCall", agent("s1")),
        ("EndCall", end("s1")),
        ("AbandonCall", with(call(), "wait_s", json!(1))),
    ] {
        nothing::<Call>().when(command, body).refused(Reason::NotFound);
    }
}
