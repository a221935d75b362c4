//! Why a stack could not do what it was asked.
//! Every message says what happened, why, and what to do next; sources are chained, not printed.

use std::{io, path::PathBuf};

use crate::{Kind, Version};

/// The error of everything in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither found nor fetched.
    #[error(
        "no usable {kind} on this machine: {found}, and fetching the pinned one did not work: {reason}. \
         Install {kind} {oldest} or newer so that it is on PATH, or point to a running one with --{slug}-url",
        oldest = kind.oldest(), slug = kind.slug()
    )]
    Missing {
        /// Which server.
        kind: Kind,
        /// What looking for an installed one gave.
        found: String,
        /// Why the pinned one could not be had.
        reason: String,
    },
    /// Kept data of another major version.
    #[error(
        "the data in {} was written by Postgres {data}, and this machine has {have}. \
         Install Postgres {data}, or start with empty data (--fresh)",
        dir.display()
    )]
    DataVersion {
        /// The data folder.
        dir: PathBuf,
        /// The major version that wrote it.
        data: u32,
        /// The versions at hand.
        have: String,
    },
    /// Another stack uses the folder.
    #[error("{} is in use by another running stack. Stop that one, or choose another folder", dir.display())]
    DirInUse {
        /// The folder.
        dir: PathBuf,
    },
    /// Postgres will not run as root, and there is nobody else.
    #[error(
        "Postgres refuses to run as root, and this machine has neither a `postgres` nor a `nobody` account to run it as. \
         Start as an ordinary user, or point to a running Postgres with --postgres-url"
    )]
    NoAccount,
    /// A server that does not come up.
    #[error("{kind} did not start: {reason}. Its log is {}{tail}", log.display())]
    DidNotStart {
        /// Which server.
        kind: Kind,
        /// What was seen.
        reason: String,
        /// Its log file.
        log: PathBuf,
        /// The log's last lines, each on its own line.
        tail: String,
    },
    /// A server that does not go away.
    #[error("{kind} (process {pid}) did not stop within {waited_s} s. Its log is {}", log.display())]
    DidNotStop {
        /// Which server.
        kind: Kind,
        /// Its process.
        pid: u32,
        /// How long it was given.
        waited_s: u64,
        /// Its log file.
        log: PathBuf,
    },
    /// The program that lays out an empty data folder failed.
    #[error("Postgres could not lay out an empty data folder in {}: {reason}", dir.display())]
    Prepare {
        /// The data folder.
        dir: PathBuf,
        /// What it said.
        reason: String,
    },
    /// A handle was asked for that does not exist.
    #[error(
        "{0} is not run by this stack (it was given by URL or left out), so it cannot be stopped or restarted here"
    )]
    NotPrivate(Kind),
    /// The folder of a running server was to be deleted.
    #[error("{0} is running: stop or kill it before its data is deleted")]
    StillRunning(Kind),
    /// No free port below the range of outgoing connections.
    #[error("no free loopback port between 15000 and 32000")]
    NoPort,
    /// The file system said no.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The shell process that ends the servers with their owner could not be started or has gone.
    #[error("the process that stops the servers when their owner dies is not there (it needs `sh`)")]
    Watchdog(#[source] io::Error),
    /// An installed program that is too old or incomplete was all there was; only inside [`Error::Missing`].
    #[error("{path} is {have}, and {kind} {wanted} or newer is needed", path = path.display(), wanted = kind.oldest())]
    TooOld {
        /// Which server.
        kind: Kind,
        /// Where it lies.
        path: PathBuf,
        /// What it is.
        have: Version,
    },
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
