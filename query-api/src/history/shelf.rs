//! Finished replays that are kept for the next question: few, the least used goes first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_contracts::{Position, TenantId};

use super::{Known, Replay};

/// What replays at different positions have in common: one continues the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) view: &'static str,
    pub(super) tenant: TenantId,
    pub(super) known: Known,
}

#[derive(Debug)]
struct Kept {
    course: Course,
    position: Position,
    state: Arc<Box<dyn Replay>>,
}

/// The replays that are kept, the least lately used one first.
#[derive(Debug)]
pub(super) struct Shelf {
    kept: Mutex<Vec<Kept>>,
    kept_max: usize,
    /// Events folded into all of them together.
    events_max: usize,
}

impl Shelf {
    pub(super) const fn new(kept_max: usize, events_max: usize) -> Self {
        Self {
            kept: Mutex::new(Vec::new()),
            kept_max,
            events_max,
        }
    }

    /// The state at exactly this position.
    pub(super) fn exact(&self, course: &Course, position: Position) -> Option<Arc<Box<dyn Replay>>> {
        let mut kept = self.lock();
        let place = kept
            .iter()
            .position(|one| one.course == *course && one.position == position)?;
        let found = kept.remove(place);
        let state = Arc::clone(&found.state);
        kept.push(found);
        Some(state)
    }

    /// Takes the nearest earlier state that nobody is reading, to be continued.
    pub(super) fn take_earlier(
        &self,
        course: &Course,
        position: Position,
    ) -> Option<(Position, Box<dyn Replay>)> {
        let mut kept = self.lock();
        let places = (0..kept.len()).filter(|place| {
            let one = &kept[*place];
            one.course == *course && one.position < position && Arc::strong_count(&one.state) == 1
        });
        let place = places.max_by_key(|place| kept[*place].position)?;
        let found = kept.remove(place);
        Some((found.position, Arc::into_inner(found.state)?))
    }

    /// Keeps a state, and lets others go where there are too many.
    pub(super) fn put(
        &self,
        course: Course,
        position: Position,
        state: Box<dyn Replay>,
    ) -> Arc<Box<dyn Replay>> {
        let state = Arc::new(state);
        let mut kept = self.lock();
        kept.push(Kept {
            course,
            position,
            state: Arc::clone(&state),
        });
        while kept.len() > self.kept_max
            || kept.iter().map(|one| one.state.folded()).sum::<usize>() > self.events_max
        {
            kept.remove(0);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_views::SalesVolume;

    use super::*;
    use crate::history::TypedReplay;

    fn course() -> Course {
        Course {
            view: "sales-volume",
            tenant: TenantId::main(),
            known: Known::default(),
        }
    }

    fn at(position: u64) -> Position {
        Position::new(position)
    }

    fn shelf_with(positions: &[u64]) -> Shelf {
        let shelf = Shelf::new(2, 1_000);
        for position in positions {
            shelf.put(
                course(),
                at(*position),
                Box::new(TypedReplay::<SalesVolume>::new()),
            );
        }
        shelf
    }

    #[test]
    fn the_nearest_earlier_state_is_continued() {
        let shelf = shelf_with(&[5, 9]);
        assert_eq!(shelf.take_earlier(&course(), at(9)).unwrap().0, at(5));
        assert!(shelf.take_earlier(&course(), at(9)).is_none());
        assert!(shelf.exact(&course(), at(9)).is_some());
    }

    #[test]
    fn a_state_that_somebody_reads_is_not_taken_away() {
        let shelf = shelf_with(&[5]);
        let _reading = shelf.exact(&course(), at(5)).unwrap();
        assert!(shelf.take_earlier(&course(), at(9)).is_none());
    }

    #[test]
    fn the_least_lately_used_state_goes() {
        let shelf = shelf_with(&[1, 2]);
        shelf.exact(&course(), at(1)).unwrap();
        shelf.put(course(), at(3), Box::new(TypedReplay::<SalesVolume>::new()));
        assert!(shelf.exact(&course(), at(2)).is_none());
        assert!(shelf.exact(&course(), at(1)).is_some());
    }

    #[test]
    fn another_tenant_s_state_is_another_s() {
        let shelf = shelf_with(&[1]);
        let theirs = Course {
            tenant: "other".parse().unwrap(),
            ..course()
        };
        assert!(shelf.exact(&theirs, at(1)).is_none());
        assert!(shelf.take_earlier(&theirs, at(2)).is_none());
    }
}
