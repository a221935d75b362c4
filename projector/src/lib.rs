//! The projector: folds the log into views and commits rows together with the checkpoint.
//! It knows how to project, rebuild, pause and tell about it; what a view means is its fold's,
//! where rows live is the stores', and who reads them is not its business.

mod admin;
mod engine;
mod handle;
pub mod metrics;
mod options;
mod registry;
mod status;
mod verify;

pub use admin::{openapi, router};
pub use handle::{OperateError, Overview, Projector};
pub use options::Options;
pub use status::{OperationStatus, ShardStatus, State, Status};
pub use verify::{Difference, TableReport, TenantReport, Verdict, VerifyReport};
