//! One session of an agent, from login to logout.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Payload,
    events::{AgentLoggedIn, AgentLoggedOut, AgentStateChanged},
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};

use super::{commands::SessionCommand, directory::Open};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal};

/// The state of one session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Session {
    status: Status,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Unused,
    Open,
    Closed,
}

impl Aggregate for Session {
    const CATEGORY: &'static str = "agentsession";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(100);
    type Command = SessionCommand;
    /// The agent's open sessions.
    type Facts = Open;

    fn decide(&self, command: &SessionCommand, open: &Open, _: &Moment) -> Decision {
        let event: Payload = match command {
            SessionCommand::LogIn(c) => {
                if self.status != Status::Unused {
                    let detail = format!("session {} was used already", c.session_no);
                    return Err(Refusal::because(Reason::AlreadyExists, detail));
                }
                if let Some((number, channel)) = open.iter().find(|(_, channel)| **channel == c.channel) {
                    let detail = format!("session {number} is open on {channel}; log out there first");
                    return Err(Refusal::because(Reason::SessionOpen, detail));
                }
                AgentLoggedIn {
                    agent_id: c.agent_id.clone(),
                    session_no: c.session_no,
                    team: c.team.clone(),
                    channel: c.channel.clone(),
                }
                .into()
            }
            SessionCommand::ChangeState(c) => {
                self.open()?;
                let (state, reason) = (c.state, c.reason.clone());
                AgentStateChanged {
                    agent_id: c.agent_id.clone(),
                    state,
                    reason,
                }
                .into()
            }
            SessionCommand::LogOut(c) => {
                self.open()?;
                AgentLoggedOut {
                    agent_id: c.agent_id.clone(),
                }
                .into()
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match event {
            Payload::AgentLoggedIn(_) => self.status = Status::Open,
            Payload::AgentSessionLost(_) | Payload::AgentLoggedOut(_) => self.status = Status::Closed,
            _ => {}
        }
    }
}

impl Session {
    fn open(&self) -> Result<(), Refusal> {
        if self.status == Status::Open {
            return Ok(());
        }
        Err(Refusal::because(
            Reason::SessionClosed,
            "the session is not open; log in first",
        ))
    }
}
