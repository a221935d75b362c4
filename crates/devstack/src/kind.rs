//! Which servers there are and what is asked of them.
//! Everything that differs between them in running lives in `postgres`, `nats` and `redis`, not here.

use std::fmt;

use crate::Version;

/// One of the servers that Plimsoll stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The event log and the views that live in tables.
    Postgres,
    /// JetStream and the change feed.
    Nats,
    /// The views that live in keys: Redis or Valkey.
    Redis,
}

impl Kind {
    /// All of them, in the order in which they start.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Nats, Self::Redis];

    /// The oldest version that will do.
    #[must_use]
    pub fn oldest(self) -> Version {
        match self {
            Self::Postgres => Version::new(15, 0),
            Self::Nats => Version::new(2, 12),
            Self::Redis => Version::new(7, 0),
        }
    }

    /// The name of its folder, log file and environment variable part.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Nats => "nats",
            Self::Redis => "redis",
        }
    }

    /// The names its program goes by, the best first.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgres"],
            Self::Nats => &["nats-server"],
            Self::Redis => &["valkey-server", "redis-server"],
        }
    }

    /// Programs that must lie in the same folder to be of use.
    pub(crate) fn companions(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["initdb"],
            Self::Nats | Self::Redis => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "Postgres",
            Self::Nats => "NATS server",
            Self::Redis => "Redis/Valkey",
        })
    }
}
