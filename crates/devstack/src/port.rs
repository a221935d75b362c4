//! Free loopback ports below the range that outgoing connections use.
//! A port from that range could be taken by a client socket between two starts of a server.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

use crate::Error;

const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;
const TRIES: u16 = 500;

/// A port that nobody listens on now, and that this process has not handed out before.
pub(crate) fn free() -> Result<u16, Error> {
    static HANDED_OUT: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    let start = random_below(COUNT);
    (0..TRIES)
        .map(|step| FIRST + (start + step) % COUNT)
        .find(|port| !handed_out.contains(port) && is_free(*port) && handed_out.insert(*port))
        .ok_or(Error::NoPort)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn random_below(limit: u16) -> u16 {
    let hash = RandomState::new().hash_one(std::process::id()) % u64::from(limit);
    u16::try_from(hash).expect("a remainder of a u16 fits a u16")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ports_are_distinct_and_below_the_outgoing_range() {
        let (one, other) = (super::free().unwrap(), super::free().unwrap());
        assert_ne!(one, other);
        assert!(one < 32_768 && other < 32_768);
    }
}
