//! Reading what a client says, and what follows from it.

use plimsoll_contracts::{
    Problem,
    wire::{ClientFrame, ErrorFrame, ServerFrame, Unsubscribed},
};

use super::{close::Close, session::Session};
use crate::metrics;

/// Reads a message.
///
/// # Errors
/// 4506 where it is none of the protocol.
pub(super) fn read(text: &str) -> Result<ClientFrame, Close> {
    serde_json::from_str(text).map_err(|error| {
        ::metrics::counter!(metrics::BAD_MESSAGES, "problem" => "bad-message").increment(1);
        Close::bad_message(format!("no message of the protocol: {error}"))
    })
}

impl Session {
    /// Follows a message.
    ///
    /// # Errors
    /// Why the conversation ends.
    pub(super) async fn follow(&mut self, text: &str) -> Result<(), Close> {
        match read(text)? {
            ClientFrame::Pong => Ok(()),
            ClientFrame::Hello { token: None, .. } => Ok(()),
            ClientFrame::Hello {
                token: Some(token), ..
            }
            | ClientFrame::Auth { token } => self.renew(&token).await,
            ClientFrame::Subscribe(subscribe) => {
                let id = subscribe.id.clone();
                match self.subscriptions.ask(&self.api, &self.claims, subscribe) {
                    Ok(()) => Ok(()),
                    Err(problem) => self.complain(id, problem).await,
                }
            }
            ClientFrame::Unsubscribe { id } => {
                let problem = (!self.subscriptions.end(&id)).then(|| no_such_subscription(&id));
                let frame = Unsubscribed { id, problem };
                self.socket.say(&ServerFrame::Unsubscribed(frame)).await
            }
            ClientFrame::Wait(wait) => {
                let id = wait.id.clone();
                match self.waits.ask(&self.api, &self.claims, &self.subscriptions, wait) {
                    Ok(()) => Ok(()),
                    Err(problem) => self.complain(id, problem).await,
                }
            }
        }
    }

    /// A message could not be followed; the conversation goes on.
    pub(super) async fn complain(&mut self, id: String, problem: Problem) -> Result<(), Close> {
        ::metrics::counter!(metrics::BAD_MESSAGES, "problem" => problem.code().to_owned()).increment(1);
        let id = (id.len() <= super::subscriptions::ID_MAX_BYTES).then_some(id);
        self.socket
            .say(&ServerFrame::Error(ErrorFrame { id, problem }))
            .await
    }
}

fn no_such_subscription(id: &str) -> Problem {
    Problem::not_found(format!("this connection has no subscription `{id}`"))
}
