//! What a verification found, as it stands in its operation and as the command line prints it.

use plimsoll_contracts::{Epoch, Position, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Differences that a report spells out; the others are counted.
pub(crate) const DIFFERENCES_TOLD: usize = 100;

/// What a verification of one view found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The view.
    pub view: String,
    /// The version that serves.
    pub version: u32,
    /// The history.
    pub epoch: Epoch,
    /// Where the log ended when it began.
    pub head: Position,
    /// The outcome.
    pub verdict: Verdict,
    /// Rows that were compared.
    pub rows: u64,
    /// Cells that were compared.
    pub cells: u64,
    /// How many differences there are.
    pub differences_total: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Tenant by tenant.
    pub tenants: Vec<TenantReport>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

/// The outcome of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every cell that was compared is equal.
    Equal,
    /// A cell differs.
    Different,
    /// No cell differs, but at least one tenant could not be recomputed.
    Refused,
}

/// What was compared of one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantReport {
    /// The tenant.
    pub tenant: TenantId,
    /// The position at which both sides were compared.
    pub position: Position,
    /// Why nothing could be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Table by table.
    pub tables: Vec<TableReport>,
}

/// What was compared of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// The table.
    pub table: String,
    /// Rows that were compared.
    pub rows: u64,
    /// Cells that were compared.
    pub cells: u64,
    /// Differences found.
    pub differences: u64,
}

/// A cell, or a whole row, that is not as the log says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Whose row.
    pub tenant: TenantId,
    /// Which table.
    pub table: String,
    /// Which row.
    pub key: String,
    /// Which column; none = the row as a whole is missing, or should not be there.
    pub column: Option<String>,
    /// What the store has; null = no such row.
    pub stored: Value,
    /// What the log says; null = there must be no such row.
    pub expected: Value,
}

impl VerifyReport {
    /// The verdict that the parts add up to.
    pub(crate) fn judge(&mut self) {
        self.verdict = if self.differences_total > 0 {
            Verdict::Different
        } else if self.tenants.iter().any(|tenant| tenant.refused.is_some()) {
            Verdict::Refused
        } else {
            Verdict::Equal
        };
    }
}
