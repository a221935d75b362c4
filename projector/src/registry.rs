//! The views that a projector projects. A new view is one line here.

use std::{future::Future, pin::Pin};

use plimsoll_views::{CallTime, Commission, Revenue, SalesVolume, View};

use crate::engine::{Context, supervise};

/// A view as the engine starts it.
#[derive(Clone, Copy)]
pub(crate) struct Definition {
    pub(crate) view: &'static str,
    /// Version of the fold's code.
    pub(crate) logic: u32,
    /// The tables of its rows.
    pub(crate) tables: &'static [&'static str],
    /// Looks after all versions of the view until shutdown.
    pub(crate) supervise: fn(Context) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

pub(crate) const VIEWS: &[Definition] = &[
    define::<SalesVolume>(),
    define::<CallTime>(),
    define::<Revenue>(),
    define::<Commission>(),
];

const fn define<V: View>() -> Definition {
    Definition {
        view: V::NAME,
        logic: V::VERSION,
        tables: V::TABLES,
        supervise: |context| Box::pin(supervise::<V>(context)),
    }
}
