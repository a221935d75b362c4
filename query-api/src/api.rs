//! The query side as a whole: started once, held by a cheap handle, routed by [`router`].

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::FromRef};
use plimsoll_feed::Subscriber;
use plimsoll_host::Keys;
use plimsoll_store::Stores;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    cohort::Cohorts,
    history::History,
    http,
    hub::{self, Hub},
    live::{self, Admission},
    options::Options,
    registry::Registry,
    site::{self, Site},
};

/// A handle on the running query side; clones share it.
#[derive(Debug, Clone)]
pub struct QueryApi(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    registry: Registry,
    cohorts: Cohorts,
    stores: Stores,
    history: Option<History>,
    keys: Keys,
    admission: Admission,
    site: Site,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl QueryApi {
    /// Starts to hear the change feeds of all views. Nothing here waits for a server: a store or a
    /// feed that is down shows as a stale view.
    ///
    /// At the shutdown open sockets are drained; [`Self::closed`] tells when they are gone.
    #[must_use]
    pub fn start(
        options: Options,
        stores: Stores,
        subscriber: &Subscriber,
        keys: Keys,
        shutdown: CancellationToken,
    ) -> Self {
        let tasks = TaskTracker::new();
        let registry = Registry::standard();
        let hubs: BTreeMap<&'static str, Hub> = registry
            .iter()
            .map(|view| (view.name, Hub::new(view.name)))
            .collect();
        for hub in hubs.values() {
            tasks.spawn(hub::listen(
                hub.clone(),
                stores.clone(),
                subscriber.clone(),
                options.cohorts.poll_interval,
                shutdown.clone(),
            ));
        }
        let site = Site::open(options.web_dir.clone());
        tasks.spawn(site::watch(
            site.clone(),
            options.http.web_poll_interval,
            shutdown.clone(),
        ));
        let cohorts = Cohorts::new(
            options.cohorts.clone(),
            stores.clone(),
            hubs,
            tasks.clone(),
            shutdown.clone(),
        );
        let history = options
            .log
            .clone()
            .map(|log| History::new(log, options.history.clone()));
        Self(Arc::new(Inner {
            admission: Admission::new(&options.live),
            options,
            registry,
            cohorts,
            stores,
            history,
            keys,
            site,
            tasks,
            shutdown,
        }))
    }

    /// Waits, after the shutdown, until every socket and task has ended.
    pub async fn closed(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    pub(crate) fn cohorts(&self) -> &Cohorts {
        &self.0.cohorts
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.0.stores
    }

    /// The past, where this node has the log.
    pub(crate) fn history(&self) -> Option<&History> {
        self.0.history.as_ref()
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }
}

impl FromRef<QueryApi> for Keys {
    fn from_ref(api: &QueryApi) -> Self {
        api.keys().clone()
    }
}

/// The routes of the query side: `/v1/views…`, `/v1/live`, `/v1/dev/token` where it is switched
/// on, and the web pages.
pub fn router(api: QueryApi) -> Router {
    Router::new()
        .merge(http::router(api.options().dev_tokens))
        .merge(live::router())
        .merge(site::router())
        .with_state(api)
}
