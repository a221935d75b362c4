//! Events of calls (`call-{call_id}`) and of agent sessions (`agentsession-{agent_id}.{session_no}`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Id, Label},
    money::Amount,
    time,
};

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// The customer called.
    In,
    /// We called.
    Out,
}

/// How a call changes hands (C-R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// The first agent leaves at once.
    Blind,
    /// The first agent speaks to the second first.
    Attended,
}

/// Who ended a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The caller.
    Caller,
    /// The agent.
    Agent,
    /// The system.
    System,
}

/// A call reached the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOffered {
    /// The call.
    pub call_id: Id,
    /// In or out.
    pub direction: CallDirection,
    /// Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Label>,
}

/// A call waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallQueued {
    /// The call.
    pub call_id: Id,
    /// Queue.
    pub queue: Label,
}

/// An agent’s phone rings; belongs to no measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRang {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
}

/// An agent and the caller speak: a segment begins (C-R1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallConnected {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Label>,
}

/// The caller hears music.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallHeld {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
}

/// The caller is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRetrieved {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
}

/// An agent asks a colleague; counts for both, apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultStarted {
    /// The call.
    pub call_id: Id,
    /// The consultation.
    pub consult_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// Who is asked.
    pub consultant_id: Id,
}

/// The consultation is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultEnded {
    /// The call.
    pub call_id: Id,
    /// The consultation.
    pub consult_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
    /// Who was asked.
    pub consultant_id: Id,
}

/// The first segment ends at this instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTransferred {
    /// The call.
    pub call_id: Id,
    /// Blind or attended.
    pub kind: TransferKind,
    /// The segment that ends.
    pub from_segment_id: Id,
    /// Who gives the call away.
    pub from_agent_id: Id,
    /// Who gets it.
    pub to_agent_id: Id,
}

/// A segment is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnded {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// By whom.
    pub ended_by: EndedBy,
}

/// The caller hung up before anyone answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAbandoned {
    /// The call.
    pub call_id: Id,
    /// Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Label>,
    /// Seconds waited.
    pub wait_s: Amount,
}

/// After-call work begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUpStarted {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
}

/// After-call work is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUpEnded {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The agent.
    pub agent_id: Id,
}

/// A supervisor corrects a segment (C-R7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSegmentCorrected {
    /// The call.
    pub call_id: Id,
    /// One agent’s stay on the call.
    pub segment_id: Id,
    /// The real start.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
    pub connected_at: Option<DateTime<Utc>>,
    /// The real end.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::option")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Who approved; not the actor.
    pub approved_by: Id,
}

/// Whether an agent takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Takes calls.
    Ready,
    /// Does not.
    NotReady,
}

/// A session begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLoggedIn {
    /// The agent.
    pub agent_id: Id,
    /// Number of the session.
    pub session_no: u32,
    /// Team.
    pub team: Label,
    /// Channel.
    pub channel: Label,
}

/// An agent is ready, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStateChanged {
    /// The agent.
    pub agent_id: Id,
    /// State.
    pub state: AgentState,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// No heartbeat any more (C-R4 b).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSessionLost {
    /// The agent.
    pub agent_id: Id,
    /// The last sign of life.
    #[serde(with = "time")]
    pub last_heartbeat_at: DateTime<Utc>,
}

/// A session ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLoggedOut {
    /// The agent.
    pub agent_id: Id,
}
