//! The one binary: `plimsoll up`, each service by itself, and the operator's tools. This library
//! holds what `main.rs` and the tests reach; `main.rs` is only the door.

pub mod cli;
pub mod client;
pub mod demo;
pub mod house;
pub mod import;
pub mod live_client;
pub mod openapi;
pub mod signal;
