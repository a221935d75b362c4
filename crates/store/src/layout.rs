//! Which view lives where. A new Postgres view is one line here and one migration file.

/// How a view is stored.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Name of the view.
    pub view: &'static str,
    /// Where its rows live.
    pub backend: Backend,
}

/// Where rows live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Tables of a Postgres schema per version, made by this script.
    Postgres {
        /// `create table` statements of the view's own tables.
        ddl: &'static str,
    },
    /// Redis keys.
    Redis,
}

const LAYOUTS: &[Layout] = &[
    postgres(
        "sales-volume",
        include_str!("../../../migrations/projections/sales-volume.sql"),
    ),
    postgres(
        "call-time",
        include_str!("../../../migrations/projections/call-time.sql"),
    ),
    postgres(
        "commission",
        include_str!("../../../migrations/projections/commission.sql"),
    ),
    Layout {
        view: "revenue",
        backend: Backend::Redis,
    },
];

/// What every Postgres projection has beside the view's own tables.
pub(crate) const COMMON_DDL: &str = include_str!("../../../migrations/projections/common.sql");

impl Layout {
    /// The layout of a view.
    #[must_use]
    pub fn of(view: &str) -> Option<&'static Self> {
        LAYOUTS.iter().find(|layout| layout.view == view)
    }
}

impl Backend {
    /// Its name in the control tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::Redis => "redis",
        }
    }
}

const fn postgres(view: &'static str, ddl: &'static str) -> Layout {
    Layout {
        view,
        backend: Backend::Postgres { ddl },
    }
}
