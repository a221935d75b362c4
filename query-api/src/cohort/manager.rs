//! The cohorts of a node: found by their key, made when first asked for, let go when idle.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use plimsoll_contracts::Problem;
use plimsoll_store::Stores;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    actor::Actor,
    key::CohortKey,
    shared::{Cohort, CohortUse},
};
use crate::{hub::Hub, metrics, options::CohortOptions, problems, registry::Question};

/// A handle on all cohorts; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Cohorts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: CohortOptions,
    stores: Stores,
    hubs: BTreeMap<&'static str, Hub>,
    known: Mutex<HashMap<CohortKey, Arc<Cohort>>>,
    next_topic: AtomicU64,
    rows: AtomicUsize,
    loads: Semaphore,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Cohorts {
    pub(crate) fn new(
        options: CohortOptions,
        stores: Stores,
        hubs: BTreeMap<&'static str, Hub>,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            loads: Semaphore::new(options.loads_max),
            options,
            stores,
            hubs,
            known: Mutex::default(),
            next_topic: AtomicU64::new(1),
            rows: AtomicUsize::new(0),
            tasks,
            shutdown,
        }))
    }

    /// The cohort of a question, made if there is none.
    ///
    /// # Errors
    /// 503 when there are too many, or the node is going down.
    pub(crate) fn get(&self, key: CohortKey, question: &Arc<dyn Question>) -> Result<CohortUse, Problem> {
        if self.0.shutdown.is_cancelled() {
            return Err(problems::going_down());
        }
        let mut known = self.known();
        if let Some(cohort) = known.get(&key)
            && cohort.ended().is_none()
        {
            return Ok(CohortUse::new(Arc::clone(cohort)));
        }
        let max = self.0.options.cohorts_max;
        if known.len() >= max && !evict_idlest(&mut known) {
            ::metrics::counter!(metrics::COHORTS_REFUSED, "bound" => "cohorts").increment(1);
            return Err(problems::too_many_questions("questions", max));
        }
        let (inbox, items) = mpsc::channel(self.0.options.inbox_max);
        let topic = self.0.next_topic.fetch_add(1, Ordering::Relaxed);
        let cohort = Arc::new(Cohort::new(topic, key.clone(), inbox));
        known.insert(key, Arc::clone(&cohort));
        ::metrics::gauge!(metrics::COHORTS).set(u32::try_from(known.len()).unwrap_or(u32::MAX));
        let share = CohortUse::new(Arc::clone(&cohort));
        let hub = self.hub(cohort.key.view).clone();
        hub.join(&cohort);
        self.0
            .tasks
            .spawn(Actor::new(self.clone(), cohort, hub, Arc::clone(question), items).run());
        Ok(share)
    }

    /// A view's ear.
    pub(crate) fn hub(&self, view: &'static str) -> &Hub {
        self.0
            .hubs
            .get(view)
            .expect("every view of the registry has a hub")
    }

    pub(crate) fn options(&self) -> &CohortOptions {
        &self.0.options
    }

    pub(super) fn stores(&self) -> &Stores {
        &self.0.stores
    }

    pub(super) fn loads(&self) -> &Semaphore {
        &self.0.loads
    }

    pub(super) fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }

    /// Books a cohort's rows instead of the ones it had.
    ///
    /// # Errors
    /// 503 when all cohorts together would hold too many.
    pub(super) fn book_rows(&self, had: usize, has: usize) -> Result<(), Problem> {
        let all = self.0.rows.fetch_add(has, Ordering::AcqRel) + has - had;
        self.0.rows.fetch_sub(had, Ordering::AcqRel);
        ::metrics::gauge!(metrics::COHORT_ROWS).set(u32::try_from(all).unwrap_or(u32::MAX));
        if has > had && all > self.0.options.rows_max {
            ::metrics::counter!(metrics::COHORTS_REFUSED, "bound" => "rows").increment(1);
            return Err(problems::too_many_questions("rows", self.0.options.rows_max));
        }
        Ok(())
    }

    /// Lets a cohort go, unless somebody has come back to it.
    pub(super) fn let_go_if_idle(&self, cohort: &Arc<Cohort>) -> bool {
        let mut known = self.known();
        let idle = cohort
            .idle_since()
            .is_some_and(|since| since.elapsed() >= self.0.options.idle_after);
        if idle {
            forget(&mut known, cohort);
        }
        idle
    }

    /// Forgets a cohort that has ended.
    pub(super) fn forget(&self, cohort: &Arc<Cohort>) {
        forget(&mut self.known(), cohort);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CohortKey, Arc<Cohort>>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(known: &mut HashMap<CohortKey, Arc<Cohort>>, cohort: &Arc<Cohort>) {
    if known
        .get(&cohort.key)
        .is_some_and(|current| current.topic == cohort.topic)
    {
        known.remove(&cohort.key);
    }
    ::metrics::gauge!(metrics::COHORTS).set(u32::try_from(known.len()).unwrap_or(u32::MAX));
}

/// Ends the cohort that nobody has used for the longest time; `false` = all are in use.
fn evict_idlest(known: &mut HashMap<CohortKey, Arc<Cohort>>) -> bool {
    let idle = known
        .values()
        .filter_map(|cohort| Some((cohort.idle_since()?, cohort)));
    let Some(cohort) = idle
        .min_by_key(|(since, _)| *since)
        .map(|(_, cohort)| Arc::clone(cohort))
    else {
        return false;
    };
    forget(known, &cohort);
    cohort.end(problems::going_down());
    cohort.hurried.notify_one();
    true
}
