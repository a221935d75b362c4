//! The last frames of a cohort, encoded once, bounded by bytes and age.

use std::{collections::VecDeque, time::Duration};

use axum::extract::ws::Utf8Bytes;
use plimsoll_contracts::Position;
use tokio::time::Instant;

/// A frame that leads from one position to another.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) position: Position,
    pub(crate) text: Utf8Bytes,
    made: Instant,
}

/// Frames by a running number; what falls out is lost to readers that have not come so far.
#[derive(Debug)]
pub(crate) struct Ring {
    frames: VecDeque<Frame>,
    /// Number of the first frame kept.
    first: u64,
    bytes: usize,
    max_bytes: usize,
    max_age: Duration,
}

impl Ring {
    pub(crate) const fn new(max_bytes: usize, max_age: Duration) -> Self {
        Self {
            frames: VecDeque::new(),
            first: 0,
            bytes: 0,
            max_bytes,
            max_age,
        }
    }

    /// The number that the next frame will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Keeps a frame; the newest stays whatever its size.
    pub(crate) fn push(&mut self, position: Position, text: Utf8Bytes, now: Instant) {
        self.bytes += text.len();
        self.frames.push_back(Frame {
            position,
            text,
            made: now,
        });
        self.trim(now);
    }

    /// Lets go of frames that are too old or too many.
    pub(crate) fn trim(&mut self, now: Instant) {
        while self.frames.len() > 1 && (self.bytes > self.max_bytes || self.is_old(now)) {
            if let Some(frame) = self.frames.pop_front() {
                self.bytes -= frame.text.len();
                self.first += 1;
            }
        }
    }

    /// Forgets all frames; their numbers are not used again.
    pub(crate) fn clear(&mut self) {
        self.first = self.end();
        self.frames.clear();
        self.bytes = 0;
    }

    /// The frames from a number on; `None` when some of them are lost.
    pub(crate) fn since(&self, number: u64) -> Option<impl ExactSizeIterator<Item = &Frame>> {
        let skip = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (skip <= self.frames.len()).then(|| self.frames.range(skip..))
    }

    fn is_old(&self, now: Instant) -> bool {
        self.frames
            .front()
            .is_some_and(|frame| now.duration_since(frame.made) > self.max_age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(max_bytes: usize, frames: u64) -> Ring {
        let mut ring = Ring::new(max_bytes, Duration::from_secs(60));
        for position in 1..=frames {
            ring.push(Position::new(position), Utf8Bytes::from("12345"), Instant::now());
        }
        ring
    }

    #[test]
    fn a_reader_within_the_ring_gets_exactly_what_it_misses() {
        let ring = ring(100, 4);
        let missed: Vec<u64> = ring.since(2).unwrap().map(|f| f.position.get()).collect();
        assert_eq!(missed, [3, 4]);
        assert_eq!(ring.since(4).unwrap().len(), 0);
    }

    #[test]
    fn a_reader_behind_the_ring_is_told_so() {
        let ring = ring(10, 4);
        assert!(ring.since(1).is_none());
        assert_eq!(ring.since(2).unwrap().len(), 2);
    }

    #[test]
    fn a_cleared_ring_has_lost_everything_before() {
        let mut ring = ring(100, 3);
        ring.clear();
        assert!(ring.since(2).is_none());
        assert_eq!(ring.since(3).unwrap().len(), 0);
    }

    #[test]
    fn old_frames_go_but_never_the_newest() {
        let mut ring = ring(100, 3);
        ring.trim(Instant::now() + Duration::from_secs(61));
        assert_eq!(ring.since(2).unwrap().len(), 1);
        assert!(ring.since(1).is_none());
    }
}
