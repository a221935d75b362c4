//! The newest events, contiguous, bounded in count and bytes.

use std::{collections::VecDeque, sync::Arc};

use plimsoll_contracts::{Event, Position};

/// Bytes that an event costs beside its data, roughly.
const ENVELOPE_BYTES: usize = 400;

#[derive(Debug)]
pub(crate) struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
}

/// What the ring says about a position.
#[derive(Debug)]
pub(crate) enum Found {
    /// Events right after it.
    Events(Vec<Arc<Event>>),
    /// It lies before the ring, or the ring is empty.
    Elsewhere,
}

impl Ring {
    pub(crate) const fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            events: VecDeque::new(),
            bytes: 0,
            max_events,
            max_bytes,
        }
    }

    /// Adds the next event.
    ///
    /// # Panics
    /// When it is not the next one: the feed checks that before.
    pub(crate) fn push(&mut self, event: Arc<Event>) {
        if let Some(last) = self.events.back() {
            assert_eq!(
                event.position,
                last.position.next(),
                "the feed pushes contiguous events only"
            );
        }
        self.bytes += size(&event);
        self.events.push_back(event);
        while self.events.len() > self.max_events || (self.bytes > self.max_bytes && self.events.len() > 1) {
            if let Some(oldest) = self.events.pop_front() {
                self.bytes -= size(&oldest);
            }
        }
    }

    /// At most `max` events right after a position.
    pub(crate) fn after(&self, position: Position, max: usize) -> Found {
        let next = position.next();
        match self.events.front() {
            Some(first) if first.position <= next => {
                let skip = usize::try_from(next.since(first.position)).unwrap_or(usize::MAX);
                Found::Events(self.events.iter().skip(skip).take(max).cloned().collect())
            }
            _ => Found::Elsewhere,
        }
    }
}

fn size(event: &Event) -> usize {
    event.data.get().len() + ENVELOPE_BYTES
}
