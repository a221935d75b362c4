//! From a parsed command to events in the log: load, look facts up, decide, append, and try again
//! when the stream has moved. Knows nothing of HTTP.

mod admission;
mod answer;
mod ask;
mod config;
mod desk;
mod failure;
mod follow;
mod request;
mod run;

pub(crate) use admission::Admission;
pub(crate) use answer::{Accepted, Done};
pub(crate) use ask::{Ask, Asked, Gather, alone};
pub(crate) use config::{ConfigJob, change_config, read_config};
pub(crate) use desk::{Desk, stream_of};
pub(crate) use failure::{Failure, internal, payload_too_large};
pub(crate) use follow::{Directory, Followed};
pub(crate) use request::{Given, IfMatch, Job, parse_command, request_hash};
pub(crate) use run::{died, run};
