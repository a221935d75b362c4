//! How many requests may be under way: at all, and of one bearer, so that nobody crowds others out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use plimsoll_contracts::{Problem, TenantId};
use plimsoll_host::Claims;

use crate::metrics;

type Bearer = (TenantId, String);

/// The doorkeeper; clones share their counts.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    counts: Arc<Mutex<Counts>>,
    in_flight_max: usize,
    per_bearer_max: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of: HashMap<Bearer, usize>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    counts: Arc<Mutex<Counts>>,
    bearer: Bearer,
}

impl Admission {
    pub(crate) fn new(in_flight_max: usize, per_bearer_max: usize) -> Self {
        Self {
            counts: Arc::default(),
            in_flight_max,
            per_bearer_max,
        }
    }

    /// A place, or 503 when all are taken, or 429 when the bearer's are.
    pub(crate) fn admit(&self, claims: &Claims) -> Result<Admitted, Problem> {
        let bearer = (claims.tenant.clone(), claims.sub.clone());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = counts.of.get(&bearer).copied().unwrap_or(0);
        if mine >= self.per_bearer_max {
            ::metrics::counter!(metrics::REJECTED, "why" => "bearer").increment(1);
            let detail = format!("{mine} of your requests are under way, no more are taken; wait for some");
            return Err(
                Problem::new(429, "too-many-requests", "Too many requests at once")
                    .detail(detail)
                    .retry_after(1),
            );
        }
        if counts.all >= self.in_flight_max {
            ::metrics::counter!(metrics::REJECTED, "why" => "server").increment(1);
            let detail = "more requests are under way than this server takes; try again with the same key";
            return Err(Problem::new(503, "overloaded", "Too much is waiting")
                .detail(detail)
                .retry_after(1));
        }
        counts.all += 1;
        counts.of.insert(bearer.clone(), mine + 1);
        drop(counts);
        Ok(Admitted {
            counts: Arc::clone(&self.counts),
            bearer,
        })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(mine) = counts.of.get_mut(&self.bearer) {
            *mine -= 1;
            if *mine == 0 {
                counts.of.remove(&self.bearer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(sub: &str) -> Claims {
        Claims::everything(sub, TenantId::main(), chrono::Utc::now())
    }

    #[test]
    fn one_bearer_does_not_crowd_the_others_out() {
        let door = Admission::new(3, 2);
        let _first = door.admit(&claims("A")).unwrap();
        let second = door.admit(&claims("A")).unwrap();
        assert_eq!(door.admit(&claims("A")).unwrap_err().status, 429);
        let _third = door.admit(&claims("B")).unwrap();
        assert_eq!(door.admit(&claims("C")).unwrap_err().status, 503);
        drop(second);
        assert!(door.admit(&claims("C")).is_ok());
    }
}
