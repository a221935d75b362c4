//! The change feed between projector and query-api, over core NATS: one message per commit of a
//! serving projection, chained by `base` and `position`. It promises nothing about delivery: a
//! reader sees a lost message as a gap and reloads from the store. It knows no view and no store.

mod change;
mod connect;
pub mod metrics;
mod publisher;
mod subscriber;

pub use change::{Change, FeedItem, RowChange, TenantChange};
pub use connect::{FeedError, FeedOptions};
pub use publisher::Publisher;
pub use subscriber::{Subscriber, Subscription};
