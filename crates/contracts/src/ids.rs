//! Identifiers as types: an id that has the right shape once is right everywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest id or tenant, in bytes.
pub const ID_MAX_BYTES: usize = 64;
/// Longest stream name (`category-id`), in bytes.
pub const STREAM_MAX_BYTES: usize = 160;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not `[A-Za-z0-9._~:@-]{1,64}`.
    #[error("`{0}` is not an id: 1 to 64 of the characters A-Z a-z 0-9 . _ ~ : @ -")]
    Id(String),
    /// Not 1–64 printable characters without `|`.
    #[error("`{0}` is not a label: 1 to 64 characters, no control characters, no `|`")]
    Label(String),
    /// Not `category-id`.
    #[error("`{0}` is not a stream: lower-case category, `-`, then an id, e.g. order-O1")]
    Stream(String),
}

/// Whether a text has the shape of an id: `[A-Za-z0-9._~:@-]{1,64}`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=ID_MAX_BYTES).contains(&text.len()) && text.bytes().all(is_id_byte)
}

const fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b':' | b'@' | b'-')
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_type!(
    /// Whose data it is; nobody reads or writes across tenants.
    TenantId
);
text_type!(
    /// The name of a stream, `category-id`; the first `-` ends the category.
    StreamId
);

text_type!(
    /// The id of anything in the domain: order, planner, call, product …
    Id
);
text_type!(
    /// A short name that rows are grouped by: channel, region, category, queue, unit of measure.
    /// It may be of any script, but holds no `|`, which joins the parts of a row key.
    Label
);

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_id(text) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Id(text.to_owned()))
        }
    }
}

impl FromStr for Label {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=ID_MAX_BYTES).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_control() || c == '|');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Label(text.to_owned()))
        }
    }
}

impl TenantId {
    /// The tenant of a single-tenant installation: `main`.
    #[must_use]
    pub fn main() -> Self {
        Self("main".into())
    }
}

impl FromStr for TenantId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_id(text) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Id(text.to_owned()))
        }
    }
}

impl StreamId {
    /// The stream of an aggregate, from its category and id.
    ///
    /// # Errors
    /// [`IdError::Stream`] when the parts do not make a stream name.
    pub fn of(category: &str, id: &str) -> Result<Self, IdError> {
        format!("{category}-{id}").parse()
    }

    /// The lower-case word before the first `-`.
    #[must_use]
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or("", |(category, _)| category)
    }

    /// What follows the category.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl FromStr for StreamId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() <= STREAM_MAX_BYTES
            && text.split_once('-').is_some_and(|(category, id)| {
                !category.is_empty()
                    && category.bytes().all(|b| b.is_ascii_lowercase())
                    && !id.is_empty()
                    && id.bytes().all(is_id_byte)
            });
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Stream(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hyphen_ends_the_category() {
        let stream: StreamId = "stock-P-1@W".parse().unwrap();
        assert_eq!((stream.category(), stream.id()), ("stock", "P-1@W"));
    }

    #[test]
    fn a_stream_without_category_or_id_is_refused() {
        for bad in ["order", "-O1", "order-", "Order-1", "order-O 1"] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
    }
}
