//! What a caller asks of a stack.
//! Plain data: nothing here looks at the machine.

use std::path::PathBuf;

/// Where the data of the private servers lives, and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Found again at the next start, in the same folder.
    Keep,
    /// Emptied at the start, then kept.
    Fresh,
    /// Emptied at the start and removed at the end, also when the owner is killed.
    Temporary,
}

/// Where one server comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// A child of this process, on a free loopback port.
    #[default]
    Private,
    /// Somebody else's server: its URL is passed through, it is neither started nor stopped.
    Existing(String),
    /// Not needed by this caller.
    Absent,
}

/// The options of [`crate::Stack::start`].
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The folder for data, logs and (unless told otherwise) fetched programs. One stack at a time.
    pub dir: PathBuf,
    /// What happens to the data.
    pub data: Data,
    /// Where fetched programs are kept. `None`: the folder named by `PLIMSOLL_CACHE`, else `servers` below `dir`.
    pub cache_dir: Option<PathBuf>,
    /// Whether programs that the machine already has are used; `false` fetches the pinned ones.
    pub use_installed: bool,
    /// Postgres.
    pub postgres: Source,
    /// The NATS server.
    pub nats: Source,
    /// Redis or Valkey.
    pub redis: Source,
}

impl StackOptions {
    /// All three servers, data kept below `dir`.
    pub fn keep(dir: impl Into<PathBuf>) -> Self {
        Self::new(dir.into(), Data::Keep)
    }

    /// All three servers on empty data below `dir`, removed at the end: for a crash test.
    pub fn temporary(dir: impl Into<PathBuf>) -> Self {
        Self::new(dir.into(), Data::Temporary)
    }

    fn new(dir: PathBuf, data: Data) -> Self {
        Self {
            dir,
            data,
            cache_dir: None,
            use_installed: true,
            postgres: Source::Private,
            nats: Source::Private,
            redis: Source::Private,
        }
    }
}
