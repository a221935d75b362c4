//! The queue before the appender: bounded by requests and bytes, emptied in batches.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::task::TaskTracker;

use super::batch::{self, AppendJob, ImportJob};
use crate::{
    LogOptions,
    append::{Append, AppendError, Appended},
    db::Db,
    import::{ImportError, Imported},
    metrics,
    wake::Wake,
};

use plimsoll_contracts::ImportedEvent;

#[derive(Debug)]
pub(crate) enum Job {
    Append(AppendJob),
    Import(ImportJob),
}

/// The callers' side of the queue.
#[derive(Debug, Clone)]
pub(crate) struct Appender {
    jobs: mpsc::Sender<Job>,
    queued_bytes: Arc<AtomicUsize>,
    queue_max_bytes: usize,
}

/// Starts the process's one appender task. It ends when the last handle is gone.
pub(crate) fn start(db: Db, options: &LogOptions, wake: Wake, tracker: &TaskTracker) -> Appender {
    let (jobs, waiting) = mpsc::channel(options.queue_max_requests);
    let queued_bytes = Arc::new(AtomicUsize::new(0));
    let task = Task {
        db,
        wake,
        waiting,
        queued_bytes: Arc::clone(&queued_bytes),
        batch_max_requests: options.batch_max_requests,
        batch_max_events: options.batch_max_events,
        batch_max_bytes: options.append_max_bytes * 2,
        linger: options.linger,
    };
    tracker.spawn(task.run());
    Appender {
        jobs,
        queued_bytes,
        queue_max_bytes: options.queue_max_bytes,
    }
}

impl Appender {
    pub(crate) async fn append(&self, request: Append) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        let bytes = request.bytes();
        self.enqueue(Job::Append(AppendJob { request, answer }), bytes)?;
        answered.await.map_err(|_| AppendError::Closed)?
    }

    pub(crate) async fn import(
        &self,
        batch: Vec<ImportedEvent>,
        bytes: usize,
    ) -> Result<Imported, ImportError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Job::Import(ImportJob { batch, bytes, answer }), bytes)
            .map_err(|error| match error {
                AppendError::Overloaded => ImportError::Overloaded,
                _ => ImportError::Closed,
            })?;
        answered.await.map_err(|_| ImportError::Closed)?
    }

    /// Takes the job if there is room; memory is bounded by saying no, not by waiting.
    fn enqueue(&self, job: Job, bytes: usize) -> Result<(), AppendError> {
        let before = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let sent = if before > 0 && before + bytes > self.queue_max_bytes {
            Err(AppendError::Overloaded)
        } else {
            self.jobs.try_send(job).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => AppendError::Closed,
            })
        };
        if sent.is_err() {
            self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            ::metrics::counter!(metrics::OVERLOADED).increment(1);
        }
        sent
    }
}

struct Task {
    db: Db,
    wake: Wake,
    waiting: mpsc::Receiver<Job>,
    queued_bytes: Arc<AtomicUsize>,
    batch_max_requests: usize,
    batch_max_events: usize,
    batch_max_bytes: usize,
    linger: Duration,
}

/// A batch being gathered.
#[derive(Default)]
struct Gathered {
    jobs: Vec<AppendJob>,
    events: usize,
    bytes: usize,
}

impl Task {
    async fn run(mut self) {
        let mut held: VecDeque<Job> = VecDeque::with_capacity(1);
        let mut last_size = 1;
        loop {
            let first = match held.pop_front() {
                Some(job) => job,
                None => match self.waiting.recv().await {
                    Some(job) => job,
                    None => return,
                },
            };
            match first {
                Job::Import(job) => {
                    let bytes = job.bytes;
                    batch::import(&self.db, &self.wake, job).await;
                    self.release(bytes);
                }
                Job::Append(job) => {
                    let gathered = self.gather(job, &mut held, last_size).await;
                    last_size = gathered.jobs.len();
                    batch::append(&self.db, &self.wake, gathered.jobs).await;
                    self.release(gathered.bytes);
                }
            }
        }
    }

    /// Takes what is waiting; lingers only while fewer came than last time, so that a lone caller
    /// pays nothing and a crowd shares one commit.
    async fn gather(&mut self, first: AppendJob, held: &mut VecDeque<Job>, last_size: usize) -> Gathered {
        let mut gathered = Gathered::default();
        gathered.add(first);
        let deadline = Instant::now() + self.linger;
        while gathered.jobs.len() < self.batch_max_requests {
            let next = match self.waiting.try_recv() {
                Ok(job) => job,
                Err(_) if gathered.jobs.len() < last_size => {
                    match tokio::time::timeout_at(deadline, self.waiting.recv()).await {
                        Ok(Some(job)) => job,
                        Ok(None) | Err(_) => break,
                    }
                }
                Err(_) => break,
            };
            match next {
                Job::Append(job) if gathered.fits(&job, self.batch_max_events, self.batch_max_bytes) => {
                    gathered.add(job);
                }
                other => {
                    held.push_back(other);
                    break;
                }
            }
        }
        gathered
    }

    fn release(&self, bytes: usize) {
        let before = self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        ::metrics::gauge!(metrics::QUEUE_BYTES).set(as_f64(before.saturating_sub(bytes)));
    }
}

impl Gathered {
    fn add(&mut self, job: AppendJob) {
        self.events += job.request.events().count();
        self.bytes += job.request.bytes();
        self.jobs.push(job);
    }

    fn fits(&self, job: &AppendJob, events_max: usize, bytes_max: usize) -> bool {
        self.events + job.request.events().count() <= events_max
            && self.bytes + job.request.bytes() <= bytes_max
    }
}

/// Metrics take floats; sizes here stay far below the 2^53 that one holds exactly.
fn as_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
