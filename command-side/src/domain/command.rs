//! The commands of an aggregate as one enum, read by name from a JSON body.

use plimsoll_contracts::problem::{FieldError, escape};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use utoipa::openapi::{RefOr, schema::Schema};

use super::Shape;

/// What the registry and the API's description know of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommandInfo {
    /// Name, e.g. `PlaceOrder`.
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    /// JSON schema of its body, without `occurred_at`.
    pub(crate) schema: fn() -> RefOr<Schema>,
}

/// All commands of one aggregate.
pub(crate) trait CommandSet: Sized + std::fmt::Debug + Send + Sync + 'static {
    /// The bounded context in the path.
    const CONTEXT: &'static str;
    /// The commands.
    const COMMANDS: &'static [CommandInfo];

    /// Reads a body by the command's name; none when the name is not in this set.
    fn parse(name: &str, body: Value) -> Option<Result<Self, FieldError>>;

    /// The part of the stream's name after the category.
    fn key(&self) -> String;
}

/// Reads one body; a mistake is named by its JSON pointer.
pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let detail = error.inner().to_string();
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        if let Some(name) = named_field(&detail) {
            let last = format!("/{}", escape(name));
            if !pointer.ends_with(&last) {
                pointer.push_str(&last);
            }
        }
        FieldError { pointer, detail }
    })
}

/// Reads a command's body, and finds what its types let through and an event must not hold.
pub(crate) fn read_command<T: DeserializeOwned + Shape>(body: Value) -> Result<T, FieldError> {
    let command: T = read(body)?;
    command.fault().map_or(Ok(command), Err)
}

/// serde names a missing or unknown field only in its message.
fn named_field(detail: &str) -> Option<&str> {
    let rest = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| detail.strip_prefix(start))?;
    rest.split('`').next()
}

/// The commands of one aggregate: a struct each (see [`super::body`]) and the enum over them.
macro_rules! commands {
    (
        $(#[doc = $set_doc:literal])+
        $set:ident in $context:literal by $keys:tt {
            $($(#[doc = $doc:literal])+ $command:ident { $($fields:tt)* })+
        }
    ) => {
        $($crate::domain::body! { $(#[doc = $doc])+ $command { $($fields)* } })+

        $(#[doc = $set_doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum $set { $($(#[doc = $doc])+ $command($command)),+ }

        impl $crate::domain::CommandSet for $set {
            const CONTEXT: &'static str = $context;
            const COMMANDS: &'static [$crate::domain::CommandInfo] = &[$($crate::domain::CommandInfo {
                name: stringify!($command),
                about: concat!($($doc),+),
                schema: <$command as $crate::domain::Shape>::schema,
            }),+];

            fn parse(
                name: &str,
                body: serde_json::Value,
            ) -> Option<Result<Self, plimsoll_contracts::problem::FieldError>> {
                match name {
                    $(stringify!($command) => Some($crate::domain::command::read_command(body).map(Self::$command)),)+
                    _ => None,
                }
            }

            fn key(&self) -> String {
                match self { $(Self::$command(c) => $crate::domain::command::key_of!(c, $keys)),+ }
            }
        }
    };
}
pub(crate) use commands;

/// A stream's key out of a command's fields.
macro_rules! key_of {
    ($command:ident, ($($key:ident)+)) => {
        $crate::domain::command::joined(&[$(&$command.$key),+])
    };
}
pub(crate) use key_of;

/// The parts of a stream's key, one after the other.
pub(crate) fn joined(parts: &[&dyn std::fmt::Display]) -> String {
    parts.iter().map(ToString::to_string).collect()
}
