//! Names of the command side's metrics.

/// Commands by `context`, `command` and `outcome` (`accepted`, `replayed`, or the problem's code).
pub const COMMANDS: &str = "plimsoll_commands_total";
/// Time from a parsed command to its answer, seconds.
pub const COMMAND_SECONDS: &str = "plimsoll_command_seconds";
/// Decisions made anew because a stream had moved.
pub const RETRIES: &str = "plimsoll_command_retries_total";
/// Requests turned away, by `why` (`server`, `bearer`).
pub const REJECTED: &str = "plimsoll_requests_rejected_total";
/// Events that imports appended.
pub const IMPORTED: &str = "plimsoll_import_events_total";
/// Imported events that were in the log already.
pub const REPEATED: &str = "plimsoll_import_repeated_total";
