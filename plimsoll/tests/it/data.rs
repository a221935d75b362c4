//! Where the real data sets are. They are not part of this repository: `PLIMSOLL_DATA` names a
//! folder, else `../shared/data` beside the checkout is looked at.

use std::path::PathBuf;

/// A file of a data set, or a loud line that the test was skipped, and why.
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PLIMSOLL_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: no {name} in {}; see docs/data.md for where the public originals are, then set PLIMSOLL_DATA",
        folder.display()
    );
    None
}

/// The totals beside a data set's rows.
pub(crate) fn totals(name: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(file(&format!("{name}/totals.json"))?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}
