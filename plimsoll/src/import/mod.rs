//! `plimsoll import`: turns a public data set into events, by its published mapping, and sends
//! them to a running server. It knows files and the import endpoint, nothing of stores or views.

mod calls;
mod draft;
mod policies;
mod retail;
mod upload;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use anyhow::Context as _;
use plimsoll_contracts::ImportedEvent;

pub use upload::{Uploaded, upload};

/// The data sets that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DataSet {
    /// An online gift shop: "Online Retail", UCI Machine Learning Repository.
    Retail,
    /// A bank's call centre: "Anonymous Bank", Technion.
    Calls,
    /// Whole-life policies and their ends: `uslapseagent`, `CASdatasets`.
    Policies,
}

impl DataSet {
    /// The configuration that the data set's totals are computed under.
    #[must_use]
    pub fn config(self) -> serde_json::Value {
        match self {
            Self::Retail => serde_json::json!({"zone": "Europe/London", "reporting_currency": "GBP"}),
            Self::Calls => serde_json::json!({"zone": "Asia/Jerusalem", "max_call_s": null}),
            Self::Policies => serde_json::json!({"zone": "America/New_York", "reporting_currency": "USD"}),
        }
    }
}

/// Reads a data set's rows (CSV, or CSV in xz) and gives its events in time order, with versions
/// without holes per stream. The same file always gives the same event ids.
///
/// # Errors
/// The file cannot be read, or a row does not have the data set's columns.
pub fn events(data_set: DataSet, path: &Path) -> anyhow::Result<Vec<ImportedEvent>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let file = BufReader::new(file);
    let reader: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "xz") {
        Box::new(xz2::read::XzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut rows = csv::Reader::from_reader(reader);
    let drafts = match data_set {
        DataSet::Retail => retail::drafts(&mut rows),
        DataSet::Calls => calls::drafts(&mut rows),
        DataSet::Policies => policies::drafts(&mut rows),
    };
    let drafts = drafts.with_context(|| format!("{} is not a file of this data set", path.display()))?;
    draft::finish(drafts, &format!("{data_set:?}").to_lowercase())
}
