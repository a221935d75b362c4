//! Names of the stores' metrics; counted per batch, never per row.

/// Time of one commit of rows and checkpoint, by `view` (histogram, seconds).
pub const COMMIT_SECONDS: &str = "plimsoll_store_commit_seconds";
/// Rows, documents and metas written, by `view` (counter).
pub const WRITTEN: &str = "plimsoll_store_written_total";
/// Commits refused because the checkpoint was not the expected one, by `view` (counter).
pub const FENCED: &str = "plimsoll_store_fenced_total";
/// Time of one snapshot read, by `view` (histogram, seconds).
pub const SNAPSHOT_SECONDS: &str = "plimsoll_store_snapshot_seconds";
/// Reads refused because they needed too many rows, by `view` (counter).
pub const TOO_MANY_ROWS: &str = "plimsoll_store_too_many_rows_total";
