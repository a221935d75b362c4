//! Every bound and name of the log in one plain struct, with defaults that suit one machine.

use std::time::Duration;

/// Where `JetStream` keeps the stream's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// On disk: survives a restart of the server.
    File,
    /// In memory: refilled from Postgres after a restart.
    Memory,
}

/// How a log is opened. All bounds are per process.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Where NATS listens; it may be down, the log then works without it.
    pub nats_url: String,
    /// Name of the `JetStream` stream.
    pub stream: String,
    /// Messages go to `<subject_prefix>.<tenant>.<category>`.
    pub subject_prefix: String,
    /// Where the stream's messages are kept.
    pub storage: Storage,
    /// Replicas of the stream in a NATS cluster.
    pub stream_replicas: usize,
    /// Size at which the stream drops its oldest messages, in bytes.
    pub stream_max_bytes: i64,
    /// How many of the newest events a lost stream is refilled with.
    pub refill_max_events: u64,
    /// Postgres connections of this process, besides the relay's one.
    pub connections_max: u32,
    /// Requests that may wait for the appender; one more is [`crate::AppendError::Overloaded`].
    pub queue_max_requests: usize,
    /// Bytes of event data that may wait for the appender.
    pub queue_max_bytes: usize,
    /// Requests written by one statement.
    pub batch_max_requests: usize,
    /// Events written by one statement (one request's events are never split).
    pub batch_max_events: usize,
    /// How long a batch waits for companions while others are appending.
    pub linger: Duration,
    /// Events of one append.
    pub append_max_events: usize,
    /// Bytes of event data of one append.
    pub append_max_bytes: usize,
    /// Bytes of one event's data; with its envelope it must fit a NATS message (1 MiB).
    pub event_max_bytes: usize,
    /// Events of one import batch.
    pub import_max_events: usize,
    /// Bytes of event data of one import batch.
    pub import_max_bytes: usize,
    /// Events read from Postgres at once.
    pub page_max_events: usize,
    /// Bytes of event data read from Postgres at once.
    pub page_max_bytes: usize,
    /// Bytes of event data read for one replay of chosen streams.
    pub replay_max_bytes: usize,
    /// Events that the tail keeps for its readers.
    pub ring_max_events: usize,
    /// Bytes of event data that the tail keeps.
    pub ring_max_bytes: usize,
    /// Messages published but not yet acknowledged.
    pub relay_max_in_flight: usize,
    /// Whether relays elect one of them by an advisory lock; off only to test the stream's fence.
    pub relay_leader: bool,
    /// How often an idle reader looks at Postgres although nobody woke it.
    pub poll: Duration,
}

impl LogOptions {
    /// The defaults: stream `EVENTS`, subjects `plimsoll.events.>`.
    #[must_use]
    pub fn new(nats_url: impl Into<String>) -> Self {
        Self {
            nats_url: nats_url.into(),
            stream: "EVENTS".to_owned(),
            subject_prefix: "plimsoll.events".to_owned(),
            storage: Storage::File,
            stream_replicas: 1,
            stream_max_bytes: 1 << 30,
            refill_max_events: 200_000,
            connections_max: 10,
            queue_max_requests: 4_096,
            queue_max_bytes: 64 << 20,
            batch_max_requests: 512,
            batch_max_events: 2_000,
            linger: Duration::from_millis(1),
            append_max_events: 2_000,
            append_max_bytes: 4 << 20,
            event_max_bytes: 768 << 10,
            import_max_events: 10_000,
            import_max_bytes: 32 << 20,
            page_max_events: 2_000,
            page_max_bytes: 16 << 20,
            replay_max_bytes: 256 << 20,
            ring_max_events: 65_536,
            ring_max_bytes: 64 << 20,
            relay_max_in_flight: 2_048,
            relay_leader: true,
            poll: Duration::from_secs(1),
        }
    }

    /// The same with another stream and subjects of its own, so that several logs share one NATS.
    #[must_use]
    pub fn with_stream(mut self, name: &str) -> Self {
        name.clone_into(&mut self.stream);
        self.subject_prefix = format!("plimsoll.events_{}", name.to_ascii_lowercase());
        self
    }

    /// Core-NATS subject on which appenders wake the relay and the tails of other processes.
    #[must_use]
    pub fn hint_subject(&self) -> String {
        format!("plimsoll.hints.{}", self.stream)
    }
}
