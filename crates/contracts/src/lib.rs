//! What all rooms agree on: events and their envelope, positions and tokens, tenant
//! configuration, view rows, wire frames and problem documents.
//!
//! This crate imports nothing of ours and does no I/O, so that it can be read first.

pub mod calendar;
pub mod config;
pub mod envelope;
pub mod events;
pub mod ids;
pub mod money;
pub mod month;
pub mod position;
pub mod problem;
pub mod rows;
pub mod time;
pub mod upcast;
pub mod wire;

pub use config::TenantConfig;
pub use envelope::{Actor, ActorKind, Event, ImportedEvent, NewEvent};
pub use events::{Payload, PayloadError};
pub use ids::{Id, IdError, Label, StreamId, TenantId};
pub use money::{Amount, Currency, SignedAmount};
pub use month::Month;
pub use position::{Epoch, Position, Token};
pub use problem::{InvalidParameter, Problem};
