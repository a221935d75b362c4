//! What a cohort's task and its clients share.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use plimsoll_contracts::{Position, Problem};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};

use super::{key::CohortKey, latest::Latest};
use crate::registry::Heard;

/// What a hub tells its cohorts.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// A commit.
    Change(Arc<Heard>),
    /// The hub has looked at the store: see its state.
    Look,
}

/// How a cohort is.
#[derive(Debug, Clone)]
pub(crate) enum Status {
    /// It reads the store for the first time.
    Loading,
    /// It answers; the number rises with whatever a reader may wait for.
    Ready(u64),
    /// It has ended.
    Ended(Problem),
}

/// A cohort.
#[derive(Debug)]
pub(crate) struct Cohort {
    pub(crate) topic: u64,
    pub(crate) key: CohortKey,
    latest: Mutex<Option<Latest>>,
    status: watch::Sender<Status>,
    inbox: mpsc::Sender<Item>,
    overflowed: AtomicBool,
    users: AtomicUsize,
    last_used: Mutex<Instant>,
    wakers: Mutex<Vec<(u64, Waker)>>,
    next_waker: AtomicU64,
    /// Somebody waits for this position.
    wanted: AtomicU64,
    pub(crate) hurried: Notify,
}

/// How a connection is told which of its subscriptions has news: a bit each.
#[derive(Debug, Clone)]
pub(crate) struct Waker {
    pub(crate) news: Arc<News>,
    pub(crate) bit: u32,
}

/// Subscriptions with news, as bits.
#[derive(Debug, Default)]
pub(crate) struct News {
    bits: AtomicU64,
    pub(crate) notify: Notify,
}

impl News {
    /// The subscriptions with news since the last call.
    pub(crate) fn take(&self) -> u64 {
        self.bits.swap(0, Ordering::AcqRel)
    }

    /// Marks a subscription.
    pub(crate) fn mark(&self, bit: u32) {
        self.bits.fetch_or(1 << bit, Ordering::AcqRel);
        self.notify.notify_one();
    }
}

impl Cohort {
    pub(crate) fn new(topic: u64, key: CohortKey, inbox: mpsc::Sender<Item>) -> Self {
        Self {
            topic,
            key,
            latest: Mutex::new(None),
            status: watch::Sender::new(Status::Loading),
            inbox,
            overflowed: AtomicBool::new(false),
            users: AtomicUsize::new(0),
            last_used: Mutex::new(Instant::now()),
            wakers: Mutex::new(Vec::new()),
            next_waker: AtomicU64::new(1),
            wanted: AtomicU64::new(0),
            hurried: Notify::new(),
        }
    }

    /// Puts something into the cohort's inbox; a full inbox means reading the store again.
    pub(crate) fn tell(&self, item: Item) {
        if self.inbox.try_send(item).is_err() {
            self.overflowed.store(true, Ordering::Release);
        }
    }

    pub(super) fn take_overflowed(&self) -> bool {
        self.overflowed.swap(false, Ordering::AcqRel)
    }

    /// Asks for a frame as soon as a position is reached.
    pub(crate) fn hurry(&self, position: Position) {
        self.wanted.fetch_max(position.get(), Ordering::AcqRel);
        self.hurried.notify_one();
    }

    pub(super) fn wanted(&self) -> Position {
        Position::new(self.wanted.load(Ordering::Acquire))
    }

    /// The answer; only where [`CohortUse::ready`] has come back.
    pub(crate) fn latest<T>(&self, read: impl FnOnce(&mut Latest) -> T) -> T {
        let mut latest = self.lock_latest();
        read(
            latest
                .as_mut()
                .expect("a cohort is read after it has become ready, and stays filled"),
        )
    }

    pub(super) fn is_filled(&self) -> bool {
        self.lock_latest().is_some()
    }

    pub(super) fn set_latest(&self, latest: Latest) {
        *self.lock_latest() = Some(latest);
    }

    fn lock_latest(&self) -> MutexGuard<'_, Option<Latest>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everyone that waits for a position, and, where there are frames, the sockets.
    pub(super) fn wake(&self, has_frames: bool) {
        self.status.send_modify(|status| {
            *status = match status {
                Status::Ready(number) => Status::Ready(*number + 1),
                Status::Loading | Status::Ended(_) => Status::Ready(0),
            };
        });
        if has_frames {
            self.wake_sockets();
        }
    }

    pub(super) fn end(&self, problem: Problem) {
        self.status.send_replace(Status::Ended(problem));
        self.wake_sockets();
    }

    fn wake_sockets(&self) {
        for (_, waker) in self.wakers().iter() {
            waker.news.mark(waker.bit);
        }
    }

    /// Why it has ended, if it has.
    pub(crate) fn ended(&self) -> Option<Problem> {
        match &*self.status.borrow() {
            Status::Ended(problem) => Some(problem.clone()),
            Status::Loading | Status::Ready(_) => None,
        }
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_used(&self) -> MutexGuard<'_, Instant> {
        self.last_used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when nobody has used it; `None` = somebody does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        (self.users.load(Ordering::Acquire) == 0).then(|| *self.last_used())
    }
}

/// A share in a cohort: it stays while somebody holds one.
#[derive(Debug)]
pub(crate) struct CohortUse {
    cohort: Arc<Cohort>,
    waker: Option<u64>,
}

impl CohortUse {
    pub(super) fn new(cohort: Arc<Cohort>) -> Self {
        cohort.users.fetch_add(1, Ordering::AcqRel);
        Self { cohort, waker: None }
    }

    /// Waits for the first answer.
    ///
    /// # Errors
    /// Why there will be none.
    pub(crate) async fn ready(&self) -> Result<(), Problem> {
        let mut status = self.cohort.status.subscribe();
        let reached = status.wait_for(|status| !matches!(status, Status::Loading)).await;
        match reached.as_deref() {
            Ok(Status::Ended(problem)) => Err(problem.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(crate::problems::going_down()),
        }
    }

    /// News from now on, for readers that wait.
    pub(crate) fn news(&self) -> watch::Receiver<Status> {
        self.cohort.status.subscribe()
    }

    /// Lets a connection be told of news.
    pub(crate) fn wake_with(&mut self, waker: Waker) {
        let number = self.cohort.next_waker.fetch_add(1, Ordering::Relaxed);
        self.cohort.wakers().push((number, waker));
        self.waker = Some(number);
    }
}

impl std::ops::Deref for CohortUse {
    type Target = Cohort;

    fn deref(&self) -> &Cohort {
        &self.cohort
    }
}

impl Drop for CohortUse {
    fn drop(&mut self) {
        if let Some(number) = self.waker {
            self.cohort.wakers().retain(|(known, _)| *known != number);
        }
        *self.cohort.last_used() = Instant::now();
        self.cohort.users.fetch_sub(1, Ordering::AcqRel);
    }
}
