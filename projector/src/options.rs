//! Bounds and paces of the projector.

use std::time::Duration;

/// How a projector works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of this process among projectors; must be unique.
    pub owner: String,
    /// How long a lease lasts without being renewed; a killed holder is missed for that long.
    pub lease_ttl: Duration,
    /// How often a lease is renewed and the store's checkpoint looked at.
    pub lease_renewal: Duration,
    /// How often the control tables are looked at for what other processes have asked for.
    pub control_poll: Duration,
    /// How long a batch that touches no row may wait before its checkpoint is committed and told.
    pub progress: Duration,
    /// Events taken at once.
    pub batch_max_events: usize,
    /// Events folded before a commit while a projection is far behind.
    pub bulk_max_events: u64,
    /// How long a projection that is far behind folds before a commit.
    pub bulk_max_wait: Duration,
    /// Documents and rows that a projection keeps in memory; what was not used lately goes first.
    pub workspace_max_entries: usize,
    /// Tenants whose workspaces a projection keeps in memory.
    pub workspace_max_tenants: usize,
    /// How long a retired version's tables or keys stay for readers that are still at it.
    pub retired_keep: Duration,
}

impl Options {
    /// The defaults, for a process of that name.
    #[must_use]
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            lease_ttl: Duration::from_secs(5),
            lease_renewal: Duration::from_secs(1),
            control_poll: Duration::from_secs(1),
            progress: Duration::from_millis(100),
            batch_max_events: 2_000,
            bulk_max_events: 10_000,
            bulk_max_wait: Duration::from_millis(500),
            workspace_max_entries: 200_000,
            workspace_max_tenants: 1_000,
            retired_keep: Duration::from_secs(10),
        }
    }
}
