//! The command side: commands over HTTP, decided by pure aggregates, appended to the log; bulk
//! import, the feed, and the relay. It knows nothing of views but one number that a port gives.

mod contexts;
mod domain;
mod handler;
mod http;
pub mod metrics;
mod openapi;
mod options;
mod ports;
mod service;

pub use domain::{Reason, Refusal};
pub use http::router;
pub use openapi::openapi;
pub use options::Options;
pub use ports::{ParkedCount, ParkedCountError};
pub use service::{CommandSide, run};
