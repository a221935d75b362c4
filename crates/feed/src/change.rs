//! What one message of the feed says.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Epoch, Position, TenantId, time};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One commit of the serving version of a projection.
///
/// A reader at `have` of the same epoch and version: `position <= have` → drop it;
/// `base <= have < position` → apply it, rows are absolute; `base > have`, or another version, or
/// `complete == false` → reload from the store, which then is at `position` or later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// Which view, e.g. `sales-volume`.
    pub view: String,
    /// The history that the positions belong to.
    pub epoch: Epoch,
    /// The projection version that committed; it changes when a rebuilt one starts to serve.
    pub version: u32,
    /// Where the projection stood before; everything in `(base, position]` is in this message.
    pub base: Position,
    /// Where it stands now.
    pub position: Position,
    /// Recorded time of the event at `position`.
    #[serde(with = "time")]
    pub as_of: DateTime<Utc>,
    /// False when the rows did not fit the server's message size and were left out.
    pub complete: bool,
    /// The tenants that the commit touched; none = it only moved on.
    pub tenants: Vec<TenantChange>,
}

/// What a commit changed for one tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantChange {
    /// Whose.
    pub tenant: TenantId,
    /// The view's meta (configuration, watermark, parked count), if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Box<RawValue>>,
    /// Touched rows, each once; those of the table `parked` included.
    pub rows: Vec<RowChange>,
}

/// A touched row as it is now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowChange {
    /// Its table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// The event that last changed it.
    pub position: Position,
    /// How often it changed after being final (G5).
    pub revision: u32,
    /// Its columns; none = removed.
    pub body: Option<Box<RawValue>>,
}

impl Change {
    /// The same news without its rows, for when they do not fit.
    #[must_use]
    pub fn without_rows(&self) -> Self {
        Self {
            view: self.view.clone(),
            epoch: self.epoch.clone(),
            complete: false,
            tenants: Vec::new(),
            ..*self
        }
    }
}

/// What a subscriber hears.
#[derive(Debug)]
pub enum FeedItem {
    /// A commit.
    Change(Change),
    /// Messages may have been lost: the connection broke, the reader was too slow, or a message
    /// could not be read. Reload from the store.
    Lost,
}
