//! What the command side asks of rooms that it does not know.

use futures::future::BoxFuture;
use plimsoll_contracts::TenantId;

/// Why the number is not to be had; shown to the caller.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ParkedCountError(pub String);

/// How many events the commission view has parked for a tenant: a period is not closed over them
/// unless forced (M-R1). The view follows the log, so the number may be a little old.
pub trait ParkedCount: std::fmt::Debug + Send + Sync {
    /// The number now.
    fn parked<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<u64, ParkedCountError>>;
}
