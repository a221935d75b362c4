//! What makes two questions the same.

use plimsoll_contracts::TenantId;
use plimsoll_views::{Params, query::Own};
use sha2::{Digest, Sha256};

/// The identity of a cohort.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CohortKey {
    pub(crate) view: &'static str,
    pub(crate) params: Params,
    pub(crate) tenant: TenantId,
    pub(crate) own: Own,
}

impl CohortKey {
    /// A short name for the question together with the form of its answer, the same on every node.
    pub(crate) fn fingerprint(&self, form: &[(&str, &str)]) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        part(self.view);
        part(self.tenant.as_str());
        for (name, value) in &self.params {
            part(name);
            part(value);
        }
        part(if self.own.is_some() { "own" } else { "all" });
        for id in self.own.iter().flatten() {
            part(id);
        }
        for (name, value) in form {
            part(name);
            part(value);
        }
        hash.finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
