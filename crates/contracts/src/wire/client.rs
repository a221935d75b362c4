//! What a client says on the socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use crate::Position;

/// One message of a client. A field that does not exist is refused, like a parameter over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export, optional_fields)]
pub enum ClientFrame {
    /// The first message: who speaks.
    Hello {
        /// Bearer token, if the request had none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// Name and version of the client.
        #[serde(default)]
        sdk: String,
        /// W3C trace context.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traceparent: Option<String>,
    },
    /// A new token for the open socket.
    Auth {
        /// The token.
        token: String,
    },
    /// From now on, this view.
    Subscribe(Subscribe),
    /// No more of it.
    Unsubscribe {
        /// The client's id of the subscription.
        id: String,
    },
    /// Say when a view has processed a position.
    Wait(Wait),
    /// Answers `ping`.
    Pong,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct Subscribe {
    /// The client's own id, at most 64 characters.
    pub id: String,
    /// Which view.
    pub view: String,
    /// Parameters as over HTTP.
    #[serde(default, deserialize_with = "parameters")]
    pub params: BTreeMap<String, String>,
    /// `epoch.position` to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Frames a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_hz: Option<f64>,
}

/// A question for a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Wait {
    /// The client's own id.
    pub id: String,
    /// Which view.
    pub view: String,
    /// Which position.
    #[ts(type = "number")]
    pub position: Position,
    /// How long to wait, milliseconds.
    #[ts(type = "number")]
    pub timeout_ms: u64,
}

/// A parameter's value may be written as text, number or truth value; it is read as text.
fn parameters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Text(String),
        Truth(bool),
        Number(serde_json::Number),
    }
    let given: BTreeMap<String, Scalar> = Deserialize::deserialize(deserializer)?;
    let text = |value| match value {
        Scalar::Text(text) => text,
        Scalar::Truth(truth) => truth.to_string(),
        Scalar::Number(number) => number.to_string(),
    };
    Ok(given
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ClientFrame, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn parameters_are_text_however_they_are_written() {
        let frame = read(
            r#"{"type":"subscribe","id":"a","view":"v","params":{"top":10,"live":true,"at":"2026-03-01"}}"#,
        );
        let Ok(ClientFrame::Subscribe(subscribe)) = frame else {
            panic!("{frame:?}")
        };
        let said: Vec<_> = subscribe.params.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(said, ["at=2026-03-01", "live=true", "top=10"]);
    }

    #[test]
    fn a_misspelt_field_is_refused_by_name() {
        let refused = read(r#"{"type":"subscribe","id":"a","view":"v","parms":{}}"#).unwrap_err();
        assert!(refused.contains("parms"), "{refused}");
        assert!(read(r#"{"type":"dance"}"#).is_err());
        assert!(read(r#"{"type":"auth"}"#).is_err());
        assert!(read(r#"{"type":"pong"}"#).is_ok());
    }
}
