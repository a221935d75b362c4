//! The stores against real servers: what is promised must hold in Postgres and in Redis alike.

mod commit;
mod lease;
mod read;
mod support;
