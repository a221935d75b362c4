//! An instant in a command's body.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

/// RFC 3339 on the wire, cut down to microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) DateTime<Utc>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plimsoll_contracts::time::deserialize(deserializer).map(Self)
    }
}
