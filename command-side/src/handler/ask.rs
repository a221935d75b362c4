//! A command of whatever aggregate, so that one path carries them all out.

use std::{future::Future, sync::Arc};

use futures::future::BoxFuture;
use plimsoll_contracts::{NewEvent, Payload, StreamId};
use uuid::Uuid;

use super::{Accepted, Desk, Failure, IfMatch, desk::stream_of};
use crate::domain::{Aggregate, CommandSet as _, Moment};

/// An aggregate whose facts and stream the handler can find.
pub(crate) trait Gather: Aggregate {
    /// What a decision must know of other streams.
    fn facts<'a>(
        command: &'a Self::Command,
        desk: &'a mut Desk<'_>,
    ) -> impl Future<Output = Result<Self::Facts, Failure>> + Send + 'a;

    /// The stream that the command is about.
    fn stream<'a>(
        command: &'a Self::Command,
        _desk: &'a mut Desk<'_>,
    ) -> impl Future<Output = Result<StreamId, Failure>> + Send + 'a {
        async move { stream_of::<Self>(&command.key()) }
    }
}

/// Aggregates that need no facts.
macro_rules! alone {
    ($($aggregate:ty),+ $(,)?) => {
        $(impl $crate::handler::Gather for $aggregate {
            async fn facts(_: &Self::Command, _: &mut $crate::handler::Desk<'_>) -> Result<(), $crate::handler::Failure> {
                Ok(())
            }
        })+
    };
}
pub(crate) use alone;

/// What all events of one command have in common.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) moment: Moment,
    pub(crate) correlation_id: Arc<str>,
}

impl Stamp {
    /// An event of this command, with an id of its own.
    pub(crate) fn event(&self, payload: &Payload) -> NewEvent {
        NewEvent {
            id: Uuid::now_v7(),
            event_type: payload.event_type().into(),
            schema: payload.schema(),
            occurred_at: self.moment.at,
            correlation_id: self.correlation_id.to_string(),
            causation_id: None,
            actor: self.moment.actor.clone(),
            data: payload.encode().expect("event structs always serialize").into(),
        }
    }
}

/// A command that can be carried out at a desk.
pub(crate) trait Ask: std::fmt::Debug + Send + Sync {
    /// Decides and puts the events on the desk.
    fn carry_out<'a>(
        &'a self,
        desk: &'a mut Desk<'_>,
        stamp: &'a Stamp,
        if_match: Option<IfMatch>,
    ) -> BoxFuture<'a, Result<Accepted, Failure>>;
}

/// A command of one aggregate.
#[derive(Debug)]
pub(crate) struct Asked<A: Aggregate>(A::Command);

impl<A: Aggregate> Asked<A> {
    pub(crate) const fn new(command: A::Command) -> Self {
        Self(command)
    }
}

impl<A: Gather> Ask for Asked<A> {
    fn carry_out<'a>(
        &'a self,
        desk: &'a mut Desk<'_>,
        stamp: &'a Stamp,
        if_match: Option<IfMatch>,
    ) -> BoxFuture<'a, Result<Accepted, Failure>> {
        Box::pin(async move {
            let stream = A::stream(&self.0, desk).await?;
            let current = desk.held::<A>(&stream).await?.version;
            if if_match.is_some_and(|wanted| !wanted.holds(current)) {
                return Err(Failure::Conflict { stream, current });
            }
            let facts = A::facts(&self.0, desk).await?;
            let events = desk
                .held::<A>(&stream)
                .await?
                .state
                .decide(&self.0, &facts, &stamp.moment)?;
            let types = events.iter().map(|event| event.event_type().to_owned()).collect();
            let version = desk.decide::<A>(&stream, events, stamp).await?;
            Ok(Accepted {
                stream,
                version,
                events: types,
            })
        })
    }
}
