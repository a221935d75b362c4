//! The services of one process, wired to each other and to their servers, behind one router.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use futures::future::BoxFuture;
use plimsoll_command_side::{CommandSide, ParkedCount, ParkedCountError};
use plimsoll_contracts::{Position, TenantId};
use plimsoll_feed::{FeedOptions, Publisher, Subscriber};
use plimsoll_host::{
    Keys,
    health::Readiness,
    metrics,
    problem::{no_such_method, no_such_path},
};
use plimsoll_log::{Filter, Log, LogOptions};
use plimsoll_projector::Projector;
use plimsoll_query_api::QueryApi;
use plimsoll_store::{Select, StoreOptions, Stores};
use plimsoll_views::{Commission, View as _, fold::ParkedRow};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Longest wait for a part to finish what it is at.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);

/// Longest wait for the views to be there at a start.
const SERVE_WITHIN: Duration = Duration::from_secs(60);

/// Events of a log's beginning that show who filled it: configuration may come before the first story.
const BEGINNING: usize = 100;

/// Where the servers are.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Postgres: log and views.
    pub postgres_url: String,
    /// NATS: stream and change feed.
    pub nats_url: String,
    /// Redis: views.
    pub redis_url: String,
}

/// Which services run in this process.
#[derive(Debug, Clone, Copy)]
pub struct Services {
    /// Commands over HTTP, import, feed, relay.
    pub command_side: bool,
    /// Folding the log into views, and its admin API.
    pub projector: bool,
    /// Views over HTTP and WebSocket, pages.
    pub query_api: bool,
}

/// How the services behave.
#[derive(Debug, Clone, Default)]
pub struct HouseOptions {
    /// Folder of the built web pages.
    pub web_dir: Option<PathBuf>,
    /// Whether `POST /v1/dev/token` exists.
    pub dev_tokens: bool,
    /// Origins of foreign pages that may open sockets.
    pub origins: Vec<String>,
}

/// Running services.
#[derive(Debug)]
pub struct House {
    /// Every route.
    pub router: Router,
    /// What is ready.
    pub readiness: Readiness,
    log: Option<Log>,
    stores: Option<Stores>,
    query_api: Option<QueryApi>,
    projector: Option<Projector>,
    tasks: TaskTracker,
    /// Ends reading: sockets are drained.
    stop_queries: CancellationToken,
    /// Ends projecting and relaying.
    stop_work: CancellationToken,
}

impl House {
    /// Opens the log and the stores and starts the services.
    ///
    /// # Errors
    /// A server cannot be reached, or holds another history.
    pub async fn open(
        addresses: &Addresses,
        services: Services,
        keys: &Keys,
        options: HouseOptions,
    ) -> anyhow::Result<Self> {
        let mut house = Self {
            router: Router::new(),
            readiness: Readiness::default(),
            log: None,
            stores: None,
            query_api: None,
            projector: None,
            tasks: TaskTracker::new(),
            stop_queries: CancellationToken::new(),
            stop_work: CancellationToken::new(),
        };
        let store_options = StoreOptions::new(&addresses.postgres_url, &addresses.redis_url);
        let stores = Stores::open(store_options)
            .await
            .context("cannot open the views' stores")?;
        house.stores = Some(stores.clone());
        // Every service needs it: to write, to follow, to look into the past.
        let log = Log::open(&addresses.postgres_url, LogOptions::new(&addresses.nats_url))
            .await
            .context("cannot open the event log")?;
        house.log = Some(log);
        if services.command_side {
            house.start_command_side(keys, &stores);
        }
        if services.projector {
            house.start_projector(addresses, keys, &stores).await?;
        }
        if services.query_api {
            house.start_query_api(addresses, keys, &stores, options).await?;
        }
        house.tasks.close();
        house.finish_router(keys);
        Ok(house)
    }

    fn start_command_side(&mut self, keys: &Keys, stores: &Stores) {
        let Some(log) = self.log.clone() else { return };
        let parked = Arc::new(CommissionParked(stores.clone()));
        let side = CommandSide::new(log, keys.clone(), plimsoll_command_side::Options::default())
            .with_parked_count(parked);
        let background = side.clone();
        let stop = self.stop_work.clone();
        self.tasks
            .spawn(async move { background.run_background(stop).await });
        self.merge(plimsoll_command_side::router(side));
        self.readiness.set("command-side", true);
    }

    async fn start_projector(
        &mut self,
        addresses: &Addresses,
        keys: &Keys,
        stores: &Stores,
    ) -> anyhow::Result<()> {
        let Some(log) = self.log.clone() else {
            return Ok(());
        };
        let (publisher, sending) = Publisher::connect(FeedOptions::new(&addresses.nats_url))
            .await
            .context("cannot use the change feed")?;
        self.tasks.spawn(sending);
        let tail = log.tail(self.stop_work.clone());
        let owner = format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
        let projector = Projector::start(
            plimsoll_projector::Options::new(owner),
            log,
            tail,
            stores.clone(),
            publisher,
            self.stop_work.clone(),
        );
        self.merge(plimsoll_projector::router(projector.clone(), keys.clone()));
        self.projector = Some(projector);
        self.readiness.set("projector", false);
        Ok(())
    }

