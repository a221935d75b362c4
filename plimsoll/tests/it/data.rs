//! Where the real data sets are. They are not part of this repository: `PLIMSOLL_DATA` names a
//! folder, else `../shared/data` beside the checkout is looked at.

use std::{io::Write as _, path::PathBuf};

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
    tell();
    None
}

/// Leaves this test's name in the file that the runner counts: what a passing test prints is shown
/// to nobody.
fn tell() {
    let Some(list) = std::env::var_os("PLIMSOLL_TEST_ABSENT") else {
        return;
    };
    let thread = std::thread::current();
    let of_arguments = || {
        std::env::args()
            .skip(1)
            .find(|argument| !argument.starts_with('-'))
    };
    let name = match thread.name() {
        Some("main") | None => of_arguments().unwrap_or_default(),
        Some(name) => name.to_owned(),
    };
    let mut list = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(list)
        .unwrap();
    writeln!(list, "{name}").unwrap();
}

/// The totals beside a data set's rows.
pub(crate) fn totals(name: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(file(&format!("{name}/totals.json"))?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}
