//! Names of the projector's metrics; counted per batch, never per event.

/// Last position committed, by `view` and `version` (gauge).
pub const POSITION: &str = "plimsoll_projector_position";
/// Events folded, by `view` (counter).
pub const EVENTS: &str = "plimsoll_projector_events_total";
/// Time of folding a batch, look-ups included, by `view` (histogram, seconds).
pub const FOLD_SECONDS: &str = "plimsoll_projector_fold_seconds";
/// Look-ups of missing state, by `view` (counter).
pub const LOOKUPS: &str = "plimsoll_projector_lookups_total";
/// Batches cut by their bound on events, by `view` (counter).
pub const BATCHES_FULL: &str = "plimsoll_projector_batches_full_total";
/// Times that state was thrown out of memory because it hit its bound, by `view` (counter).
pub const EVICTED: &str = "plimsoll_projector_evicted_total";
/// Times a lease was lost to another worker or to a reset store, by `view` (counter).
pub const FENCED: &str = "plimsoll_projector_fenced_total";
/// Failed attempts to work on a projection, by `view` (counter).
pub const FAILURES: &str = "plimsoll_projector_failures_total";
/// Events parked, by `view` and `version` (gauge).
pub const PARKED: &str = "plimsoll_projector_parked";