    async fn start_query_api(
        &mut self,
        addresses: &Addresses,
        keys: &Keys,
        stores: &Stores,
        options: HouseOptions,
    ) -> anyhow::Result<()> {
        let subscriber = Subscriber::connect(FeedOptions::new(&addresses.nats_url))
            .await
            .context("cannot use the change feed")?;
        let mut query_options = plimsoll_query_api::Options {
            web_dir: options.web_dir,
            dev_tokens: options.dev_tokens,
            log: self.log.clone(),
            ..plimsoll_query_api::Options::default()
        };
        query_options.live.origins = options.origins;
        let stop = self.stop_queries.clone();
        let api = QueryApi::start(query_options, stores.clone(), &subscriber, keys.clone(), stop);
        self.merge(plimsoll_query_api::router(api.clone()));
        self.query_api = Some(api);
        self.readiness.set("query-api", true);
        Ok(())
    }

    fn merge(&mut self, router: Router) {
        self.router = std::mem::take(&mut self.router).merge(router);
    }

    fn finish_router(&mut self, keys: &Keys) {
        if let Some(handle) = metrics::install() {
            self.merge(metrics::router(handle, keys.clone(), self.stop_work.clone()));
        }
        self.merge(self.readiness.clone().router());
        self.merge(crate::openapi::router());
        // The query side answers for every path that nobody else has: some of them are web pages.
        if self.query_api.is_none() {
            self.router = std::mem::take(&mut self.router).fallback(no_such_path);
        }
        self.router = std::mem::take(&mut self.router).method_not_allowed_fallback(no_such_method);
    }

    /// Waits until every view can be asked: its projector has made its tables or keys.
    ///
    /// # Errors
    /// That takes too long; which view, and why.
    pub async fn serving(&self) -> anyhow::Result<()> {
        let Some(stores) = self.stores.as_ref().filter(|_| self.projector.is_some()) else {
            return Ok(());
        };
        let until = tokio::time::Instant::now() + SERVE_WITHIN;
        for view in Projector::views() {
            while let Err(error) = stores.head(view).await {
                if tokio::time::Instant::now() > until {
                    return Err(error)
                        .with_context(|| format!("{view} could not be made within {SERVE_WITHIN:?}"));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        self.readiness.set("projector", true);
        Ok(())
    }

    /// Whether the log is empty: nothing was ever appended.
    ///
    /// # Errors
    /// The log does not answer.
    pub async fn log_is_empty(&self) -> anyhow::Result<bool> {
        match &self.log {
            Some(log) => Ok(log.head().await?.position.get() == 0),
            None => Ok(false),
        }
    }

    /// Whether the simulation has told the log's beginning: it marks its commands.
    ///
    /// # Errors
    /// The log does not answer.
    pub async fn log_is_simulated(&self) -> anyhow::Result<bool> {
        let Some(log) = &self.log else { return Ok(false) };
        let beginning = log
            .read_all(Position::ZERO, BEGINNING, &Filter::default())
            .await?;
        let mut events = beginning.events.iter();
        Ok(events.any(|event| event.correlation_id.starts_with(crate::demo::CORRELATION)))
    }

    /// Drains the readers: sockets are told, and closed.
    pub async fn close_queries(&self) {
        self.readiness.set("query-api", false);
        self.stop_queries.cancel();
        if let Some(api) = &self.query_api {
            within("open sockets", api.closed()).await;
        }
    }

    /// Ends everything else in order: what was accepted is appended, what was folded is committed.
    pub async fn close(self) {
        self.stop_work.cancel();
        if let Some(projector) = &self.projector {
            within("projections", projector.stopped()).await;
        }
        drop((self.projector, self.query_api));
        drop(self.router);
        within("background work", self.tasks.wait()).await;
        if let Some(log) = self.log {
            within("the log", log.close()).await;
        }
        if let Some(stores) = self.stores {
            within("the stores", stores.close()).await;
        }
    }
}

async fn within(what: &str, done: impl Future<Output = ()>) {
    if tokio::time::timeout(CLOSE_WITHIN, done).await.is_err() {
        tracing::warn!(
            what,
            within_s = CLOSE_WITHIN.as_secs(),
            "did not end in time and is left behind"
        );
    }
}

/// The commission view's parked events, for closing a period (M-R1).
#[derive(Debug)]
struct CommissionParked(Stores);

impl ParkedCount for CommissionParked {
    fn parked<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<u64, ParkedCountError>> {
        Box::pin(async move {
            let select = Select {
                view: Commission::NAME.to_owned(),
                tenant: tenant.clone(),
                table: "parked".to_owned(),
                span: None,
            };
            let snapshot = self
                .0
                .snapshot(&select)
                .await
                .map_err(|e| ParkedCountError(e.to_string()))?;
            let bodies = snapshot.rows.iter().map(|row| row.body.get());
            events_of(bodies).map_err(|error| {
                ParkedCountError(format!("the view's parked events cannot be read: {error}"))
            })
        })
    }
}

/// Events in the rows of the parked table, which has a row per owner.
fn events_of<'a>(rows: impl Iterator<Item = &'a str>) -> serde_json::Result<u64> {
    let count = |row: &str| Ok(serde_json::from_str::<ParkedRow>(row)?.entries.len() as u64);
    rows.map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_events_are_counted_and_not_their_owners() {
        let entry = serde_json::json!({"key": "k", "event": uuid::Uuid::nil(), "reason": "r", "position": 1,
            "occurred_at": "2026-03-01T00:00:00.000Z"});
        let row = |owner: &str, entries: usize| {
            serde_json::json!({"owner": owner, "entries": vec![entry.clone(); entries]}).to_string()
        };
        let rows = [row("policy/A", 3), row("policy/B", 1)];
        assert_eq!(events_of(rows.iter().map(String::as_str)).unwrap(), 4);
        assert!(events_of(["{}"].into_iter()).is_err());
    }
}
