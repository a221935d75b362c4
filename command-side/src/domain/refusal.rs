//! A decision that says no: by a rule of the domain, for want of a stream, or for the shape.

use plimsoll_contracts::{Problem, problem::FieldError};

use super::Reason;

/// Why a command leads to no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule of the domain: 422 `refused`.
    #[error("{reason}: {detail}")]
    Rule {
        /// Name of the rule.
        reason: Reason,
        /// What happened and what to do.
        detail: String,
    },
    /// The command is about a stream that does not exist: 404 `stream-not-found`.
    #[error("{0}")]
    NoStream(String),
    /// A rule that the type of a field cannot hold: 400 `invalid-command`.
    #[error("{pointer}: {detail}")]
    Shape {
        /// JSON pointer into the body.
        pointer: String,
        /// What is wrong there.
        detail: String,
    },
}

impl Refusal {
    /// A refusal by a rule.
    pub(crate) fn because(reason: Reason, detail: impl Into<String>) -> Self {
        Self::Rule {
            reason,
            detail: detail.into(),
        }
    }

    /// The command's own stream does not exist.
    pub(crate) fn no_stream(what: &str, id: &impl std::fmt::Display) -> Self {
        Self::NoStream(format!("there is no {what} `{id}`"))
    }

    /// A field whose value does not fit with the others.
    pub(crate) fn shape(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Shape {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }

    /// The name of the rule, where a rule refuses.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Rule { reason, .. } => Some(*reason),
            Self::NoStream(_) => Some(Reason::NotFound),
            Self::Shape { .. } => None,
        }
    }

    /// The problem document that the caller gets.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Rule { reason, detail } => Problem::refused(&reason.to_string(), detail),
            Self::NoStream(detail) => Problem::new(404, "stream-not-found", "There is no such stream")
                .with("reason", Reason::NotFound.to_string())
                .detail(detail),
            Self::Shape { pointer, detail } => Problem::invalid_command(&[FieldError {
                pointer: pointer.clone(),
                detail: detail.clone(),
            }]),
        }
    }
}
