//! The desk of one attempt at a request: streams as loaded, and what is to be written, so that the
//! later commands of an atomic batch see what the earlier ones decided.

use std::{any::Any, collections::HashMap};

use plimsoll_contracts::{Payload, StreamId, TenantConfig, TenantId};
use plimsoll_log::{Expected, StreamWrite};

use super::{Failure, ask::Stamp};
use crate::{
    contexts::config::Configuration,
    domain::{Aggregate, Folded},
    service::Services,
};

/// A stream's state with what this request has already decided on it.
#[derive(Debug)]
pub(crate) struct Held<A> {
    pub(crate) state: A,
    pub(crate) version: u32,
}

/// One attempt.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) services: &'a Services,
    pub(crate) tenant: &'a TenantId,
    held: HashMap<StreamId, Box<dyn Any + Send + Sync>>,
    /// In order; one per command.
    pub(crate) writes: Vec<StreamWrite>,
    /// The events in order, for facts that are kept outside the streams.
    pub(crate) decided: Vec<(StreamId, Payload)>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(services: &'a Services, tenant: &'a TenantId) -> Self {
        Self {
            services,
            tenant,
            held: HashMap::new(),
            writes: Vec::new(),
            decided: Vec::new(),
        }
    }

    /// A stream's state; the default one when it does not exist.
    pub(crate) async fn held<A: Aggregate>(&mut self, stream: &StreamId) -> Result<&mut Held<A>, Failure> {
        if !self.held.contains_key(stream) {
            let loaded = self.services.log.load::<Folded<A>>(self.tenant, stream).await?;
            if let Some((version, detail)) = loaded.state.damage {
                return Err(Failure::Damaged {
                    stream: stream.clone(),
                    version,
                    detail,
                });
            }
            let held = Held {
                state: loaded.state.state,
                version: loaded.version,
            };
            self.held.insert(stream.clone(), Box::new(held));
        }
        let held = self.held.get_mut(stream).and_then(|held| held.downcast_mut());
        Ok(held.expect("a category belongs to one aggregate"))
    }

    /// The state of another stream of this tenant, by category and key.
    pub(crate) async fn other<A: Aggregate>(&mut self, key: &str) -> Result<&A, Failure> {
        let stream = stream_of::<A>(key)?;
        Ok(&self.held::<A>(&stream).await?.state)
    }

    /// The tenant's configuration as of now.
    pub(crate) async fn config(&mut self) -> Result<TenantConfig, Failure> {
        let tenant = self.tenant.to_string();
        Ok(self.other::<Configuration>(&tenant).await?.current().clone())
    }

    /// Puts a command's events on the desk; gives the stream's version after them.
    pub(crate) async fn decide<A: Aggregate>(
        &mut self,
        stream: &StreamId,
        events: Vec<Payload>,
        stamp: &Stamp,
    ) -> Result<u32, Failure> {
        let held = self.held::<A>(stream).await?;
        let expected = Expected::Version(held.version);
        let mut written = Vec::with_capacity(events.len());
        for event in &events {
            held.state.evolve(event, stamp.moment.at);
            held.version += 1;
            written.push(stamp.event(event));
        }
        let version = held.version;
        self.writes.push(StreamWrite {
            stream: stream.clone(),
            expected,
            events: written,
        });
        self.decided
            .extend(events.into_iter().map(|event| (stream.clone(), event)));
        Ok(version)
    }
}

/// The stream of an aggregate by its key.
pub(crate) fn stream_of<A: Aggregate>(key: &str) -> Result<StreamId, Failure> {
    StreamId::of(A::CATEGORY, key)
        .map_err(|error| crate::domain::Refusal::shape("", error.to_string()).into())
}
