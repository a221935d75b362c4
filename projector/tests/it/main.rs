//! The projector against real servers: a database, stream, feed and key prefix of its own per test.

mod control;
mod fencing;
mod folding;
mod random;
mod rebuild;
mod redis;
mod support;
