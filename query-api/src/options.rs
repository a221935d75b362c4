//! Every bound and pace of the query side, with its default, and the log that it may read.

use std::{path::PathBuf, time::Duration};

use plimsoll_log::Log;

/// Options of [`crate::QueryApi`].
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Bounds and paces of cohorts.
    pub cohorts: CohortOptions,
    /// Bounds of the WebSocket.
    pub live: LiveOptions,
    /// Bounds of answers over HTTP.
    pub http: HttpOptions,
    /// Bounds of questions about the past.
    pub history: HistoryOptions,
    /// The event log, for these; none = they are not answered here.
    pub log: Option<Log>,
    /// Folder of the built web pages; none = no pages.
    pub web_dir: Option<PathBuf>,
    /// Whether `POST /v1/dev/token` exists.
    pub dev_tokens: bool,
}

/// Bounds and paces of cohorts and of the change feed's readers.
#[derive(Debug, Clone)]
pub struct CohortOptions {
    /// Cohorts at once.
    pub cohorts_max: usize,
    /// Stored rows of all cohorts together.
    pub rows_max: usize,
    /// Rows of one answer.
    pub answer_rows_max: usize,
    /// A cohort that nobody has used for this long goes.
    pub idle_after: Duration,
    /// At most one frame per topic in this time.
    pub frame_interval: Duration,
    /// At most one `progress` per topic in this time.
    pub progress_interval: Duration,
    /// A topic says something at least this often.
    pub heartbeat: Duration,
    /// Bytes of encoded frames kept per cohort.
    pub ring_max_bytes: usize,
    /// Age of encoded frames kept.
    pub ring_max_age: Duration,
    /// Removed keys kept per cohort, so that cursors can be resumed.
    pub tombstones_max: usize,
    /// Changes that wait for a cohort; more = it reads the store again.
    pub inbox_max: usize,
    /// How often the store is asked where a view stands, whatever the feed says.
    pub poll_interval: Duration,
    /// Readings of the store at once.
    pub loads_max: usize,
    /// Answers over more stored rows than this are computed beside the runtime's workers.
    pub inline_rows_max: usize,
}

/// Bounds of the WebSocket, told in `welcome.limits`.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// Origins that may connect beside the one that the page came from.
    pub origins: Vec<String>,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections of a user.
    pub connections_per_user: usize,
    /// Handshakes a second.
    pub handshakes_per_s: u32,
    /// Time for the first message.
    pub hello_within: Duration,
    /// Longest message of a client, bytes.
    pub message_max_bytes: usize,
    /// Messages a second.
    pub messages_per_s: u32,
    /// Messages at once.
    pub messages_burst: u32,
    /// Subscriptions of a connection, at most 64.
    pub subscriptions_max: usize,
    /// Questions for a position under way per connection.
    pub waits_max: usize,
    /// Longest wait for a position.
    pub wait_max: Duration,
    /// Parameters of a subscription, bytes.
    pub params_max_bytes: usize,
    /// Rows of a snapshot part.
    pub part_max_rows: usize,
    /// Bytes of a snapshot part.
    pub part_max_bytes: usize,
    /// A `ping` comes this often.
    pub ping_interval: Duration,
    /// Silence after a `ping` that means death.
    pub dead_after: Duration,
    /// No progress on the socket for this long closes it.
    pub stalled_after: Duration,
    /// Frames behind the cohort beyond which they are merged into one.
    pub merge_after: usize,
    /// Spread of closing at shutdown.
    pub drain_spread: Duration,
    /// Window in which clients come back after a drain.
    pub drain_window: Duration,
    /// Read buffer of a socket, bytes.
    pub read_buffer_bytes: usize,
    /// Write buffer of a socket, bytes.
    pub write_buffer_bytes: usize,
}

/// Bounds of answers over HTTP.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Longest `Prefer: wait`.
    pub wait_max: Duration,
    /// Rows of a page where the question names no limit, and the highest limit.
    pub page_max_rows: usize,
    /// Life of a token made by `POST /v1/dev/token`.
    pub dev_token_life: Duration,
    /// How often the folder of the web pages is looked at.
    pub web_poll_interval: Duration,
}

/// Bounds of replays.
#[derive(Debug, Clone)]
pub struct HistoryOptions {
    /// Events that one replay may fold.
    pub replay_max_events: usize,
    /// Replays at once.
    pub replays_max: usize,
    /// How long a question waits for its turn.
    pub permit_within: Duration,
    /// Events read and folded at a time.
    pub slice_events: usize,
    /// Finished replays that are kept for the next question.
    pub kept_max: usize,
    /// Events folded into all kept replays together.
    pub kept_max_events: usize,
    /// Streams that an explanation reads one by one; more of them = it reads the whole log.
    pub traced_max_streams: usize,
    /// Events that an explanation reads stream by stream; more of them = it reads the whole log.
    pub traced_max_events: usize,
    /// Changes on a page of an explanation where the question names no limit.
    pub changes_default: usize,
    /// The highest limit of it.
    pub changes_max: usize,
}

impl Default for CohortOptions {
    fn default() -> Self {
        Self {
            cohorts_max: 2_000,
            rows_max: 2_000_000,
            answer_rows_max: 100_000,
            idle_after: Duration::from_secs(60),
            frame_interval: Duration::from_millis(50),
            progress_interval: Duration::from_secs(1),
            heartbeat: Duration::from_secs(25),
            ring_max_bytes: 256 * 1024,
            ring_max_age: Duration::from_secs(60),
            tombstones_max: 10_000,
            inbox_max: 256,
            poll_interval: Duration::from_secs(1),
            loads_max: 4,
            inline_rows_max: 2_000,
        }
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            connections_max: 10_000,
            connections_per_user: 10,
            handshakes_per_s: 1_000,
            hello_within: Duration::from_secs(5),
            message_max_bytes: 16 * 1024,
            messages_per_s: 20,
            messages_burst: 40,
            subscriptions_max: 64,
            waits_max: 16,
            wait_max: Duration::from_secs(60),
            params_max_bytes: 2 * 1024,
            part_max_rows: 1_000,
            part_max_bytes: 256 * 1024,
            ping_interval: Duration::from_secs(25),
            dead_after: Duration::from_secs(8),
            stalled_after: Duration::from_secs(10),
            merge_after: 8,
            drain_spread: Duration::from_millis(500),
            drain_window: Duration::from_secs(5),
            read_buffer_bytes: 2 * 1024,
            write_buffer_bytes: 4 * 1024,
        }
    }
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            replay_max_events: 2_000_000,
            replays_max: 2,
            permit_within: Duration::from_secs(5),
            slice_events: 2_000,
            kept_max: 4,
            kept_max_events: 2_000_000,
            traced_max_streams: 50_000,
            traced_max_events: 200_000,
            changes_default: 1_000,
            changes_max: 10_000,
        }
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            wait_max: Duration::from_secs(60),
            page_max_rows: 10_000,
            dev_token_life: Duration::from_secs(12 * 3_600),
            web_poll_interval: Duration::from_secs(1),
        }
    }
}
