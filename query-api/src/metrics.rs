//! Names of the query side's metrics.

/// Open WebSockets (gauge).
pub const CONNECTIONS: &str = "plimsoll_live_connections";
/// WebSockets closed, by `code` (counter).
pub const CLOSED: &str = "plimsoll_live_closed_total";
/// Handshakes refused, by `status` (counter).
pub const REFUSED: &str = "plimsoll_live_refused_total";
/// Frames sent to clients (counter).
pub const DELIVERIES: &str = "plimsoll_live_deliveries_total";
/// Bytes of these frames (counter).
pub const DELIVERED_BYTES: &str = "plimsoll_live_delivered_bytes_total";
/// Deltas merged for a client that was behind (counter).
pub const CONFLATIONS: &str = "plimsoll_live_conflations_total";
/// Resets, by `reason` (counter).
pub const RESETS: &str = "plimsoll_live_resets_total";
/// Messages that were refused, by `problem` (counter).
pub const BAD_MESSAGES: &str = "plimsoll_live_bad_messages_total";
/// Cohorts at work (gauge).
pub const COHORTS: &str = "plimsoll_cohorts";
/// Stored rows that cohorts hold (gauge).
pub const COHORT_ROWS: &str = "plimsoll_cohort_rows";
/// Cohorts refused because a bound was hit, by `bound` (counter).
pub const COHORTS_REFUSED: &str = "plimsoll_cohorts_refused_total";
/// Readings of the store, by `view` and `why` (counter).
pub const LOADS: &str = "plimsoll_cohort_loads_total";
/// Frames made, by `view` and `kind` (counter).
pub const FRAMES: &str = "plimsoll_cohort_frames_total";
/// Time to compute an answer, by `view` (histogram, seconds).
pub const ANSWER_SECONDS: &str = "plimsoll_cohort_answer_seconds";
/// Recorded time of the newest event → frame made, by `view` (histogram, seconds).
pub const FRAME_AGE_SECONDS: &str = "plimsoll_cohort_frame_age_seconds";
/// Answers over HTTP, by `view` and `status` (counter).
pub const ANSWERS: &str = "plimsoll_view_answers_total";
/// Replays for questions about the past, by `view` and `from` kept, start (counter).
pub const REPLAYS: &str = "plimsoll_history_replays_total";
/// Time of a replay, by `view` (histogram, seconds).
pub const REPLAY_SECONDS: &str = "plimsoll_history_replay_seconds";
/// Replays refused because a bound was hit, by `bound` replays, events (counter).
pub const REPLAYS_REFUSED: &str = "plimsoll_history_refused_total";
/// Explanations, by `view` and `how`: traced = from the few events that can have touched the row,
/// differs = these did not lead to the row that the view holds, whole = from the whole log (counter).
pub const EXPLANATIONS: &str = "plimsoll_history_explanations_total";
/// Answers computed over more stored rows than a worker should be held up with, by `view` (counter).
pub const HEAVY_ANSWERS: &str = "plimsoll_cohort_heavy_answers_total";
/// Cohorts ended because computing their answer broke, by `view` (counter).
pub const BROKEN: &str = "plimsoll_cohort_broken_total";
