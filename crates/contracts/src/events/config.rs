//! The event of tenant configuration: stream `config-{tenant}`.

use serde::{Deserialize, Serialize};

use crate::config::ConfigChange;

/// Some keys of a tenant's configuration have new values. It governs the events that follow it in
/// the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantConfigured {
    /// The keys that change; the others stay.
    pub changes: ConfigChange,
}
