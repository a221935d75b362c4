//! Which stream a session command is about, and which other sessions of the agent are open.

use plimsoll_contracts::{Id, StreamId};

use super::{
    Session,
    commands::SessionCommand,
    directory::{Open, take, whose},
};
use crate::{
    domain::{Reason, Refusal},
    handler::{Desk, Failure, Gather, stream_of},
};

impl Gather for Session {
    async fn facts(command: &SessionCommand, desk: &mut Desk<'_>) -> Result<Open, Failure> {
        match command {
            SessionCommand::LogIn(c) => open(desk, &c.agent_id).await,
            SessionCommand::ChangeState(_) | SessionCommand::LogOut(_) => Ok(Open::new()),
        }
    }

    async fn stream(command: &SessionCommand, desk: &mut Desk<'_>) -> Result<StreamId, Failure> {
        let (agent, number) = match command {
            SessionCommand::LogIn(c) => (&c.agent_id, Some(c.session_no)),
            SessionCommand::ChangeState(c) => (&c.agent_id, c.session_no),
            SessionCommand::LogOut(c) => (&c.agent_id, c.session_no),
        };
        let number = match number {
            Some(number) => number,
            None => only_one(agent, &open(desk, agent).await?)?,
        };
        stream_of::<Self>(&format!("{agent}.{number}"))
    }
}

fn only_one(agent: &Id, open: &Open) -> Result<u32, Refusal> {
    let mut numbers = open.keys();
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => Ok(*number),
        (None, _) => {
            let detail = format!("agent `{agent}` has no open session; log in first");
            Err(Refusal::because(Reason::SessionClosed, detail))
        }
        (Some(_), Some(_)) => {
            let list: Vec<String> = open
                .iter()
                .map(|(number, channel)| format!("{number} on {channel}"))
                .collect();
            Err(Refusal::shape(
                "/session_no",
                format!("several sessions are open, say which: {}", list.join(", ")),
            ))
        }
    }
}

/// The agent's open sessions in the log, and what this request has decided so far.
async fn open(desk: &Desk<'_>, agent: &Id) -> Result<Open, Failure> {
    let services = desk.services;
    let sessions = &services.sessions;
    let mut open = sessions
        .ask(&services.log, |sessions| sessions.of(desk.tenant, agent))
        .await?;
    for (stream, event) in &desk.decided {
        if whose(stream).is_some_and(|(whose, _)| whose == *agent) {
            take(&mut open, stream, event);
        }
    }
    Ok(open)
}
