//! Names of keys. All keys of a version share a hash tag, so that one script may touch them in a
//! cluster as well.

use plimsoll_contracts::TenantId;

use crate::ProjectionId;

/// `plimsoll:{k3f9:revenue:1}:…`
#[derive(Debug, Clone)]
pub(super) struct Keys {
    base: String,
}

impl Keys {
    pub(super) fn new(prefix: &str, id: &ProjectionId) -> Self {
        Self {
            base: format!("{prefix}:{{{}:{}:{}}}:", id.epoch, id.view, id.version),
        }
    }

    /// Hash: position, fence, epoch, `as_of`.
    pub(super) fn checkpoint(&self) -> String {
        format!("{}checkpoint", self.base)
    }

    /// Hash: tenant → meta.
    pub(super) fn metas(&self) -> String {
        format!("{}metas", self.base)
    }

    /// Hash: key → document.
    pub(super) fn docs(&self, tenant: &TenantId) -> String {
        format!("{}docs:{tenant}", self.base)
    }

    /// Hash: key → row.
    pub(super) fn rows(&self, tenant: &TenantId, table: &str) -> String {
        format!("{}rows:{tenant}:{table}", self.base)
    }

    /// Sorted set by name: the spans that have rows.
    pub(super) fn spans(&self, tenant: &TenantId, table: &str) -> String {
        format!("{}spans:{tenant}:{table}", self.base)
    }

    /// Prefix of the sets of row keys, one per span.
    pub(super) fn span_prefix(&self, tenant: &TenantId, table: &str) -> String {
        format!("{}span:{tenant}:{table}:", self.base)
    }

    /// Sorted set by position: restatements.
    pub(super) fn restatements(&self, tenant: &TenantId) -> String {
        format!("{}restatements:{tenant}", self.base)
    }

    /// Matches every key of the version and no other; ids hold none of `*?[]\`.
    pub(super) fn pattern(&self) -> String {
        format!("{}*", self.base)
    }
}
