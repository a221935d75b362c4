//! The problem documents of the query side, one function each.

use plimsoll_contracts::{Position, Problem};
use plimsoll_store::ReadError;

/// 404: no view of that name.
pub(crate) fn no_such_view(name: &str) -> Problem {
    Problem::not_found(format!("there is no view `{name}`; GET /v1/views lists them"))
}

/// 412: the view has not processed the position that the caller insists on.
pub(crate) fn view_behind(wanted: Position, stands: Position) -> Problem {
    Problem::new(412, "view-behind", "The view has not come that far yet")
        .with("behind", wanted.since(stands))
        .with("position", stands.get())
        .detail(format!(
            "the view stands at {stands}, {} before {wanted}; ask again, or wait with `Prefer: wait=N`",
            wanted.since(stands)
        ))
        .retry_after(1)
}

/// 404: no row of that key, now or ever.
pub(crate) fn no_such_row(table: &str, key: &str) -> Problem {
    Problem::not_found(format!(
        "there is no row `{key}` in `{table}` and there never was; the key is that of a row of the answer to the \
         same parameters, percent-encoded"
    ))
}

/// 412: the log has not come to the position that the caller asks about.
pub(crate) fn log_behind(wanted: Position, head: Position) -> Problem {
    Problem::new(412, "view-behind", "The log has not come that far yet")
        .with("behind", wanted.since(head))
        .with("position", head.get())
        .detail(format!(
            "the log ends at {head}, {} before {wanted}; there is no past to show there yet",
            wanted.since(head)
        ))
        .retry_after(1)
}

/// 422: a replay would fold more events than it may.
pub(crate) fn replay_too_long(max: usize) -> Problem {
    Problem::new(422, "question-too-large", "The question needs too many events")
        .with("max", max)
        .detail(format!(
            "it needs a replay of more than {max} events of this view; ask about an earlier moment, or have \
             `replay_max_events` of this node raised"
        ))
}

/// 503: as many replays run as may.
pub(crate) fn too_many_replays(max: usize) -> Problem {
    Problem::new(503, "overloaded", "The node is at one of its bounds")
        .with("bound", "replays")
        .detail(format!(
            "{max} questions about the past are being worked on here; ask again later or ask another node"
        ))
        .retry_after(5)
}

/// 503: this node has no log to replay.
pub(crate) fn no_history() -> Problem {
    Problem::unavailable("this node was started without the event log; ask another node about the past")
}

/// 422: the question needs more rows than a node may hold for one.
pub(crate) fn question_too_large(what: &str, max: usize) -> Problem {
    Problem::new(422, "question-too-large", "The question needs too many rows")
        .with("max", max)
        .detail(format!(
            "it needs more than {max} {what}; narrow its range, filter it or group it"
        ))
}

/// 503: the node holds as many questions as it may.
pub(crate) fn too_many_questions(what: &str, max: usize) -> Problem {
    Problem::new(503, "overloaded", "The node is at one of its bounds")
        .with("bound", what)
        .detail(format!(
            "this node already holds {max} {what}; ask again later or ask another node"
        ))
        .retry_after(5)
}

/// 503: the node is on its way down.
pub(crate) fn going_down() -> Problem {
    Problem::unavailable("this node is being shut down; ask again")
}

/// 500: computing the answer broke; a fault of this program.
pub(crate) fn broken() -> Problem {
    Problem::new(500, "internal", "The answer could not be computed")
        .detail("computing it failed; the server's log says where")
        .retry_after(5)
}

/// 503: no projector has made the view yet.
pub(crate) fn not_projected(view: &str) -> Problem {
    Problem::new(503, "not-yet-projected", "The view has not been made yet")
        .detail(format!(
            "no projector has made `{view}` yet; start one, or ask again when it has begun"
        ))
        .retry_after(2)
}

/// What a failed reading of the store means for a client; the chain is logged here, once.
pub(crate) fn of_read(view: &str, error: &ReadError) -> Problem {
    match error {
        ReadError::UnknownView(_) => not_projected(view),
        ReadError::TooManyRows { max } => question_too_large("stored rows", *max),
        ReadError::UnknownTable { table, .. } => {
            tracing::error!(
                view,
                table,
                "the projection lacks a table that this program asks for"
            );
            Problem::unavailable(
                "the view's projection is of another version than this program; ask again later",
            )
        }
        ReadError::Unavailable(cause) => {
            tracing::warn!(
                view,
                error = cause as &dyn std::error::Error,
                "the store did not answer"
            );
            Problem::unavailable("the store of the view does not answer; ask again")
        }
    }
}
