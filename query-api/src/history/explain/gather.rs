//! Reads the events that can have touched a row, and no more.

use std::collections::BTreeSet;

use plimsoll_contracts::{Event, Payload, Problem, StreamId, TenantConfig};
use plimsoll_log::Scope;
use plimsoll_views::{Place, Trace};

use super::Subject;
use crate::history::{History, of_log};

/// Where a tenant's configuration is kept.
const CONFIGURATION: &str = "config-";

impl History {
    /// The events that can have touched a row, in log order; none when the view cannot tell, or
    /// when they are so many that the whole log is as well read from end to end.
    pub(super) async fn gather(
        &self,
        subject: &Subject,
        scope: &Scope,
    ) -> Result<Option<Vec<Event>>, Problem> {
        let Some(place) = subject.place() else {
            return Ok(None);
        };
        let Some(configurations) = self.named(scope, CONFIGURATION).await? else {
            return Ok(None);
        };
        let Some(configured) = self.read(scope, configurations.clone()).await? else {
            return Ok(None);
        };
        let mut trace = Trace::default();
        for config in configs(&configured) {
            let Some(under) = (subject.view.past.trace)(place, &config) else {
                return Ok(None);
            };
            trace = trace.and(under);
        }
        self.follow(scope, &trace, configurations).await
    }

    async fn follow(
        &self,
        scope: &Scope,
        trace: &Trace,
        configurations: Vec<StreamId>,
    ) -> Result<Option<Vec<Event>>, Problem> {
        let mut streams: BTreeSet<StreamId> = configurations.into_iter().collect();
        if let Some(within) = trace.within {
            let found = self
                .log()
                .streams_within(scope, within, self.options().traced_max_streams);
            match found.await.map_err(|error| of_log(&error))? {
                Some(found) => streams.extend(found),
                None => return Ok(None),
            }
        }
        for prefix in &trace.streams {
            match self.named(scope, prefix).await? {
                Some(found) => streams.extend(found),
                None => return Ok(None),
            }
        }
        let Some(mut events) = self.read(scope, streams.into_iter().collect()).await? else {
            return Ok(None);
        };
        // Configuration is set on an operator's clock and raises no watermark.
        let mut timed = scope.clone();
        timed.types.retain(|name| name != "TenantConfigured");
        for moment in &trace.moments {
            let first = self.log().first_since(&timed, *moment).await;
            events.extend(first.map_err(|error| of_log(&error))?);
        }
        events.sort_by_key(|event| event.position);
        events.dedup_by_key(|event| event.position);
        Ok(Some(events))
    }

    async fn named(&self, scope: &Scope, prefix: &str) -> Result<Option<Vec<StreamId>>, Problem> {
        let max = self.options().traced_max_streams;
        let found = self.log().streams_named(&scope.tenant, prefix, max).await;
        found.map_err(|error| of_log(&error))
    }

    async fn read(&self, scope: &Scope, streams: Vec<StreamId>) -> Result<Option<Vec<Event>>, Problem> {
        let max = self.options().traced_max_events;
        let read = self.log().read_streams(scope, &streams, max).await;
        read.map_err(|error| of_log(&error))
    }
}

impl Subject {
    fn place(&self) -> Option<Place<'_>> {
        let table = self.table;
        if self.is_plain {
            let key = &self.watched.key;
            return Some(Place::Row { table, key });
        }
        let (from, to) = self.span.as_ref()?;
        Some(Place::Span { table, from, to })
    }
}

/// Every configuration that ever held.
fn configs(events: &[Event]) -> Vec<TenantConfig> {
    let mut configs = vec![TenantConfig::default()];
    for event in events {
        let last = &configs[configs.len() - 1];
        if let Ok(Payload::TenantConfigured(configured)) = event.payload()
            && let Ok(changed) = last.changed(&configured.changes)
        {
            configs.push(changed);
        }
    }
    configs
}
