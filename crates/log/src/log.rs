//! The log's handle: what every other room sees of it.

use std::{future::Future, sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, jetstream};
use plimsoll_contracts::{Epoch, Event, ImportedEvent, Position, StreamId, TenantId};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    LogOptions, OpenError,
    append::{Append, AppendError, Appended},
    appender::{self, Appender, Questions},
    db::Db,
    import::{self, ImportError, Imported},
    load::{Fold, LoadError, Loaded, Loader},
    read::{Filter, Head, Page, ReadError, Reader},
    relay::{Relay, RelayState},
    stream::{Channel, StreamError, StreamState},
    tail::Tail,
    wake::Wake,
};

/// How many snapshots are written at once.
const SNAPSHOT_WRITERS: usize = 4;

/// A handle on the log of one database; clones share everything. One per process is right: its
/// appender gathers the appends of all clones.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    epoch: Epoch,
    options: LogOptions,
    appender: Appender,
    loader: Loader,
    reader: Reader,
    db: Db,
    channel: Channel,
    wake: Wake,
    relay_state: watch::Sender<RelayState>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Log {
    /// Migrates, reads or makes the epoch, and starts the appender. NATS may be down.
    ///
    /// # Errors
    /// [`OpenError`] when Postgres cannot be reached, migrated or written.
    pub async fn open(postgres_url: &str, options: LogOptions) -> Result<Self, OpenError> {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let db = Db::open(postgres_url, options.connections_max, tracker.clone()).await?;
        db.name_history().await?;
        let head = db.head().await?;
        let client = connect(&options.nats_url).await?;
        let wake = Wake::new(head.position);
        let hints = wake.clone().exchange(
            client.clone(),
            options.hint_subject(),
            head.epoch.clone(),
            stop.clone(),
        );
        tracker.spawn(hints);
        let reader = Reader {
            db: db.clone(),
            page_max_events: options.page_max_events,
            page_max_bytes: options.page_max_bytes,
            replay_max_bytes: options.replay_max_bytes,
        };
        let inner = Inner {
            epoch: head.epoch.clone(),
            appender: appender::start(db.clone(), &options, wake.clone(), &tracker),
            loader: Loader {
                reader: reader.clone(),
                writers: Arc::new(Semaphore::new(SNAPSHOT_WRITERS)),
            },
            reader,
            db,
            channel: Channel::new(client, head.epoch, &options),
            wake,
            relay_state: watch::Sender::new(RelayState::Stopped),
            options,
            tracker,
            stop,
        };
        Ok(Self(Arc::new(inner)))
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// Which history this is.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.0.epoch
    }

    /// Appends atomically, together with whatever else is waiting. Dropping the future loses the
    /// answer, never half an append.
    ///
    /// # Errors
    /// [`AppendError`]; only [`AppendError::Unavailable`] leaves open whether it was written.
    pub async fn append(&self, request: Append) -> Result<Appended, AppendError> {
        request.check(&self.0.options)?;
        self.0.appender.append(request).await
    }

    /// The first answer to a command, so that a repeated one need not be decided again.
    ///
    /// # Errors
    /// [`AppendError::KeyReused`] when the key belongs to another command,
    /// [`AppendError::Unavailable`] when the database does not answer.
    pub async fn stored_answer(
        &self,
        tenant: &TenantId,
        idempotency_key: &str,
        request_hash: &[u8; 32],
    ) -> Result<Option<Appended>, AppendError> {
        let db = self.0.db.clone();
        let key = (tenant.clone(), idempotency_key.to_owned());
        let questions = Questions {
            keys: vec![key.clone()],
            ..Questions::default()
        };
        let looked = self.0.db.run(async move {
            let mut connection = db.pool.acquire().await?;
            appender::facts(&mut connection, &questions).await
        });
        let mut facts = looked
            .await
            .map_err(|error: sqlx::Error| AppendError::Unavailable(Arc::new(error)))?;
        match facts.answers.remove(&key) {
            None => Ok(None),
            Some(given) if given.request_hash == request_hash => Ok(Some(given.answer)),
            Some(_) => Err(AppendError::KeyReused),
        }
    }

    /// A stream's state: snapshot and later events, in their newest schema.
    ///
    /// # Errors
    /// [`LoadError`] when the database does not answer or the stream is damaged.
    pub async fn load<A: Fold>(&self, tenant: &TenantId, stream: &StreamId) -> Result<Loaded<A>, LoadError> {
        self.0.loader.load(tenant, stream).await
    }

    /// Events of one stream from a version on, at most `limit` and at most one page.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn read_stream(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        from_version: u32,
        limit: usize,
    ) -> Result<Vec<Event>, ReadError> {
        self.0
            .reader
            .stream(tenant, stream, from_version.saturating_sub(1), limit)
            .await
    }

    /// A page of all events after a position, filtered by tenant and types.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn read_all(&self, after: Position, limit: usize, filter: &Filter) -> Result<Page, ReadError> {
        self.0.reader.filtered(after, limit, filter).await
    }

    /// Where the log ends, asked from Postgres.
    ///
    /// # Errors
    /// [`ReadError::Database`] when the database does not answer.
    pub async fn head(&self) -> Result<Head, ReadError> {
        let head = self.0.db.head().await?;
        self.0.wake.heard(head.position);
        Ok(head)
    }

    /// How far the stream is.
    ///
    /// # Errors
    /// [`StreamError`] when NATS does not answer or the stream does not exist.
    pub async fn stream_state(&self) -> Result<StreamState, StreamError> {
        self.0.channel.state().await
    }

    /// Appends a batch of imported events, all or nothing; ids that the log has are left out.
    ///
    /// # Errors
    /// [`ImportError`], with the place of the first event that cannot be appended.
    pub async fn import(&self, batch: Vec<ImportedEvent>) -> Result<Imported, ImportError> {
        let bytes = import::check(&batch, &self.0.options)?;
        self.0.appender.import(batch, bytes).await
    }

    /// Publishes the log on the stream until shutdown; run by the command side.
    pub fn relay(&self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let inner = &self.0;
        let relay = Relay {
            reader: inner.reader.clone(),
            channel: inner.channel.clone(),
            wake: inner.wake.clone(),
            options: inner.options.clone(),
            state: inner.relay_state.clone(),
            shutdown,
        };
        relay.run()
    }

    /// What this process's relay is doing.
    #[must_use]
    pub fn relay_state(&self) -> watch::Receiver<RelayState> {
        self.0.relay_state.subscribe()
    }

    /// Starts following the log; one per process feeds any number of readers.
    #[must_use]
    pub fn tail(&self, shutdown: CancellationToken) -> Tail {
        let inner = &self.0;
        Tail::start(
            inner.reader.clone(),
            inner.channel.clone(),
            &inner.wake,
            &inner.options,
            shutdown,
            &inner.tracker,
        )
    }

    /// Waits until the log is known to reach a position; false when it did not in time.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        let mut known = self.0.wake.known();
        let reached = async {
            loop {
                if *known.borrow_and_update() >= position {
                    return;
                }
                let _either = tokio::time::timeout(self.0.options.poll, known.changed()).await;
                if let Err(error) = self.head().await {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "head not read; asking again"
                    );
                }
            }
        };
        tokio::time::timeout(timeout, reached).await.is_ok()
    }

    /// Names the history anew, for an operator who has restored the database: stores and streams of
    /// the old one are refused from then on. Every process must open the log again.
    ///
    /// # Errors
    /// [`OpenError`] when the database does not answer.
    pub async fn begin_new_epoch(&self) -> Result<Epoch, OpenError> {
        self.0.db.rename_history().await?;
        Ok(self.0.db.head().await?.epoch)
    }

    /// Waits until what is queued has been written, then closes the connections. Handles that are
    /// still held get errors from now on.
    pub async fn close(self) {
        let (tracker, pool) = (self.0.tracker.clone(), self.0.db.pool.clone());
        self.0.stop.cancel();
        drop(self);
        tracker.close();
        if tokio::time::timeout(Duration::from_secs(10), tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!("the log was closed while some of its work was still running");
        }
        pool.close().await;
    }
}

async fn connect(url: &str) -> Result<Client, OpenError> {
    ConnectOptions::new()
        .name("plimsoll-log")
        .retry_on_initial_connect()
        .request_timeout(Some(Duration::from_secs(5)))
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(
                u64::try_from(attempts)
                    .unwrap_or(u64::MAX)
                    .saturating_mul(100)
                    .min(1_000),
            )
        })
        .connect(url)
        .await
        .map_err(|error| OpenError::NatsUrl(url.to_owned(), error))
}

/// A context for publishing with bounded patience.
pub(crate) fn context(client: Client, in_flight: usize) -> jetstream::Context {
    jetstream::context::ContextBuilder::new()
        .timeout(Duration::from_secs(5))
        .ack_timeout(Duration::from_secs(5))
        .max_ack_inflight(in_flight)
        .backpressure_on_inflight(true)
        .build(client)
}
