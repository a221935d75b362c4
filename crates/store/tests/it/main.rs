//! The stores against real servers: what is promised must hold in Postgres and in Redis alike.

#[cfg(test)]
mod commit;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod read;
#[cfg(test)]
mod support;
