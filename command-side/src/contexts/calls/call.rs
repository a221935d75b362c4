//! A call's life: offered, queued, connected in segments, or abandoned.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Id, Payload,
    events::{
        CallAbandoned, CallConnected, CallEnded, CallHeld, CallOffered, CallQueued, CallRang, CallRetrieved,
        CallSegmentCorrected, CallTransferred, ConsultEnded, ConsultStarted, WrapUpEnded, WrapUpStarted,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    commands::{
        AbandonCall, CallCommand, ConnectCall, CorrectSegment, EndCall, EndConsult, StartConsult,
        TransferCall,
    },
    segments::{Segments, wrong_state},
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Call {
    known: bool,
    abandoned: bool,
    segments: Segments,
}

impl Aggregate for Call {
    const CATEGORY: &'static str = "call";
    type Command = CallCommand;
    type Facts = ();

    fn decide(&self, command: &CallCommand, (): &(), moment: &Moment) -> Decision {
        match command {
            CallCommand::OfferCall(c) if self.known => {
                let detail = format!("call `{}` was offered already", c.call_id);
                Err(Refusal::because(Reason::AlreadyExists, detail))
            }
            CallCommand::OfferCall(c) => {
                let (direction, queue) = (c.direction, c.queue.clone());
                one(CallOffered {
                    call_id: c.call_id.clone(),
                    direction,
                    queue,
                })
            }
            CallCommand::QueueCall(c) => {
                self.going(&c.call_id)?;
                one(CallQueued {
                    call_id: c.call_id.clone(),
                    queue: c.queue.clone(),
                })
            }
            CallCommand::RingAgent(c) => {
                self.going(&c.call_id)?;
                let (segment_id, agent_id) = (c.segment_id.clone(), c.agent_id.clone());
                one(CallRang {
                    call_id: c.call_id.clone(),
                    segment_id,
                    agent_id,
                })
            }
            CallCommand::ConnectCall(c) => self.going(&c.call_id)?.connect(c),
            CallCommand::HoldCall(c) => self.existing(&c.call_id)?.hold(&c.call_id, &c.segment_id),
            CallCommand::RetrieveCall(c) => self.existing(&c.call_id)?.retrieve(&c.call_id, &c.segment_id),
            CallCommand::StartConsult(c) => self.existing(&c.call_id)?.start_consult(c),
            CallCommand::EndConsult(c) => self.existing(&c.call_id)?.end_consult(c),
            CallCommand::TransferCall(c) => self.existing(&c.call_id)?.transfer(c, moment.at),
            CallCommand::EndCall(c) => self.existing(&c.call_id)?.end(c, moment.at),
            CallCommand::AbandonCall(c) => self.going(&c.call_id)?.abandon(c),
            CallCommand::StartWrapUp(c) => {
                self.existing(&c.call_id)?.wrapping_up(&c.segment_id, false)?;
                let (segment_id, agent_id) = (c.segment_id.clone(), c.agent_id.clone());
                one(WrapUpStarted {
                    call_id: c.call_id.clone(),
                    segment_id,
                    agent_id,
                })
            }
            CallCommand::EndWrapUp(c) => {
                self.existing(&c.call_id)?.wrapping_up(&c.segment_id, true)?;
                let (segment_id, agent_id) = (c.segment_id.clone(), c.agent_id.clone());
                one(WrapUpEnded {
                    call_id: c.call_id.clone(),
                    segment_id,
                    agent_id,
                })
            }
            CallCommand::CorrectSegment(c) => self.existing(&c.call_id)?.correct(c, moment),
        }
    }

    fn evolve(&mut self, event: &Payload, at: DateTime<Utc>) {
        self.known = true;
        self.abandoned |= matches!(event, Payload::CallAbandoned(_));
        self.segments.take(event, at);
    }
}

fn one(event: impl Into<Payload>) -> Decision {
    Ok(vec![event.into()])
}

impl Call {
    fn existing(&self, id: &Id) -> Result<&Self, Refusal> {
        if self.known {
            Ok(self)
        } else {
            Err(Refusal::no_stream("call", id))
        }
    }

    fn going(&self, id: &Id) -> Result<&Self, Refusal> {
        self.existing(id)?;
        if self.abandoned {
            Err(wrong_state("the caller has hung up"))
        } else {
            Ok(self)
        }
    }

    fn connect(&self, c: &ConnectCall) -> Decision {
        if self.segments.contains(&c.segment_id) {
            let detail = format!("segment `{}` is there already", c.segment_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        one(CallConnected {
            call_id: c.call_id.clone(),
            segment_id: c.segment_id.clone(),
            agent_id: c.agent_id.clone(),
            queue: c.queue.clone(),
        })
    }

    fn hold(&self, call_id: &Id, segment_id: &Id) -> Decision {
        if self.segments.get(segment_id)?.running()?.held {
            return Err(wrong_state("the caller is on hold already"));
        }
        one(CallHeld {
            call_id: call_id.clone(),
            segment_id: segment_id.clone(),
        })
    }

    fn retrieve(&self, call_id: &Id, segment_id: &Id) -> Decision {
        if !self.segments.get(segment_id)?.running()?.held {
            return Err(wrong_state("the caller is not on hold"));
        }
        one(CallRetrieved {
            call_id: call_id.clone(),
            segment_id: segment_id.clone(),
        })
    }

    fn start_consult(&self, c: &StartConsult) -> Decision {
        self.segments.get(&c.segment_id)?.running()?;
        if self.segments.consulted(&c.consult_id) {
            let detail = format!("consultation `{}` is there already", c.consult_id);
            return Err(Refusal::because(Reason::AlreadyExists, detail));
        }
        one(ConsultStarted {
            call_id: c.call_id.clone(),
            consult_id: c.consult_id.clone(),
            segment_id: c.segment_id.clone(),
            agent_id: c.agent_id.clone(),
            consultant_id: c.consultant_id.clone(),
        })
    }

    fn end_consult(&self, c: &EndConsult) -> Decision {
        if !self.segments.consulted(&c.consult_id) {
            let detail = format!("there is no consultation `{}` on this call", c.consult_id);
            return Err(Refusal::because(Reason::NotFound, detail));
        }
        if !self.segments.consulting(&c.consult_id) {
            return Err(wrong_state("the consultation is over already"));
        }
        one(ConsultEnded {
            call_id: c.call_id.clone(),
            consult_id: c.consult_id.clone(),
            segment_id: c.segment_id.clone(),
            agent_id: c.agent_id.clone(),
            consultant_id: c.consultant_id.clone(),
        })
    }

    fn transfer(&self, c: &TransferCall, at: DateTime<Utc>) -> Decision {
        let segment = self.segments.get(&c.from_segment_id)?.running()?;
        if segment.agent_id != c.from_agent_id {
            return Err(wrong_state(format!(
                "the segment is agent `{}`'s",
                segment.agent_id
            )));
        }
        segment.not_before_start(at)?;
        one(CallTransferred {
            call_id: c.call_id.clone(),
            kind: c.kind,
            from_segment_id: c.from_segment_id.clone(),
            from_agent_id: c.from_agent_id.clone(),
            to_agent_id: c.to_agent_id.clone(),
        })
    }

    /// C-R7: the same end again is nothing new.
    fn end(&self, c: &EndCall, at: DateTime<Utc>) -> Decision {
        let segment = self.segments.get(&c.segment_id)?;
        if segment.ended_at == Some(at) {
            return Ok(vec![]);
        }
        segment.running()?.not_before_start(at)?;
        one(CallEnded {
            call_id: c.call_id.clone(),
            segment_id: c.segment_id.clone(),
            ended_by: c.ended_by,
        })
    }

    fn abandon(&self, c: &AbandonCall) -> Decision {
        if !self.segments.is_empty() {
            return Err(wrong_state("the call was answered, so it cannot be abandoned"));
        }
        let wait_s = checks::not_negative("wait_s", c.wait_s)?;
        one(CallAbandoned {
            call_id: c.call_id.clone(),
            queue: c.queue.clone(),
            wait_s,
        })
    }

    fn wrapping_up(&self, segment_id: &Id, wanted: bool) -> Result<(), Refusal> {
        match (self.segments.get(segment_id)?.wrap_up, wanted) {
            (true, false) => Err(wrong_state("after-call work goes on already")),
            (false, true) => Err(wrong_state("there is no after-call work to end")),
            (true, true) | (false, false) => Ok(()),
        }
    }

    fn correct(&self, c: &CorrectSegment, moment: &Moment) -> Decision {
        let segment = self.segments.get(&c.segment_id)?;
        let (reason, approved_by) = checks::approved(c.reason.as_ref(), c.approved_by.as_ref(), moment)?;
        let (connected_at, ended_at) = (c.connected_at.map(|t| t.0), c.ended_at.map(|t| t.0));
        if connected_at.is_none() && ended_at.is_none() {
            return Err(Refusal::shape(
                "/ended_at",
                "a correction says connected_at, ended_at, or both",
            ));
        }
        let start = connected_at.unwrap_or(segment.connected_at);
        if let Some(end) = ended_at.or(segment.ended_at).filter(|end| *end < start) {
            let detail = format!("the segment would end at {end}, before its start at {start}");
            return Err(Refusal::because(Reason::EndBeforeStart, detail));
        }
        one(CallSegmentCorrected {
            call_id: c.call_id.clone(),
            segment_id: c.segment_id.clone(),
            connected_at,
            ended_at,
            reason,
            approved_by,
        })
    }
}
