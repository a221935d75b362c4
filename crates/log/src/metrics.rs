//! Names of the log's metrics; all are counted per batch, never per event.

/// Events appended (counter).
pub const APPENDED_EVENTS: &str = "plimsoll_log_appended_events_total";
/// Requests written by one statement (histogram).
pub const BATCH_REQUESTS: &str = "plimsoll_log_batch_requests";
/// Time from taking a batch to its commit (histogram, seconds).
pub const BATCH_SECONDS: &str = "plimsoll_log_batch_seconds";
/// Requests refused, by `reason` conflict, key-reused, event-exists (counter).
pub const REFUSED: &str = "plimsoll_log_refused_total";
/// Requests turned away because the queue was full (counter).
pub const OVERLOADED: &str = "plimsoll_log_overloaded_total";
/// Batches written again under the head lock because another process was faster (counter).
pub const RACES: &str = "plimsoll_log_races_total";
/// Requests answered with the stored first answer (counter).
pub const REPLAYED: &str = "plimsoll_log_replayed_total";
/// Bytes waiting for the appender (gauge).
pub const QUEUE_BYTES: &str = "plimsoll_log_queue_bytes";
/// Pages cut short by their bound on bytes (counter).
pub const PAGES_CUT: &str = "plimsoll_log_pages_cut_total";
/// Snapshots written (counter).
pub const SNAPSHOTS: &str = "plimsoll_log_snapshots_total";
/// Snapshots not written because too many were being written (counter).
pub const SNAPSHOTS_SKIPPED: &str = "plimsoll_log_snapshots_skipped_total";
/// Events published to the stream (counter).
pub const RELAYED: &str = "plimsoll_log_relayed_events_total";
/// Times the relay aligned itself with the stream again (counter).
pub const RELAY_ALIGNED: &str = "plimsoll_log_relay_aligned_total";
/// Last position acknowledged by the stream (gauge).
pub const RELAY_POSITION: &str = "plimsoll_log_relay_position";
/// Times the tail filled from Postgres, by `why` hole, stall, down (counter).
pub const TAIL_HEALED: &str = "plimsoll_log_tail_healed_total";
/// Messages that the tail had already (counter).
pub const TAIL_REPEATED: &str = "plimsoll_log_tail_repeated_total";
/// Last position that the tail holds (gauge).
pub const TAIL_POSITION: &str = "plimsoll_log_tail_position";
/// Pages that readers took from Postgres instead of the ring (counter).
pub const TAIL_PAGES: &str = "plimsoll_log_tail_pages_total";
