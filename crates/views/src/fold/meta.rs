//! What a view knows about a tenant as a whole.

use chrono::{DateTime, Utc};
use plimsoll_contracts::TenantConfig;
use serde::{Deserialize, Serialize};

/// Per view version and tenant: configuration, watermark, number of parked events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// The configuration that governs the next event.
    pub config: TenantConfig,
    /// Highest `occurred_at` among the events the view read; finality hangs on it (G5).
    pub watermark: Option<DateTime<Utc>>,
    /// Events that wait in the parked list (G6).
    pub parked: u64,
    /// Those of them that this program cannot read; each holds back its stream.
    pub unreadable: u64,
}
