//! The query side: views over HTTP and over one WebSocket, from cohorts that everyone who asks the
//! same question shares, and the web pages that show them. It reads the projections' stores and
//! hears their change feed; it knows nothing of how events become rows.

mod api;
mod cohort;
mod history;
mod http;
mod hub;
mod live;
pub mod metrics;
mod openapi;
mod options;
mod problems;
mod registry;
mod site;
mod users;

pub use api::{QueryApi, router};
pub use openapi::openapi;
pub use options::{CohortOptions, HistoryOptions, HttpOptions, LiveOptions, Options};
