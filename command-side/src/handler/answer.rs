//! What a carried-out request says, the first time and when it is repeated.

use std::sync::Arc;

use plimsoll_contracts::{Position, Problem, StreamId};
use plimsoll_log::Appended;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// One command's part of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// The stream that the command was about.
    pub(crate) stream: StreamId,
    /// Its version afterwards.
    pub(crate) version: u32,
    /// Types of the events, in order; none where nothing changed.
    pub(crate) events: Vec<String>,
}

/// What is kept beside the idempotency key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Note {
    /// The domain said no; the same key gets the same no.
    Refused { item: usize, problem: Problem },
    /// One entry per command.
    Accepted(Vec<Accepted>),
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) enum Done {
    /// Everything was carried out.
    Accepted {
        /// Position of the last event.
        position: Position,
        /// One entry per command.
        items: Vec<Accepted>,
        /// Whether this is the first answer given again.
        replayed: bool,
    },
    /// Nothing was carried out.
    Refused {
        /// Which command was refused, from 0.
        item: usize,
        /// Why.
        problem: Problem,
    },
}

/// What to keep for a request that was accepted.
pub(crate) fn accepted_note(items: &[Accepted]) -> Option<Arc<RawValue>> {
    note(&Note::Accepted(items.to_vec()))
}

/// What to keep for a request that was refused.
pub(crate) fn refused_note(item: usize, problem: &Problem) -> Option<Arc<RawValue>> {
    note(&Note::Refused {
        item,
        problem: problem.clone(),
    })
}

fn note(note: &Note) -> Option<Arc<RawValue>> {
    Some(to_raw_value(note).expect("notes always serialize").into())
}

impl Done {
    /// Reads the log's answer; `None` when it was given to something that is no command.
    pub(crate) fn of(appended: &Appended) -> Option<Self> {
        let note = serde_json::from_str(appended.note.as_ref()?.get()).ok()?;
        Some(match note {
            Note::Refused { item, problem } => Self::Refused { item, problem },
            Note::Accepted(items) => Self::Accepted {
                position: appended.position,
                items,
                replayed: appended.replayed,
            },
        })
    }
}
