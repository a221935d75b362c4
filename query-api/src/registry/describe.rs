//! What `GET /v1/views` says about a view: parameters and columns, in words.

use plimsoll_contracts::wire::{ColumnInfo, ParameterInfo, TableInfo};

/// A view's tables, the default one first.
pub(crate) type Description = &'static [Table];

/// A table: its parameters (name, what it takes) and the columns of its plain rows (name, type).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

const PAGING: &[(&str, &str)] = &[
    ("limit", "rows of a page"),
    ("next", "the cursor of an earlier answer"),
    ("sort", "a column; -column for descending"),
    (
        "min_position",
        "a position that the answer must contain, as a number or epoch.position",
    ),
    (
        "as_of_position",
        "the view as it was at a position, as a number or epoch.position; not where changes are followed",
    ),
    (
        "as_of_time",
        "the view as it was when this time was recorded; not where changes are followed",
    ),
];
const KNOWN_AT: &[(&str, &str)] = &[(
    "known_at",
    "only what had occurred by this time is folded (M-R2); not where changes are followed",
)];

impl Table {
    pub(crate) fn info(&self) -> TableInfo {
        TableInfo {
            name: self.name.to_owned(),
            parameters: parameters(self.parameters),
            columns: self
                .columns
                .iter()
                .map(|(name, kind)| ColumnInfo {
                    name: (*name).to_owned(),
                    kind: (*kind).to_owned(),
                })
                .collect(),
        }
    }
}

/// The parameters that every table of a view has.
pub(crate) fn paging(has_known_at: bool) -> Vec<ParameterInfo> {
    let mut all = parameters(PAGING);
    if has_known_at {
        all.extend(parameters(KNOWN_AT));
    }
    all
}

fn parameters(list: &[(&str, &str)]) -> Vec<ParameterInfo> {
    list.iter()
        .map(|(name, takes)| ParameterInfo {
            name: (*name).to_owned(),
            takes: (*takes).to_owned(),
        })
        .collect()
}
