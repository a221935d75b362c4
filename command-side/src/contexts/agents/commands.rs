//! What one may ask of an agent's session.

use plimsoll_contracts::{Id, Label, events::AgentState};

use crate::domain::commands;

commands! {
    /// What one may ask of an agent's session.
    SessionCommand in "agents" by (agent_id) {
        /// Opens a session; an agent has one on a channel.
        LogIn {
            /// The agent.
            agent_id: Id,
            /// Number of the session, unused so far.
            session_no: u32,
            /// Team.
            team: Label,
            /// Channel.
            channel: Label,
        }
        /// Says whether an agent takes calls.
        ChangeState {
            /// The agent.
            agent_id: Id,
            /// Number of the session; may be left out when only one is open.
            session_no: Option<u32>,
            /// Ready or not.
            state: AgentState,
            /// Why.
            reason: Option<String>,
        }
        /// Ends a session.
        LogOut {
            /// The agent.
            agent_id: Id,
            /// Number of the session; may be left out when only one is open.
            session_no: Option<u32>,
        }
    }
}
