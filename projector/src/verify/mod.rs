//! Verification: recomputes a view from the raw log by a path of its own and holds every cell
//! against what the stores have at the same position. Nothing here may use the views crate.

mod commission;
mod compare;
mod expected;
mod operation;
mod plan;
mod report;
mod run;
mod settings;

use serde_json::{Map, Value};

pub(crate) use operation::{ABANDONED, is_abandoned, operation};
use plan::Plan;
pub(crate) use plan::plan;
pub use report::{Difference, TableReport, TenantReport, Verdict, VerifyReport};
use run::{VerifyError, verify};

/// A row as the independent path says it must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExpectedRow {
    /// Which table of the view.
    pub(crate) table: &'static str,
    /// The row's key, as its columns make it.
    pub(crate) key: String,
    /// Columns and values; a column that is left out is not compared.
    pub(crate) columns: Map<String, Value>,
}

/// Why a tenant's view cannot be recomputed; never to be taken for "equal".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);
