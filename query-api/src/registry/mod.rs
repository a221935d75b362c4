//! The views that can be asked, with their types erased: everything beyond this room deals in
//! parameters, keys and JSON. A further view is one line in [`Registry::standard`] and one file
//! that describes it.

mod call_time;
mod commission;
mod describe;
mod erased;
mod heard;
mod revenue;
mod sales_volume;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use plimsoll_contracts::InvalidParameter;
use plimsoll_views::{
    Params, View,
    query::{Own, Reach},
};

pub(crate) use call_time::{RANKING, ranks_persons};
pub(crate) use describe::{Description, Table, paging};
pub(crate) use erased::{AnswerRows, Encoded, Rows, RowsError};
pub(crate) use heard::Heard;

use crate::history::Past;

/// A parsed question of some view, for somebody's own rows or all.
pub(crate) trait Question: fmt::Debug + Send + Sync {
    /// Every parameter in one spelling.
    fn canonical(&self) -> Params;
    /// The stored tables that it reads at an instant, with the ranges of spans that can matter.
    fn reaches(&self, now: DateTime<Utc>) -> Vec<Reach>;
    /// Whether its answer changes with time alone.
    fn moves(&self) -> bool;
    /// Room for the rows that it selects.
    fn rows(&self, own: Own) -> Box<dyn Rows>;
}

type Parse = fn(&Params) -> Result<Arc<dyn Question>, InvalidParameter>;

/// A view that can be asked.
#[derive(Clone, Copy)]
pub(crate) struct AskableView {
    pub(crate) name: &'static str,
    pub(crate) description: Description,
    pub(crate) past: Past,
    /// Whether `known_at` can be asked (M-R2).
    pub(crate) has_known_at: bool,
    parse: Parse,
}

impl fmt::Debug for AskableView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskableView")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl AskableView {
    fn of<V: View>(description: Description) -> Self {
        Self {
            name: V::NAME,
            description,
            past: Past::of::<V>(),
            has_known_at: V::NAME == plimsoll_views::Commission::NAME,
            parse: erased::parse::<V>,
        }
    }

    /// # Errors
    /// [`InvalidParameter`] naming the one that does not exist or does not parse.
    pub(crate) fn parse(&self, params: &Params) -> Result<Arc<dyn Question>, InvalidParameter> {
        (self.parse)(params)
    }
}

/// All views that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Registry(Arc<[AskableView]>);

impl Registry {
    /// The views of this program.
    pub(crate) fn standard() -> Self {
        Self(Arc::from([
            AskableView::of::<plimsoll_views::SalesVolume>(sales_volume::DESCRIPTION),
            AskableView::of::<plimsoll_views::CallTime>(call_time::DESCRIPTION),
            AskableView::of::<plimsoll_views::Revenue>(revenue::DESCRIPTION),
            AskableView::of::<plimsoll_views::Commission>(commission::DESCRIPTION),
        ]))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&AskableView> {
        self.0.iter().find(|view| view.name == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &AskableView> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The refusal of an unknown parameter lists the known ones.
    #[test]
    fn what_is_described_is_what_can_be_asked() {
        for view in Registry::standard().iter() {
            for table in view.description {
                let params = [("table", table.name), ("no_such", "1")];
                let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
                let refused = view.parse(&Params::from(params)).unwrap_err();
                assert_eq!(refused.name, "no_such", "{} {}", view.name, table.name);
                let known = refused.detail.rsplit(": ").next().unwrap();
                let known: BTreeSet<&str> = known.split(", ").filter(|name| *name != "table").collect();
                let described: BTreeSet<&str> = table.parameters.iter().map(|(name, _)| *name).collect();
                assert_eq!(described, known, "{} {}", view.name, table.name);
            }
        }
    }
}
