//! A worker's time with a lease: follow the log, fold, commit, tell; never longer than it lasts.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Position};
use plimsoll_feed::Change;
use plimsoll_log::{TailError, TailReader};
use plimsoll_store::{CommitError, Lease, Phase, Progress, Projection, VersionRecord};
use plimsoll_views::View;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{Context, EngineError, care::Care, fold::Folder, pace::Pace, worker::Ended};
use crate::metrics;

pub(super) struct Tenure<'a, V: View> {
    context: &'a Context,
    lease: &'a Lease,
    projection: Projection,
    folder: Folder<V>,
    reader: TailReader,
    pace: Pace,
    phase: Phase,
    paused: bool,
    /// What is committed.
    committed: Position,
    as_of: Option<DateTime<Utc>>,
    /// What is folded but not committed, and since when.
    folded: Option<(Position, DateTime<Utc>, Instant)>,
    caught_up: bool,
    /// The control tables hold an error of before.
    ailing: bool,
    /// What was learned from refused commits.
    care: &'a Care,
    /// The worker's pause after a failure: short again once something has worked.
    pause: &'a mut Duration,
}

impl<'a, V: View> Tenure<'a, V> {
    /// Works until the version is retired, the service stops, or something fails.
    pub(super) async fn work(
        context: &'a Context,
        lease: &'a Lease,
        records: &mut watch::Receiver<VersionRecord>,
        pause: &'a mut Duration,
        care: &'a Care,
    ) -> Result<Ended, EngineError> {
        let projection = context.stores.projection(&lease.id).await?;
        let checkpoint = projection.claim(lease).await?;
        tracing::info!(
            view = V::NAME,
            version = lease.id.version,
            position = %checkpoint.position,
            fence = lease.fence,
            "projecting"
        );
        let record = records.borrow_and_update().clone();
        let mut tenure = Self {
            context,
            lease,
            folder: Folder::open(projection.clone(), care.clone()).await?,
            projection,
            reader: context.tail.reader(checkpoint.position),
            pace: Pace::new(checkpoint.position),
            phase: record.phase,
            paused: record.paused,
            committed: checkpoint.position,
            as_of: checkpoint.as_of,
            folded: None,
            caught_up: false,
            ailing: record.error.is_some(),
            care,
            pause,
        };
        tenure.renew().await?;
        tenure.follow(records).await
    }

