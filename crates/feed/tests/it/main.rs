//! The feed against a real server: order, size, loss.

#[cfg(test)]
mod feed;
