//! Facts that span streams, read on from the log before each use. What they are is the business of
//! the context that folds them.

use plimsoll_contracts::{Payload, Position, StreamId, TenantId};
use plimsoll_log::{Filter, Log};
use tokio::sync::Mutex;

use super::Failure;

/// Events read at once.
const PAGE: usize = 1_000;

/// A pure fold over a few event types of all streams and tenants.
pub(crate) trait Directory: Default + std::fmt::Debug + Send {
    /// The event types that it reads.
    const TYPES: &'static [&'static str];

    /// Takes an event in.
    fn take(&mut self, tenant: &TenantId, stream: &StreamId, event: &Payload);
}

/// A directory that follows the log; shared by all requests of the process.
#[derive(Debug, Default)]
pub(crate) struct Followed<D>(Mutex<Reading<D>>);

#[derive(Debug, Default)]
struct Reading<D> {
    position: Position,
    directory: D,
}

impl<D: Directory> Followed<D> {
    /// Asks the directory as of the end of the log. Two requests at the same instant can both see
    /// the state before either: they write different streams, so nothing but this look holds them
    /// apart.
    pub(crate) async fn ask<T>(&self, log: &Log, question: impl FnOnce(&D) -> T) -> Result<T, Failure> {
        let mut reading = self.0.lock().await;
        reading.catch_up(log).await?;
        Ok(question(&reading.directory))
    }
}

impl<D: Directory> Reading<D> {
    async fn catch_up(&mut self, log: &Log) -> Result<(), Failure> {
        let types = D::TYPES.iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter { tenant: None, types };
        loop {
            let page = log.read_all(self.position, PAGE, &filter).await?;
            for event in &page.events {
                let payload = event.payload().map_err(|error| Failure::Damaged {
                    stream: event.stream.clone(),
                    version: event.version,
                    detail: error.to_string(),
                })?;
                self.directory.take(&event.tenant, &event.stream, payload);
            }
            self.position = page.next;
            if !page.more {
                return Ok(());
            }
        }
    }
}