    async fn follow(&mut self, records: &mut watch::Receiver<VersionRecord>) -> Result<Ended, EngineError> {
        let options = &self.context.options;
        let mut renewals = interval(options.lease_renewal);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut progress = interval(options.progress / 2);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.look_around().await?;
            tokio::select! {
                biased;
                () = self.context.shutdown.cancelled() => {
                    self.commit().await?;
                    return Ok(Ended::Stopped);
                }
                _ = renewals.tick() => self.renew().await?,
                changed = records.changed() => {
                    let record = records.borrow_and_update().clone();
                    if changed.is_err() || record.phase == Phase::Retired {
                        return Ok(Ended::Retired);
                    }
                    (self.phase, self.paused) = (record.phase, record.paused);
                    self.ailing = record.error.is_some();
                }
                _ = progress.tick(), if self.folded.is_some() => self.commit_when_due().await?,
                events = self.reader.next_batch(options.batch_max_events), if !self.paused => match events {
                    Ok(events) if self.care.is_needed_after(self.committed) => {
                        for event in &events {
                            self.take(std::slice::from_ref(event)).await?;
                            self.commit().await?;
                        }
                    }
                    Ok(events) => self.take(&events).await?,
                    Err(TailError::Stopped) => {
                        self.commit().await?;
                        return Ok(Ended::Stopped);
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Sees whether the log's end is reached; a version that was being built then begins to serve.
    async fn look_around(&mut self) -> Result<(), EngineError> {
        let end = self.context.tail.position();
        if self.caught_up && self.phase == Phase::Serving && !self.ailing {
            return Ok(());
        }
        if self.folded.is_some() || self.paused || self.committed < end {
            return Ok(());
        }
        if !self.caught_up {
            let head = self.context.log.head().await.map_err(TailError::Read)?;
            self.caught_up = self.committed >= head.position;
            self.tell();
        }
        if self.caught_up {
            self.healed().await?;
        }
        if self.caught_up && self.phase == Phase::Building {
            self.serve().await?;
        }
        Ok(())
    }

    /// Takes the serving version's place, if it is not ahead.
    async fn serve(&mut self) -> Result<(), EngineError> {
        let stores = &self.context.stores;
        let before = match stores.head(V::NAME).await {
            Ok(head) if head.epoch == self.lease.id.epoch => head.position,
            Ok(_) | Err(plimsoll_store::ReadError::UnknownView(_)) => Position::ZERO,
            Err(error) => {
                tracing::warn!(
                    view = V::NAME,
                    error = &error as &dyn std::error::Error,
                    "serving version not read"
                );
                Position::ZERO
            }
        };
        if before > self.committed {
            self.caught_up = false;
            return Ok(());
        }
        if !stores.switch(self.lease).await? {
            return Err(self.fenced().into());
        }
        tracing::info!(view = V::NAME, version = self.lease.id.version, position = %self.committed, "now serving");
        self.phase = Phase::Serving;
        self.context.asked.send_modify(|count| *count += 1);
        self.publish(self.committed, false, Vec::new());
        Ok(())
    }

    async fn take(&mut self, events: &[Arc<Event>]) -> Result<(), EngineError> {
        let Some(last) = events.last() else { return Ok(()) };
        let started = Instant::now();
        self.folder.fold(events).await?;
        ::metrics::histogram!(metrics::FOLD_SECONDS, "view" => V::NAME).record(started.elapsed());
        ::metrics::counter!(metrics::EVENTS, "view" => V::NAME).increment(events.len() as u64);
        if events.len() >= self.context.options.batch_max_events {
            ::metrics::counter!(metrics::BATCHES_FULL, "view" => V::NAME).increment(1);
        }
        let since = self.folded.map_or(started, |(_, _, since)| since);
        self.folded = Some((last.position, last.recorded_at, since));
        self.commit_when_due().await
    }

    /// Commits at once what touched rows and is new; a projection that is far behind gathers
    /// more first, and a batch that touched nothing waits a little for others.
    async fn commit_when_due(&mut self) -> Result<(), EngineError> {
        let Some((position, _, since)) = self.folded else {
            return Ok(());
        };
        let options = &self.context.options;
        let behind = self.context.tail.position().since(position) > options.batch_max_events as u64;
        let due = if behind {
            position.since(self.committed) >= options.bulk_max_events
                || since.elapsed() >= options.bulk_max_wait
        } else {
            self.folder.is_touched() || since.elapsed() >= options.progress
        };
        if due { self.commit().await } else { Ok(()) }
    }

    /// Writes what is folded, and tells those who watch.
    async fn commit(&mut self) -> Result<(), EngineError> {
        let Some((position, as_of, _)) = self.folded else {
            return Ok(());
        };
        let base = self.committed;
        let changed = self.folder.take(base, position, as_of);
        match self.projection.commit(self.lease, changed.commit).await {
            Err(CommitError::Store(source)) if source.is_refusal() => {
                let (first, last) = (base.next(), position);
                return Err(EngineError::Refused { first, last, source });
            }
            committed => committed?,
        }
        self.folded = None;
        (self.committed, self.as_of) = (position, Some(as_of));
        if self.phase == Phase::Serving {
            self.publish(base, true, changed.tenants);
        }
        let options = &self.context.options;
        self.folder
            .evict(options.workspace_max_entries, options.workspace_max_tenants);
        self.tell();
        self.healed().await
    }

    /// Takes back the error of before, once something has worked again.
    async fn healed(&mut self) -> Result<(), EngineError> {
        *self.pause = super::worker::PAUSE_MIN;
        if std::mem::take(&mut self.ailing) {
            self.context.stores.set_error(&self.lease.id, None).await?;
        }
        Ok(())
    }

    fn publish(&self, base: Position, complete: bool, tenants: Vec<plimsoll_feed::TenantChange>) {
        let Some(as_of) = self.as_of else { return };
        self.context.publisher.publish(&Change {
            view: V::NAME.to_owned(),
            epoch: self.lease.id.epoch.clone(),
            version: self.lease.id.version,
            base,
            position: self.committed,
            as_of,
            complete,
            tenants,
        });
    }

    /// Holds the lease, and looks whether the store is still where it was left.
    async fn renew(&mut self) -> Result<(), EngineError> {
        let progress = self.tell();
        let ttl = self.context.options.lease_ttl;
        let held = self.context.stores.renew(self.lease, ttl, &progress).await?;
        let stands = self.projection.checkpoint().await?;
        let intact = stands.is_some_and(|s| s.position == self.committed && s.fence == self.lease.fence);
        if held && intact {
            Ok(())
        } else {
            Err(self.fenced().into())
        }
    }

    fn tell(&mut self) -> Progress {
        let progress = Progress {
            position: self.committed,
            as_of: self.as_of,
            caught_up: self.caught_up,
            parked: self.folder.parked(),
            rate: self.pace.measure(self.committed),
        };
        self.context.board.tell(&self.lease.id, progress.clone());
        let version = self.lease.id.version.to_string();
        let gauge = |name| ::metrics::gauge!(name, "view" => V::NAME, "version" => version.clone());
        gauge(metrics::POSITION).set(crate::status::count(progress.position.get()));
        gauge(metrics::PARKED).set(crate::status::count(progress.parked));
        progress
    }

    const fn fenced(&self) -> CommitError {
        CommitError::Fenced {
            expected: self.committed,
            fence: self.lease.fence,
        }
    }
}
