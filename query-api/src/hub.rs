//! One ear per view: hears the change feed, asks the store from time to time where the view
//! stands, and passes both on to the view's cohorts. It trusts no delivery and judges no rows.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use plimsoll_contracts::Position;
use plimsoll_feed::{Change, FeedItem, Subscriber};
use plimsoll_store::{Head, ReadError, Stores};
use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::cohort::{Cohort, Item};

/// What is known of a view beside its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct HubState {
    /// Where the store says that the view stands; none before the first answer.
    pub(crate) head: Option<Head>,
    /// The last look must be believed at once: messages may have been lost.
    pub(crate) is_urgent: bool,
    /// Since when the store does not answer.
    pub(crate) unreachable_since: Option<DateTime<Utc>>,
    /// Since when commits are seen in the store that the feed did not tell of.
    pub(crate) silent_since: Option<DateTime<Utc>>,
}

/// A view's ear; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    pub(crate) view: &'static str,
    state: Arc<watch::Sender<HubState>>,
    /// How far the view is known to have come.
    position: Arc<watch::Sender<Position>>,
    cohorts: Arc<Mutex<BTreeMap<u64, Arc<Cohort>>>>,
}

impl Hub {
    pub(crate) fn new(view: &'static str) -> Self {
        Self {
            view,
            state: Arc::new(watch::Sender::new(HubState::default())),
            position: Arc::new(watch::Sender::new(Position::ZERO)),
            cohorts: Arc::default(),
        }
    }

    /// From now on a cohort hears everything.
    pub(crate) fn join(&self, cohort: &Arc<Cohort>) {
        self.lock().insert(cohort.topic, Arc::clone(cohort));
    }

    pub(crate) fn leave(&self, topic: u64) {
        self.lock().remove(&topic);
    }

    pub(crate) fn state(&self) -> HubState {
        self.state.borrow().clone()
    }

    /// How far the view is known to have come.
    pub(crate) fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Waits until the view is known to have come to a position.
    pub(crate) async fn reached(&self, position: Position) {
        // The sender lives in this handle, so the wait ends only by success.
        self.position
            .subscribe()
            .wait_for(|reached| *reached >= position)
            .await
            .ok();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Cohort>>> {
        self.cohorts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, item: &Item) {
        for cohort in self.lock().values() {
            cohort.tell(item.clone());
        }
    }
}

/// Hears and looks until the shutdown.
pub(crate) async fn listen(
    hub: Hub,
    stores: Stores,
    subscriber: Subscriber,
    poll_interval: Duration,
    shutdown: CancellationToken,
) {
    let mut ticks = tokio::time::interval(poll_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let view = hub.view;
    let mut ear = Ear::new(hub, stores);
    let mut subscription = match subscriber.subscribe(view).await {
        Ok(subscription) => subscription,
        Err(error) => {
            tracing::error!(
                view,
                error = &error as &dyn std::error::Error,
                "no change feed; the store is polled"
            );
            return poll(ear, ticks, shutdown).await;
        }
    };
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            item = subscription.next() => match item {
                Some(FeedItem::Change(change)) => ear.heard(change),
                Some(FeedItem::Lost) => ear.look(true).await,
                None => {
                    tracing::warn!(view, "the change feed has ended; the store is polled");
                    return poll(ear, ticks, shutdown).await;
                }
            },
            _ = ticks.tick() => ear.look(false).await,
        }
    }
}

async fn poll(mut ear: Ear, mut ticks: tokio::time::Interval, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => ear.look(false).await,
        }
    }
}

struct Ear {
    hub: Hub,
    stores: Stores,
    /// The last position that the feed told of.
    fed: Position,
    /// Where the store stood at the last look.
    seen: Option<Position>,
}

impl Ear {
    const fn new(hub: Hub, stores: Stores) -> Self {
        Self {
            hub,
            stores,
            fed: Position::ZERO,
            seen: None,
        }
    }

    fn heard(&mut self, change: Change) {
        self.fed = change.position;
        self.hub.position.send_replace(change.position);
        self.hub
            .state
            .send_if_modified(|state| state.silent_since.take().is_some());
        self.hub.tell(&Item::Change(Arc::new(change.into())));
    }

    async fn look(&mut self, lost: bool) {
        let asked = self.stores.head(self.hub.view).await;
        let now = Utc::now();
        let silent = self.is_silent(lost, asked.as_ref().ok());
        if let Err(error) = &asked {
            tracing::debug!(
                view = self.hub.view,
                error = error as &dyn std::error::Error,
                "no word from the store"
            );
        }
        if let Ok(head) = &asked {
            self.hub.position.send_if_modified(|known| {
                let news = head.position > *known;
                *known = head.position.max(*known);
                news
            });
        }
        self.hub.state.send_modify(|state| {
            state.is_urgent = lost;
            match asked {
                Ok(head) => (state.head, state.unreachable_since) = (Some(head), None),
                Err(ReadError::UnknownView(_)) => (state.head, state.unreachable_since) = (None, None),
                Err(_) => state.unreachable_since = state.unreachable_since.or(Some(now)),
            }
            state.silent_since = silent.then(|| state.silent_since.unwrap_or(now));
        });
        self.hub.tell(&Item::Look);
    }

    /// Whether the store has gone on for a whole interval without a word from the feed.
    fn is_silent(&mut self, lost: bool, head: Option<&Head>) -> bool {
        let Some(head) = head else {
            return self.hub.state.borrow().silent_since.is_some();
        };
        let seen = self.seen.replace(head.position);
        if lost {
            // A connection begins or ends: what the store holds now is known without the feed.
            self.fed = head.position;
            return false;
        }
        let was_silent = self.hub.state.borrow().silent_since.is_some();
        let unheard = seen.is_some_and(|seen| seen > self.fed && seen <= head.position);
        was_silent || unheard
    }
}
