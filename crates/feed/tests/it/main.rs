//! The feed against a real server: order, size, loss.

mod feed;
