//! What happens while a stack starts, for whoever shows it.
//! It prints nothing itself.

use std::{fmt, path::PathBuf, time::Duration};

use crate::{Kind, Version};

/// One step of starting a stack. `Display` gives a line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A program that the machine, or an earlier fetch, already has.
    Found {
        /// Which server.
        kind: Kind,
        /// What it says of itself.
        version: Version,
        /// Where it lies.
        path: PathBuf,
    },
    /// The pinned program is on its way.
    Fetching {
        /// Which server.
        kind: Kind,
        /// What is fetched, with its version.
        package: String,
        /// How much of it has arrived.
        received_bytes: u64,
        /// How large it is.
        total_bytes: u64,
    },
    /// Something that a person may want to know, such as where data went.
    Note(String),
    /// First start: an empty data folder is being laid out.
    Preparing(Kind),
    /// It answers.
    Ready {
        /// Which server.
        kind: Kind,
        /// How to reach it.
        url: String,
        /// From the start of its program to its first answer.
        took: Duration,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { kind, version, path } => write!(f, "{kind} {version} at {}", path.display()),
            Self::Fetching {
                kind,
                package,
                received_bytes,
                total_bytes,
            } => write!(
                f,
                "fetching {kind} ({package}): {:.1} of {:.1} MB",
                megabytes(*received_bytes),
                megabytes(*total_bytes)
            ),
            Self::Note(text) => f.write_str(text),
            Self::Preparing(kind) => write!(f, "{kind}: laying out an empty data folder"),
            Self::Ready { kind, url, took } => {
                write!(f, "{kind} ready at {url} after {} ms", took.as_millis())
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size for people, rounded to a tenth of a megabyte"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}
