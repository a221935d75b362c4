//! The group-committing appender: one task per process takes every append that is waiting, writes
//! them in one transaction and answers each caller alone.
//!
//! Callers only wait for a oneshot; the task owns all database work, so a caller that goes away
//! cancels nothing halfway.

mod batch;
mod plan;
mod queue;
mod write;

pub(crate) use plan::{EventColumns, Facts, StreamKey};
pub(crate) use queue::{Appender, start};
pub(crate) use write::{Failure, Questions, facts, failure, write};

pub(crate) use plan::AnswerColumns;
