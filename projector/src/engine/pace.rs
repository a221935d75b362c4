//! How fast a projection goes, smoothed over some seconds.

use std::time::Instant;

use plimsoll_contracts::Position;

use crate::status::count;

/// Weight of the newest second.
const NEWEST: f64 = 0.4;

#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    position: Position,
    rate: f64,
}

impl Pace {
    pub(super) fn new(position: Position) -> Self {
        Self {
            since: Instant::now(),
            position,
            rate: 0.0,
        }
    }

    /// Events per second, after being told where the work stands.
    pub(super) fn measure(&mut self, position: Position) -> f64 {
        let elapsed = self.since.elapsed().as_secs_f64();
        if elapsed >= 0.5 {
            let newest = count(position.since(self.position)) / elapsed;
            self.rate = if self.rate > 0.0 {
                NEWEST.mul_add(newest, (1.0 - NEWEST) * self.rate)
            } else {
                newest
            };
            (self.since, self.position) = (Instant::now(), position);
        }
        self.rate
    }
}
