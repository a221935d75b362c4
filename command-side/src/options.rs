//! The bounds of the command side.

use std::time::Duration;

/// Bounds per process; a bound that is hit answers 413, 429 or 503.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of a command's or batch's body.
    pub body_max_bytes: usize,
    /// Commands of one batch.
    pub batch_max_commands: usize,
    /// Bytes of one line of an import.
    pub import_line_max_bytes: usize,
    /// Lines of an import that are appended together.
    pub import_batch_lines: usize,
    /// Bytes of an import that are appended together.
    pub import_batch_bytes: usize,
    /// How long a body may stand still before it is given up.
    pub body_idle: Duration,
    /// Over so much waiting for an import's body …
    pub import_pace_window: Duration,
    /// … at least so many bytes, unpacked, must have come.
    pub import_pace_min_bytes: usize,
    /// Imports at once.
    pub imports_max: usize,
    /// Requests under way.
    pub in_flight_max: usize,
    /// Requests under way of one bearer.
    pub in_flight_per_bearer_max: usize,
    /// Events of one page of the feed or a stream.
    pub page_max_events: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_max_bytes: 1 << 20,
            batch_max_commands: 100,
            import_line_max_bytes: 512 << 10,
            import_batch_lines: 1_000,
            import_batch_bytes: 8 << 20,
            body_idle: Duration::from_secs(30),
            import_pace_window: Duration::from_secs(60),
            import_pace_min_bytes: 16 << 10,
            imports_max: 4,
            in_flight_max: 2_048,
            in_flight_per_bearer_max: 1_024,
            page_max_events: 1_000,
        }
    }
}
