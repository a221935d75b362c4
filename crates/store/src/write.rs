//! What a projector hands over and asks for: JSON bodies by tenant and key.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Position, TenantId};

/// Everything that a batch changed, written with the checkpoint or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Where the checkpoint must stand now.
    pub expected: Position,
    /// Where it will stand.
    pub position: Position,
    /// Recorded time of the event at `position`.
    pub as_of: DateTime<Utc>,
    /// Rows of all tables.
    pub rows: Vec<RowWrite>,
    /// Documents.
    pub docs: Vec<DocWrite>,
    /// Metas.
    pub metas: Vec<MetaWrite>,
    /// Changes of figures that were final.
    pub restatements: Vec<Restatement>,
}

/// A row as it is now.
#[derive(Debug, Clone)]
pub struct RowWrite {
    /// Whose.
    pub tenant: TenantId,
    /// Its table.
    pub table: &'static str,
    /// Its key.
    pub key: String,
    /// By what a scan can be narrowed; no control characters.
    pub span: Option<String>,
    /// The event that last changed it.
    pub position: Position,
    /// How often it changed after being final.
    pub revision: u32,
    /// Its columns as a JSON object; none = removed.
    pub body: Option<String>,
}

/// A document as it is now.
#[derive(Debug, Clone)]
pub struct DocWrite {
    /// Whose.
    pub tenant: TenantId,
    /// Its key.
    pub key: String,
    /// Its JSON; none = removed.
    pub body: Option<String>,
}

/// A tenant's meta as it is now.
#[derive(Debug, Clone)]
pub struct MetaWrite {
    /// Whose.
    pub tenant: TenantId,
    /// Its JSON.
    pub body: String,
}

/// A change of a figure that was final (G5).
#[derive(Debug, Clone)]
pub struct Restatement {
    /// Whose.
    pub tenant: TenantId,
    /// The table of the row.
    pub table: &'static str,
    /// The key of the row.
    pub key: String,
    /// The event's position.
    pub position: Position,
    /// The revision that it made.
    pub revision: u32,
    /// The event's id.
    pub cause: uuid::Uuid,
    /// The columns before, as JSON.
    pub before: String,
    /// The columns after; none = removed.
    pub after: Option<String>,
}

/// What a fold misses.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Documents by tenant and key.
    pub docs: Vec<(TenantId, String)>,
    /// Rows by tenant, table and key.
    pub rows: Vec<(TenantId, &'static str, String)>,
}

/// What a store has of a [`Lookup`]; what is not here does not exist.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Documents: tenant, key, JSON.
    pub docs: Vec<(TenantId, String, String)>,
    /// Rows: tenant, table, row.
    pub rows: Vec<(TenantId, &'static str, crate::StoredRow)>,
}

impl Commit {
    /// Number of things written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len() + self.docs.len() + self.metas.len() + self.restatements.len()
    }

    /// Whether only the checkpoint moves.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
