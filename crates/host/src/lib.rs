//! What every service needs and none should write again: tokens, problem responses, a server
//! with timeouts, readiness, metrics, logs. It knows nothing of events or views.

pub mod auth;
pub mod extract;
pub mod health;
pub mod metrics;
pub mod problem;
pub mod serve;
pub mod telemetry;

pub use auth::{Claims, Keys, TokenError};
pub use problem::{ApiError, ApiResult};
pub use serve::{ServeOptions, serve};
