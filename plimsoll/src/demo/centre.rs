//! The contact centre: agents log in; calls are offered, queued, answered, held, transferred,
//! ended and wrapped up, or abandoned.

use chrono::{DateTime, Duration, Utc};
use rand::Rng as _;
use serde_json::json;

use super::story::Script;

const QUEUES: &[&str] = &["orders", "orders", "payments", "policies", "claims"];
const TEAMS: &[&str] = &["north", "south", "west"];
/// Agents at work.
const AGENTS: usize = 14;

/// The agents and until when each is busy.
#[derive(Debug)]
pub(super) struct Centre {
    busy_until: Vec<DateTime<Utc>>,
}

impl Centre {
    /// Logs the agents in.
    pub(super) fn open(script: &mut Script, at: DateTime<Utc>, session_no: u32) -> Self {
        for index in 0..AGENTS {
            let agent_id = agent(index);
            let subject = format!("agent-{agent_id}");
            let body = json!({
                "agent_id": agent_id, "session_no": session_no, "team": TEAMS[index % TEAMS.len()], "channel": "voice",
            });
            script.tell(at, &subject, "agents", "LogIn", body);
            let body = json!({"agent_id": agent_id, "session_no": session_no, "state": "ready"});
            script.tell(at, &subject, "agents", "ChangeState", body);
        }
        Self {
            busy_until: vec![at; AGENTS],
        }
    }

    /// A call and all that follows from it.
    pub(super) fn call(&mut self, script: &mut Script, at: DateTime<Utc>) {
        let call_id = script.id("K");
        let subject = format!("call-{call_id}");
        let queue = *script.pick(QUEUES);
        let body = json!({"call_id": call_id, "direction": "in", "queue": queue});
        script.tell(at, &subject, "calls", "OfferCall", body);
        let queued_at = at + Duration::milliseconds(800);
        script.tell(
            queued_at,
            &subject,
            "calls",
            "QueueCall",
            json!({"call_id": call_id, "queue": queue}),
        );
        let patience = script.seconds(8, 90);
        let first = script.random.random_range(0..AGENTS);
        let free = (0..AGENTS)
            .map(|i| (first + i) % AGENTS)
            .min_by_key(|&i| self.busy_until[i].max(queued_at));
        let Some(index) = free else { return };
        let answered_at = self.busy_until[index].max(queued_at) + script.seconds(2, 9);
        if answered_at - queued_at > patience || script.chance(3) {
            let body = json!({"call_id": call_id, "queue": queue, "wait_s": patience.num_seconds()});
            script.tell(queued_at + patience, &subject, "calls", "AbandonCall", body);
            return;
        }
        self.talk(script, &call_id, queue, index, answered_at);
    }

    fn talk(&mut self, script: &mut Script, call_id: &str, queue: &str, index: usize, at: DateTime<Utc>) {
        let (subject, agent_id) = (format!("call-{call_id}"), agent(index));
        let segment_id = format!("{call_id}.1");
        let segment = json!({"call_id": call_id, "segment_id": segment_id});
        let connect =
            json!({"call_id": call_id, "segment_id": segment_id, "agent_id": agent_id, "queue": queue});
        script.tell(at, &subject, "calls", "ConnectCall", connect);
        let mut end = at + script.seconds(15, 150);
        if script.chance(25) {
            let held_at = at + (end - at) / 3;
            let hold = script.seconds(5, 40);
            script.tell(held_at, &subject, "calls", "HoldCall", segment.clone());
            script.tell(held_at + hold, &subject, "calls", "RetrieveCall", segment);
            end += hold;
        }
        let other = (index + 1 + script.random.random_range(0..AGENTS - 1)) % AGENTS;
        if script.chance(8) && self.busy_until[other] <= end {
            let body = json!({
                "call_id": call_id, "kind": "blind", "from_segment_id": segment_id, "from_agent_id": agent_id,
                "to_agent_id": agent(other),
            });
            script.tell(end, &subject, "calls", "TransferCall", body);
            self.busy_until[index] = end + Duration::seconds(2);
            let second = format!("{call_id}.2");
            let again = end + script.seconds(3, 8);
            let connect =
                json!({"call_id": call_id, "segment_id": second, "agent_id": agent(other), "queue": queue});
            script.tell(again, &subject, "calls", "ConnectCall", connect);
            let over = again + script.seconds(10, 90);
            self.end(script, call_id, &second, other, over);
        } else {
            self.end(script, call_id, &segment_id, index, end);
        }
    }

    fn end(&mut self, script: &mut Script, call_id: &str, segment_id: &str, index: usize, at: DateTime<Utc>) {
        let subject = format!("call-{call_id}");
        let ended_by = if script.chance(70) { "caller" } else { "agent" };
        let body = json!({"call_id": call_id, "segment_id": segment_id, "ended_by": ended_by});
        script.tell(at, &subject, "calls", "EndCall", body);
        let body = json!({"call_id": call_id, "segment_id": segment_id, "agent_id": agent(index)});
        let done = at + script.seconds(3, 25);
        script.tell(
            at + Duration::milliseconds(500),
            &subject,
            "calls",
            "StartWrapUp",
            body.clone(),
        );
        script.tell(done, &subject, "calls", "EndWrapUp", body);
        self.busy_until[index] = done;
    }
}

fn agent(index: usize) -> String {
    format!("AG{:02}", index + 1)
}
