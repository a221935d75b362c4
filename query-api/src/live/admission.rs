//! Who may open a socket now: so many at once, so many handshakes a second, so many per user.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use plimsoll_contracts::Problem;
use plimsoll_host::Claims;

use crate::{
    metrics,
    options::LiveOptions,
    problems,
    users::{UserPlace, Users},
};

/// The doorkeeper; clones share the counts.
#[derive(Debug, Clone)]
pub(crate) struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: AtomicUsize,
    max: usize,
    per_user: usize,
    users: Users,
    handshakes: DefaultDirectRateLimiter,
}

/// A place for a connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Inner>);

impl Admission {
    pub(crate) fn new(options: &LiveOptions) -> Self {
        Self(Arc::new(Inner {
            open: AtomicUsize::new(0),
            max: options.connections_max,
            per_user: options.connections_per_user,
            users: Users::default(),
            handshakes: RateLimiter::direct(Quota::per_second(at_least_one(options.handshakes_per_s))),
        }))
    }

    /// A place for one more connection.
    ///
    /// # Errors
    /// 429 when handshakes come too fast, 503 when there are too many connections.
    pub(super) fn enter(&self) -> Result<Place, Problem> {
        if self.0.handshakes.check().is_err() {
            return Err(
                Problem::new(429, "too-many-handshakes", "Connections are asked for too fast")
                    .detail("come back in a moment")
                    .retry_after(1),
            );
        }
        let place = Place(Arc::clone(&self.0));
        let open = self.0.open.fetch_add(1, Ordering::AcqRel) + 1;
        ::metrics::gauge!(metrics::CONNECTIONS).set(u32::try_from(open).unwrap_or(u32::MAX));
        if open > self.0.max {
            return Err(problems::too_many_questions("connections", self.0.max));
        }
        Ok(place)
    }

    /// One of a user's own places.
    ///
    /// # Errors
    /// 429 when the user has as many as one may have.
    pub(super) fn enter_user(&self, claims: &Claims) -> Result<UserPlace, Problem> {
        let user = (claims.tenant.to_string(), claims.sub.clone());
        self.0.users.enter(&user, self.0.per_user).ok_or_else(|| {
            Problem::new(429, "too-many-connections", "The user has too many connections")
                .with("max", self.0.per_user)
                .detail(format!(
                    "a user may have {} connections; close one",
                    self.0.per_user
                ))
                .retry_after(5)
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = self.0.open.fetch_sub(1, Ordering::AcqRel) - 1;
        ::metrics::gauge!(metrics::CONNECTIONS).set(u32::try_from(open).unwrap_or(u32::MAX));
    }
}

/// Rates of zero make no sense.
pub(super) fn at_least_one(rate: u32) -> NonZeroU32 {
    NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN)
}
