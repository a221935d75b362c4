//! Which sessions of an agent are open: the one fact that spans an agent's streams. Pure.

use std::collections::{BTreeMap, HashMap};

use plimsoll_contracts::{Id, Label, Payload, StreamId, TenantId};

use crate::handler::Directory;

/// An agent's open sessions: number and channel.
pub(crate) type Open = BTreeMap<u32, Label>;

/// The open sessions of all agents; closed ones are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<(TenantId, Id), Open>,
}

impl Sessions {
    /// The open sessions of an agent.
    pub(crate) fn of(&self, tenant: &TenantId, agent: &Id) -> Open {
        self.open
            .get(&(tenant.clone(), agent.clone()))
            .cloned()
            .unwrap_or_default()
    }
}

impl Directory for Sessions {
    const TYPES: &'static [&'static str] = &["AgentLoggedIn", "AgentSessionLost", "AgentLoggedOut"];

    fn take(&mut self, tenant: &TenantId, stream: &StreamId, event: &Payload) {
        let Some((agent, _)) = whose(stream) else { return };
        let key = (tenant.clone(), agent);
        let open = self.open.entry(key.clone()).or_default();
        take(open, stream, event);
        if open.is_empty() {
            self.open.remove(&key);
        }
    }
}

/// Takes an event of one agent in.
pub(crate) fn take(open: &mut Open, stream: &StreamId, event: &Payload) {
    let Some((_, number)) = whose(stream) else { return };
    match event {
        Payload::AgentLoggedIn(e) => {
            open.insert(number, e.channel.clone());
        }
        Payload::AgentSessionLost(_) | Payload::AgentLoggedOut(_) => {
            open.remove(&number);
        }
        _ => {}
    }
}

/// The agent and session number in a stream's name, `agentsession-{agent_id}.{session_no}`.
pub(crate) fn whose(stream: &StreamId) -> Option<(Id, u32)> {
    let (agent, number) = stream
        .id()
        .rsplit_once('.')
        .filter(|_| stream.category() == "agentsession")?;
    Some((agent.parse().ok()?, number.parse().ok()?))
}
