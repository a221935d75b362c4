//! Why a socket is closed: the codes of RFC 6455 and our own. 4000–4499 mean "come back",
//! 4500–4999 "do not".

use axum::extract::ws::CloseFrame;
use plimsoll_host::TokenError;

/// A reason to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
}

macro_rules! closes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        impl Close {
            $($(#[$doc])* pub(super) fn $name(reason: impl Into<String>) -> Self {
                Self::new($code, reason)
            })+
        }
    };
}

closes! {
    /// The frames break RFC 6455.
    protocol_error = 1002,
    /// Text that is not UTF-8.
    not_utf8 = 1007,
    /// A message above the bound.
    too_big = 1009,
    /// The server goes; come back in the drain window.
    restart = 1012,
    /// The token's time is over.
    token_expired = 4001,
    /// The client does not take what is sent, or does not answer.
    stalled = 4008,
    /// Too many messages.
    too_fast = 4029,
    /// No token, or one that does not hold.
    bad_token = 4501,
    /// The token allows nothing here.
    forbidden = 4503,
    /// The client does not speak `plimsoll.v1.json`.
    protocol_version = 4505,
    /// A message that is none of the protocol.
    bad_message = 4506,
    /// The user has too many connections.
    quota = 4513,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        // A close frame has room for 123 bytes of reason.
        while reason.len() > 123 {
            reason.pop();
        }
        Self { code, reason }
    }

    /// The token does not hold: with an expired one, come back with another; with a bad one, do not.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what `map_err` gives, and the error ends here"
    )]
    pub(super) fn token(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::token_expired("the token has expired; come back with another"),
            TokenError::Bad(_) => Self::bad_token(format!("{error}; get a new token")),
        }
    }

    /// The other side has closed or is gone; nothing need be said.
    pub(super) fn gone() -> Self {
        Self::new(1000, "")
    }

    pub(super) fn frame(&self) -> CloseFrame {
        CloseFrame {
            code: self.code,
            reason: self.reason.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let close = Close::bad_message("가".repeat(100));
        assert_eq!((close.code, close.reason.len()), (4506, 123));
    }
}
