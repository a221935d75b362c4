//! What a view is, and the workspace in which its events are folded.
//!
//! A fold reads and writes *documents* (its private state, by key) and *rows* (what people see).
//! It never waits: what is not in the workspace is [`FoldError::Missing`], and the engine that
//! owns the workspace loads it and folds the same event again.

mod entries;
mod meta;
mod parked;
mod replay;
mod workspace;

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Payload, Position, TenantConfig};
use serde::{Serialize, de::DeserializeOwned};

use crate::explain::{Place, Trace};

pub use entries::{Change, Changes, Key, Need, Restated, RowChange};
pub use meta::Meta;
pub use parked::{PARKED_TABLE, ParkedEntry, ParkedRow};
pub use workspace::Workspace;

/// A view: a pure fold over events, its rows, and the questions asked of them.
pub trait View: Debug + Send + Sync + 'static {
    /// Name on the wire, e.g. `sales-volume`.
    const NAME: &'static str;
    /// Version of the fold's logic; rows of another version are never mixed with these.
    const VERSION: u32;
    /// The tables that the view's rows live in, the default one first.
    const TABLES: &'static [&'static str];
    /// Private state, by key.
    type Doc: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// A row of one of the tables.
    type Row: Row;
    /// A question asked of the rows.
    type Query: crate::ViewQuery<Row = Self::Row>;

    /// Whether events of this type concern the view.
    fn reads(event_type: &str) -> bool;

    /// Folds one event into the workspace.
    ///
    /// Must be a function of the event and of what the workspace answers: it is called again for
    /// the same event after [`FoldError::Missing`], its writes up to then having been dropped.
    ///
    /// # Errors
    /// [`FoldError::Missing`] from the workspace, passed on with `?`.
    fn apply(event: &Event, payload: &Payload, workspace: &mut Workspace<Self>) -> Result<(), FoldError>
    where
        Self: Sized;

    /// The events that can have touched a row, under a configuration; none = any event can.
    ///
    /// It may name too much and must not leave anything out: a row that differs when it is folded
    /// from these alone is noticed and explained from the whole log, but that takes long.
    #[must_use]
    fn trace(_place: Place<'_>, _config: &TenantConfig) -> Option<Trace> {
        None
    }

    /// What an event means to a row in the words of the view's rules (G8), by the documents as
    /// they are after it: an object, or none where there is nothing to add.
    #[must_use]
    fn facts(_row: &Self::Row, _event: &Event, _workspace: &Workspace<Self>) -> Option<serde_json::Value>
    where
        Self: Sized,
    {
        None
    }

    /// A row without what no answer to a plain question shows, where that is much.
    #[must_use]
    fn lean(row: &Self::Row) -> Self::Row {
        row.clone()
    }
}

/// A typed row; its serialized fields are the columns of its table.
pub trait Row: Clone + Debug + PartialEq + Serialize + Send + Sync + 'static {
    /// Which of [`View::TABLES`] it belongs to.
    fn table(&self) -> &'static str;
    /// Its key columns joined with `|`: unique in the table.
    fn key(&self) -> String;
    /// The value by which a store can narrow a scan (a business date, month or minute as text).
    fn span(&self) -> Option<String>;
    /// When the row becomes final, by the tenant's watermark (G5); none = never provisional.
    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>>;
    /// Reads a row of a table back from its JSON columns.
    ///
    /// # Errors
    /// The table does not exist or the columns do not fit.
    fn decode(table: &str, json: &str) -> serde_json::Result<Self>;
}

/// A row with what the log says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow<R> {
    /// The row.
    pub row: R,
    /// The event that last changed it.
    pub position: Position,
    /// How often it changed after it had become final (G5).
    pub revision: u32,
}

/// Why an event could not be folded now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Something is not in the workspace; load [`Workspace::take_needs`] and fold again.
    #[error("state is missing in the workspace")]
    Missing,
    /// The event cannot be read by this program; it is parked with its stream.
    #[error("{0}")]
    Unreadable(String),
}

/// [`View::apply`] inside a bulkhead: an event on which the fold's code breaks is an event that this
/// program cannot read, not the end of the projection.
fn contained<V: View>(
    event: &Event,
    payload: &Payload,
    workspace: &mut Workspace<V>,
) -> Result<(), FoldError> {
    // What the fold had written when it broke is pending, and dropped with the error.
    let apply = std::panic::AssertUnwindSafe(|| V::apply(event, payload, workspace));
    std::panic::catch_unwind(apply).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let said = said.unwrap_or("it did not say why");
        Err(FoldError::Unreadable(format!(
            "the fold of this program breaks on it: {said}"
        )))
    })
}
