//! The task of one cohort: takes changes in, reads the store again where the chain is broken,
//! computes the answer at its pace and says what became different.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use plimsoll_contracts::{Position, Problem, wire::ResetReason};
use plimsoll_store::{Head, Select, Snapshot};
use plimsoll_views::query::Reach;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Start,
    latest::Latest,
    manager::Cohorts,
    shared::{Cohort, Item},
    standing,
};
use crate::{
    hub::Hub,
    metrics, problems,
    registry::{AnswerRows, Heard, Question, Rows, RowsError},
};

/// How often a cohort looks whether it is still needed.
const TICK: Duration = Duration::from_secs(1);
/// A node spends at most about this part of its time on one cohort's answers.
const REST_FACTOR: u32 = 4;

pub(super) struct Actor {
    cohorts: Cohorts,
    cohort: Arc<Cohort>,
    hub: Hub,
    question: Arc<dyn Question>,
    items: mpsc::Receiver<Item>,
    /// None only while an answer is computed elsewhere.
    rows: Option<Box<dyn Rows>>,
    rows_booked: usize,
    /// What the rows stand for; the answer last told may be older.
    at: Option<Start>,
    /// What was read of the store; a question that moves with time outgrows it.
    reach: Vec<Reach>,
    /// When the answer may be another one although nothing arrives.
    changes_at: Option<DateTime<Utc>>,
    /// Changes since the last answer.
    folded: u64,
    is_dirty: bool,
    /// Why the store must be read again, and when at the earliest.
    reload: Option<&'static str>,
    reload_at: Instant,
    /// The store's position at the look before, if it was ahead of the rows.
    ahead: Option<Position>,
    may_tell_at: Instant,
    progress_at: Instant,
    heartbeat_at: Instant,
}

impl Actor {
    pub(super) fn new(
        cohorts: Cohorts,
        cohort: Arc<Cohort>,
        hub: Hub,
        question: Arc<dyn Question>,
        items: mpsc::Receiver<Item>,
    ) -> Self {
        let now = Instant::now();
        let rows = question.rows(cohort.key.own.clone());
        Self {
            cohorts,
            cohort,
            hub,
            question,
            items,
            rows: Some(rows),
            rows_booked: 0,
            at: None,
            reach: Vec::new(),
            changes_at: None,
            folded: 0,
            is_dirty: false,
            reload: Some("first"),
            reload_at: now,
            ahead: None,
            may_tell_at: now,
            progress_at: now,
            heartbeat_at: now,
        }
    }

    /// Works until nobody needs the cohort, it fails, or the shutdown.
    pub(super) async fn run(mut self) {
        let shutdown = self.cohorts.shutdown().clone();
        let (view, params) = (self.cohort.key.view, self.cohort.key.params.clone());
        // An answer that breaks ends its own cohort, and everybody in it hears of it: a cohort that
        // just stopped would go on showing its last numbers as if they were live.
        let work = AssertUnwindSafe(self.work()).catch_unwind();
        let problem = tokio::select! {
            () = shutdown.cancelled() => problems::going_down(),
            ended = work => ended.unwrap_or_else(|_| {
                ::metrics::counter!(metrics::BROKEN, "view" => view).increment(1);
                tracing::error!(view, params = ?params, "the answer to a question broke");
                problems::broken()
            }),
        };
        self.cohorts.forget(&self.cohort);
        self.hub.leave(self.cohort.topic);
        self.cohort.end(problem);
        // Giving rows back never hits a bound.
        self.cohorts.book_rows(self.rows_booked, 0).ok();
    }

