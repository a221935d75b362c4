//! The projector against real servers: a database, stream, feed and key prefix of its own per test.

#[cfg(test)]
mod control;
#[cfg(test)]
mod fencing;
#[cfg(test)]
mod folding;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rebuild;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod support;
