//! The one number: a place in the log, the epoch it belongs to, and the token made of both.
//!
//! Everything that asks "how far?" compares these and nothing else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A place in the log: 1, 2, 3 … without holes, in commit order. 0 is "before the first event".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS,
)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Position(u64);

impl Position {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// A position from the bare number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many events lie between `earlier` and this place; 0 when it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The number as Postgres stores it (`bigint`).
    ///
    /// # Panics
    /// Never in practice: a log of more than 2^63 events cannot exist.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        i64::try_from(self.0).expect("positions stay below 2^63, the range of bigint")
    }

    /// A position from Postgres' `bigint`; negative numbers do not exist in the log and read as 0.
    #[must_use]
    pub fn from_i64(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or(0))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity of one history of the log: 1–8 lower-case letters or digits.
///
/// A restored or replaced database gets a new one, so stores of another history are recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS)]
#[serde(transparent)]
pub struct Epoch(String);

impl Epoch {
    /// The epoch as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a token or an epoch could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not `epoch.position`.
    #[error("`{0}` is not of the form epoch.position, e.g. k3f9.000000012345")]
    Form(String),
    /// The epoch part is not 1–8 lower-case letters or digits.
    #[error("`{0}` is not an epoch: 1 to 8 lower-case letters or digits")]
    Epoch(String),
}

impl FromStr for Epoch {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=8).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenError::Epoch(text.to_owned()))
        }
    }
}

/// The full version token `epoch.position`, zero-padded to 12 digits so that tokens of one epoch
/// sort as strings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token {
    /// The history.
    pub epoch: Epoch,
    /// The place in it.
    pub position: Position,
}

impl Token {
    /// A token from its parts.
    #[must_use]
    pub const fn new(epoch: Epoch, position: Position) -> Self {
        Self { epoch, position }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:012}", self.epoch, self.position.get())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || TokenError::Form(text.to_owned());
        let (epoch, number) = text.split_once('.').ok_or_else(form)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(form());
        }
        let position = number.parse().map(Position::new).map_err(|_| form())?;
        Ok(Self {
            epoch: epoch.parse()?,
            position,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_what_it_writes() {
        let token: Token = "k3f9.000000012345".parse().unwrap();
        assert_eq!(token.position, Position::new(12_345));
        assert_eq!(token.to_string(), "k3f9.000000012345");
    }

    #[test]
    fn a_malformed_token_says_what_form_it_should_have() {
        for bad in [
            "",
            "k3f9",
            "k3f9.",
            "k3f9.x1",
            "K3.1",
            "toolongepoch.1",
            "k3f9.-1",
        ] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }
}
