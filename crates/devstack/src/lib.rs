//! Finds or fetches Postgres, a NATS server and Redis (or Valkey), and runs them privately as children on loopback.
//! For `plimsoll up` and for tests; it must not know what Plimsoll keeps in those servers.
//!
//! ```no_run
//! # async fn example() -> Result<(), plimsoll_devstack::Error> {
//! use plimsoll_devstack::{Stack, StackOptions};
//! let stack = Stack::start(StackOptions::keep(".plimsoll"), |progress| eprintln!("{progress}")).await?;
//! let url = stack.postgres_url();
//! stack.postgres()?.kill9().await?;
//! stack.postgres()?.restart().await?; // the same port, the same data
//! stack.stop().await
//! # }
//! ```

mod account;
mod error;
mod fetch;
mod find;
mod kind;
mod nats;
mod options;
mod pinned;
mod place;
mod port;
mod postgres;
mod process;
mod progress;
mod provision;
mod redis;
mod server;
mod shared;
mod stack;
mod version;
mod watchdog;

pub use error::Error;
pub use kind::Kind;
pub use options::{Data, Source, StackOptions};
pub use progress::Progress;
pub use server::Server;
pub use shared::{Servers, database_url, shared_for_tests, unique_name};
pub use stack::Stack;
pub use version::Version;
