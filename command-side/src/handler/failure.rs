//! Everything that keeps a command from being answered with 202, and its problem document.

use plimsoll_contracts::{Problem, StreamId, problem::FieldError};
use plimsoll_log::{AppendError, LoadError, ReadError};

use crate::domain::Refusal;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The domain says no.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// The stream is not where the caller expects it, or keeps moving.
    #[error("stream {stream} is at version {current}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// Where it is.
        current: u32,
    },
    /// The log does not take it.
    #[error("the log did not take the events")]
    Append(#[from] AppendError),
    /// The log cannot be read.
    #[error("the log could not be read")]
    Load(#[from] LoadError),
    /// The log cannot be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
    /// A stream holds an event that this program cannot read.
    #[error("event {version} of stream {stream} cannot be read: {detail}")]
    Damaged {
        /// The stream.
        stream: StreamId,
        /// Version of the event.
        version: u32,
        /// What is wrong with it.
        detail: String,
    },
    /// Something that a decision needs cannot be had now.
    #[error("{0}")]
    Unavailable(String),
}

impl Failure {
    /// The problem document, and a line in the log where the fault is ours.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Refused(refusal) => refusal.problem(),
            Self::Conflict { stream, current } => {
                Problem::new(409, "version-conflict", "The stream is at another version")
                    .with("stream", stream.as_str())
                    .with("current", *current)
                    .detail(format!(
                        "{stream} is at version {current}; read it again and decide anew"
                    ))
            }
            Self::Append(error) => self.append(error),
            Self::Load(LoadError::Read { source, .. }) | Self::Read(source) if source.is_transient() => {
                self.logged("the log's database does not answer");
                Problem::unavailable("the log's database does not answer; the command was not carried out")
            }
            Self::Load(_) | Self::Read(_) | Self::Damaged { .. } => {
                self.logged("the log is damaged");
                internal("a stream that the command needs cannot be read; tell the operator")
            }
            Self::Unavailable(detail) => {
                self.logged("a command's facts are not to be had");
                Problem::unavailable(detail)
            }
        }
    }

    fn append(&self, error: &AppendError) -> Problem {
        match error {
            AppendError::Conflict { stream, current, .. } => Self::Conflict {
                stream: stream.clone(),
                current: *current,
            }
            .problem(),
            AppendError::KeyReused => Problem::new(
                422,
                "idempotency-key-reused",
                "The key belongs to another command",
            )
            .detail("this Idempotency-Key came before with another body; use a new key for a new command"),
            AppendError::TooLarge { .. } => payload_too_large(error.to_string()),
            AppendError::Text(_) | AppendError::Refused(_) => {
                self.logged("the database refused a command's data");
                Problem::invalid_command(&[FieldError {
                    pointer: String::new(),
                    detail: error.to_string(),
                }])
            }
            AppendError::Overloaded => Problem::new(503, "overloaded", "Too much is waiting")
                .detail("more commands are waiting than the log takes; try again with the same key")
                .retry_after(1),
            AppendError::Unavailable(_) | AppendError::Closed => {
                self.logged("the log does not take appends");
                Problem::unavailable(
                    "whether the command was carried out is not known; try again with the same Idempotency-Key",
                )
            }
            AppendError::EventExists(_) => {
                self.logged("a new event's id was taken");
                internal("a new event's id was taken already; try again")
            }
        }
    }

    fn logged(&self, what: &str) {
        tracing::warn!(error = self as &dyn std::error::Error, "{what}");
    }
}

/// 413 with what is too large.
pub(crate) fn payload_too_large(detail: impl Into<String>) -> Problem {
    Problem::new(
        413,
        "payload-too-large",
        "The request is larger than what is taken at once",
    )
    .detail(detail)
}

/// 500; the log line has the details.
pub(crate) fn internal(detail: &str) -> Problem {
    Problem::new(500, "internal", "Something is wrong on our side").detail(detail)
}