    async fn work(&mut self) -> Problem {
        loop {
            if let Err(problem) = self.step().await {
                return problem;
            }
            if self.cohort.ended().is_some() || self.cohorts.let_go_if_idle(&self.cohort) {
                return problems::going_down();
            }
            let wake_at = self.wake_at();
            tokio::select! {
                item = self.items.recv() => match item {
                    Some(item) => self.take(&item),
                    None => return problems::going_down(),
                },
                () = self.cohort.hurried.notified() => {}
                () = tokio::time::sleep_until(wake_at) => {}
            }
            while let Ok(item) = self.items.try_recv() {
                self.take(&item);
            }
        }
    }

    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let moves = self.changes_at.map_or(TICK, |at| {
            (at - Utc::now()).to_std().unwrap_or_default().min(TICK)
        });
        let tick = now + moves;
        match self.reload {
            Some(_) => tick.min(self.reload_at),
            None if self.is_dirty => tick.min(self.may_tell_at),
            None => tick,
        }
    }

    fn take(&mut self, item: &Item) {
        match item {
            Item::Change(change) => self.take_change(change),
            Item::Look => self.look(),
        }
    }

    /// Applies a commit to the rows, if it continues them.
    fn take_change(&mut self, change: &Heard) {
        let Some(at) = &mut self.at else { return };
        if change.epoch != at.epoch || change.version != at.version {
            self.reload = Some("version");
            return;
        }
        if change.position <= at.position {
            return;
        }
        if change.base > at.position || !change.complete {
            self.reload = Some(if change.complete { "gap" } else { "incomplete" });
            return;
        }
        (at.position, at.as_of) = (change.position, Some(change.as_of));
        for news in change.of(&self.cohort.key.tenant) {
            let rows = self.rows.as_mut().expect("rows are here between steps");
            match rows.apply(news) {
                Ok(touched) => {
                    self.is_dirty |= touched;
                    self.folded += u64::from(touched);
                }
                Err(error) => {
                    self.log_rows_error(&error);
                    self.reload = Some("unreadable");
                }
            }
        }
    }

    /// Compares with what the store says of the view.
    fn look(&mut self) {
        let state = self.hub.state();
        let (Some(head), Some(at)) = (&state.head, &self.at) else {
            return;
        };
        let is_other = head.epoch != at.epoch || head.version != at.version;
        let was_ahead = self.ahead.take();
        if head.position > at.position {
            self.ahead = Some(head.position);
        }
        if is_other {
            self.reload = Some("version");
        } else if head.position > at.position
            && (state.is_urgent || was_ahead.is_some_and(|before| before > at.position))
        {
            self.reload = Some("behind");
        }
    }

    async fn step(&mut self) -> Result<(), Problem> {
        if self.cohort.take_overflowed() && self.at.is_some() {
            self.reload = Some("overflow");
        }
        if let Some(why) = self.reload
            && Instant::now() >= self.reload_at
        {
            self.load(why).await?;
        }
        self.move_on(Utc::now());
        let now = Instant::now();
        if self.is_dirty && self.reload.is_none() && now >= self.may_tell_at {
            self.tell().await?;
        }
        if self.at.is_some() {
            self.tell_time(now);
        }
        Ok(())
    }

    /// Notices that time alone has made the answer another one, or left the rows read behind.
    fn move_on(&mut self, now: DateTime<Utc>) {
        if self.at.is_none() || !self.question.moves() {
            return;
        }
        if self.changes_at.is_some_and(|at| now >= at) {
            self.changes_at = None;
            self.is_dirty = true;
        }
        if self.reload.is_none() && self.question.reaches(now) != self.reach {
            self.reload = Some("moved");
        }
    }

    /// Reads the store. What was told before stays told: the difference is.
    async fn load(&mut self, why: &'static str) -> Result<(), Problem> {
        let view = self.cohort.key.view;
        let cohorts = self.cohorts.clone();
        let Ok(_permit) = cohorts.loads().acquire().await else {
            return Err(problems::going_down());
        };
        ::metrics::counter!(metrics::LOADS, "view" => view, "why" => why).increment(1);
        let reach = self.question.reaches(Utc::now());
        let selects: Vec<Select> = reach
            .iter()
            .map(|(table, span)| Select {
                view: view.to_owned(),
                tenant: self.cohort.key.tenant.clone(),
                table: (*table).to_owned(),
                span: span.clone(),
            })
            .collect();
        match cohorts.stores().snapshots(&selects).await {
            Ok(snapshots) => self.adopt(reach, snapshots).await,
            Err(error) => {
                let problem = problems::of_read(view, &error);
                if self.at.is_none() || problem.status == 422 {
                    return Err(problem);
                }
                // What is known stays readable until the store answers again.
                self.reload_at = Instant::now() + TICK;
                Ok(())
            }
        }
    }

    /// Takes over what was read: a snapshot for each table of the reach, all of one moment.
    async fn adopt(&mut self, reach: Vec<Reach>, snapshots: Vec<Snapshot>) -> Result<(), Problem> {
        let Some(first) = snapshots.first() else {
            unreachable!("a question reads at least one table")
        };
        let (start, meta) = (start_of(&first.head), first.meta.clone());
        let is_step_back = |at: &Start| at.epoch == start.epoch && start.position < at.position;
        if self.at.as_ref().is_some_and(is_step_back) {
            // The store is being made again: keep what is known until it has come this far.
            self.reload_at = Instant::now() + TICK;
            return Ok(());
        }
        self.reload = None;
        let tables = reach.iter().map(|(table, _)| *table);
        let tables: Vec<_> = tables.zip(snapshots.into_iter().map(|read| read.rows)).collect();
        let (had, heavy) = (self.rows_booked, tables.iter().map(|(_, rows)| rows.len()).sum());
        self.cohorts.book_rows(had, heavy)?;
        self.rows_booked = heavy;
        let loaded = self
            .with_rows(heavy, move |rows| rows.load(meta.as_deref(), &tables))
            .await?;
        if let Err(error) = loaded {
            self.log_rows_error(&error);
            return Err(Problem::unavailable(
                "the view's projection is of another version than this program; ask again later",
            ));
        }
        let selected = self.rows.as_ref().map_or(0, |rows| rows.len());
        self.cohorts.book_rows(self.rows_booked, selected)?;
        self.rows_booked = selected;
        self.reach = reach;
        self.at = Some(start);
        self.folded = self.folded.max(1);
        self.tell().await
    }

    /// Computes the answer and says what became different.
    async fn tell(&mut self) -> Result<(), Problem> {
        let started = Instant::now();
        let held = self.rows.as_ref().map_or(0, |rows| rows.len());
        let (answer, changes_at) = self
            .with_rows(held, |rows| {
                let now = Utc::now();
                (rows.answer(now), rows.changes_at(now))
            })
            .await?;
        self.changes_at = changes_at;
        let max = self.cohorts.options().answer_rows_max;
        if matches!(&answer, AnswerRows::Whole(rows) if rows.len() > max) {
            return Err(problems::question_too_large("rows in its answer", max));
        }
        let took = started.elapsed();
        ::metrics::histogram!(metrics::ANSWER_SECONDS, "view" => self.cohort.key.view).record(took);
        self.is_dirty = false;
        let now = Instant::now();
        self.publish(answer, now);
        self.folded = 0;
        self.may_tell_at = now + self.cohorts.options().frame_interval.max(took * REST_FACTOR);
        Ok(())
    }

    fn publish(&mut self, answer: AnswerRows, now: Instant) {
        let Some(at) = self.at.clone() else { return };
        let parked = self.rows.as_ref().map_or(0, |rows| rows.parked());
        let folded = self.folded.max(1);
        let as_of = at.as_of;
        if self.is_first() {
            let mut latest = Latest::new(self.cohort.topic, at, self.cohorts.options());
            latest.moves = self.question.moves();
            latest.fill(answer);
            latest.parked = parked;
            self.cohort.set_latest(latest);
            self.progress_at = now + self.cohorts.options().progress_interval;
            self.heartbeat_at = now + self.cohorts.options().heartbeat;
            self.judge();
            return self.cohort.wake(true);
        }
        let told = self.cohort.latest(|latest| {
            latest.parked = parked;
            put(latest, at, answer, folded, now)
        });
        if told {
            self.count_frame("delta");
            self.said(now);
            if let Some(age) = as_of.and_then(|as_of| (Utc::now() - as_of).to_std().ok()) {
                ::metrics::histogram!(metrics::FRAME_AGE_SECONDS, "view" => self.cohort.key.view).record(age);
            }
        }
        self.cohort.wake(true);
    }

    /// Moves the answer's position on where nothing touched it, and says so at its pace.
    fn tell_time(&mut self, now: Instant) {
        let Some(at) = self.at.clone() else { return };
        let may_advance = !self.is_dirty && self.reload.is_none();
        let wanted = self.cohort.wanted();
        let parked = self.rows.as_ref().map_or(0, |rows| rows.parked());
        let (progress_due, heartbeat_due) = (now >= self.progress_at, now >= self.heartbeat_at);
        let (moved, told) = self.cohort.latest(|latest| {
            let before = latest.position;
            if may_advance {
                latest.advance(at.position, at.as_of);
                latest.parked = parked;
            }
            let unsaid = latest.position > latest.said;
            let hurry = wanted > latest.said && latest.position >= wanted;
            let tells = heartbeat_due || (unsaid && (progress_due || hurry));
            if tells {
                latest.tell_progress(now);
            }
            latest.ring.trim(now);
            (latest.position > before, tells)
        });
        if told {
            self.count_frame("progress");
            self.said(now);
        }
        let judged = self.judge();
        if moved || told || judged {
            self.cohort.wake(told || judged);
        }
    }

    fn said(&mut self, now: Instant) {
        self.progress_at = now + self.cohorts.options().progress_interval;
        self.heartbeat_at = now + self.cohorts.options().heartbeat;
    }

    /// Judges anew whether the numbers may be old; `true` = clients must hear of it.
    fn judge(&self) -> bool {
        let state = self.hub.state();
        self.cohort.latest(|latest| {
            let before = latest.standing.take();
            latest.standing = standing::judge(
                &state,
                latest.position,
                latest.parked,
                before.as_ref(),
                Utc::now(),
            );
            before.map(|stale| stale.reason) != latest.standing.as_ref().map(|stale| stale.reason)
        })
    }

    fn is_first(&self) -> bool {
        !self.cohort.is_filled()
    }

    fn count_frame(&self, kind: &'static str) {
        ::metrics::counter!(metrics::FRAMES, "view" => self.cohort.key.view, "kind" => kind).increment(1);
    }

    fn log_rows_error(&self, error: &RowsError) {
        tracing::error!(
            view = self.cohort.key.view,
            error = error as &dyn std::error::Error,
            "a view cannot be read"
        );
    }

    /// Works on the rows: here when they are few, beside the runtime's workers when they are many.
    async fn with_rows<T: Send + 'static>(
        &mut self,
        held: usize,
        work: impl FnOnce(&mut dyn Rows) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let mut rows = self.rows.take().expect("rows are here between steps");
        if held <= self.cohorts.options().inline_rows_max {
            let done = work(rows.as_mut());
            self.rows = Some(rows);
            return Ok(done);
        }
        ::metrics::counter!(metrics::HEAVY_ANSWERS, "view" => self.cohort.key.view).increment(1);
        let (rows, done) = tokio::task::spawn_blocking(move || {
            let done = work(rows.as_mut());
            (rows, done)
        })
        .await
        .map_err(|error| match error.try_into_panic() {
            // Broken there is broken here: see `run`.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => problems::going_down(),
        })?;
        self.rows = Some(rows);
        Ok(done)
    }
}

fn start_of(head: &Head) -> Start {
    Start {
        epoch: head.epoch.clone(),
        version: head.version,
        position: head.position,
        as_of: head.as_of,
    }
}

/// Puts an answer into what was told before; `true` = a frame tells of it.
fn put(latest: &mut Latest, at: Start, answer: AnswerRows, folded: u64, now: Instant) -> bool {
    if at.epoch != latest.epoch {
        latest.begin_again(ResetReason::Epoch, at);
        latest.fill(answer);
        return false;
    }
    if at.position <= latest.said && latest.differs(&answer) {
        // Another version, or time alone, at the very position that clients hold: they would drop
        // a delta as old.
        let reason = if at.version == latest.version {
            ResetReason::RingLost
        } else {
            ResetReason::Schema
        };
        latest.begin_again(reason, at);
        latest.fill(answer);
        return false;
    }
    latest.version = at.version;
    latest.advance(at.position, at.as_of);
    latest.tell(answer, folded, now)
}
