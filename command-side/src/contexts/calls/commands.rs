//! What one may ask of a call.

use plimsoll_contracts::{
    Id, Label, SignedAmount,
    events::{CallDirection, EndedBy, TransferKind},
};

use crate::domain::{Time, commands};

commands! {
    /// What one may ask of a call.
    CallCommand in "calls" by (call_id) {
        /// Says that a call has reached the centre.
        OfferCall {
            /// The call.
            call_id: Id,
            /// In or out.
            direction: CallDirection,
            /// Queue.
            queue: Option<Label>,
        }
        /// Says that a call waits.
        QueueCall {
            /// The call.
            call_id: Id,
            /// Queue.
            queue: Label,
        }
        /// Says that an agent's phone rings.
        RingAgent {
            /// The call.
            call_id: Id,
            /// One agent's stay on the call.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
        }
        /// Says that an agent and the caller speak: a segment begins (C-R1).
        ConnectCall {
            /// The call.
            call_id: Id,
            /// One agent's stay on the call; unused so far.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
            /// Queue.
            queue: Option<Label>,
        }
        /// Says that the caller hears music.
        HoldCall {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
        }
        /// Says that the caller is back.
        RetrieveCall {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
        }
        /// Says that an agent asks a colleague.
        StartConsult {
            /// The call.
            call_id: Id,
            /// The consultation; unused so far.
            consult_id: Id,
            /// The segment.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
            /// Who is asked.
            consultant_id: Id,
        }
        /// Says that a consultation is over.
        EndConsult {
            /// The call.
            call_id: Id,
            /// The consultation.
            consult_id: Id,
            /// The segment.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
            /// Who was asked.
            consultant_id: Id,
        }
        /// Hands a call over; the first segment ends now (C-R3).
        TransferCall {
            /// The call.
            call_id: Id,
            /// Blind or attended.
            kind: TransferKind,
            /// The segment that ends.
            from_segment_id: Id,
            /// Who gives the call away.
            from_agent_id: Id,
            /// Who gets it.
            to_agent_id: Id,
        }
        /// Ends a segment.
        EndCall {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
            /// By whom.
            ended_by: EndedBy,
        }
        /// Says that the caller hung up before anyone answered.
        AbandonCall {
            /// The call.
            call_id: Id,
            /// Queue.
            queue: Option<Label>,
            /// Seconds waited.
            wait_s: SignedAmount,
        }
        /// Begins after-call work.
        StartWrapUp {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
        }
        /// Ends after-call work.
        EndWrapUp {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
            /// The agent.
            agent_id: Id,
        }
        /// Corrects a segment's times; needs a reason and an approver (C-R7).
        CorrectSegment {
            /// The call.
            call_id: Id,
            /// The segment.
            segment_id: Id,
            /// The real start.
            connected_at: Option<Time>,
            /// The real end.
            ended_at: Option<Time>,
            /// Why.
            reason: Option<String>,
            /// Who approved; not the actor.
            approved_by: Option<Id>,
        }
    }
}
