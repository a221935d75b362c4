//! The directory of open sessions, read on from the log before each use.

use plimsoll_contracts::{Id, Position, TenantId};
use plimsoll_log::{Filter, Log};
use tokio::sync::Mutex;

use super::directory::{Directory, Open, TYPES};
use crate::handler::Failure;

/// Events read at once.
const PAGE: usize = 1_000;

/// Shared by all requests of the process.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Followed>);

#[derive(Debug, Default)]
struct Followed {
    position: Position,
    directory: Directory,
}

impl Sessions {
    /// The open sessions of an agent, as of the end of the log. Two logins at the same instant can
    /// both see none: they write different streams, so nothing but this look holds them apart.
    pub(crate) async fn open(&self, log: &Log, tenant: &TenantId, agent: &Id) -> Result<Open, Failure> {
        let mut followed = self.0.lock().await;
        followed.catch_up(log).await?;
        Ok(followed.directory.of(tenant, agent))
    }
}

impl Followed {
    async fn catch_up(&mut self, log: &Log) -> Result<(), Failure> {
        let types = TYPES.iter().map(|name| (*name).to_owned()).collect();
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
