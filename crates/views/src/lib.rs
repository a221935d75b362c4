//! The views: one pure fold per view over the events of the log, and the questions that can be
//! asked of its rows. No clock, no randomness, no environment, no I/O.

pub mod call_time;
pub mod commission;
pub mod explain;
pub mod fold;
mod history;
mod orders;
pub mod query;
pub mod revenue;
pub mod sales_volume;

pub use call_time::CallTime;
pub use commission::Commission;
pub use explain::{Place, Trace};
pub use fold::{FoldError, Meta, ParkedEntry, Row, StoredRow, View, Workspace};
pub use query::{Answer, AnswerContext, AnswerRow, Params, ViewQuery};
pub use revenue::Revenue;
pub use sales_volume::SalesVolume;
