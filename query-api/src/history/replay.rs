//! A view folded in memory: the workspace of a tenant with nothing behind it.

use std::{any::Any, fmt};

use plimsoll_contracts::{Event, TenantConfig};
use plimsoll_views::{View, Workspace};

/// A replay of some view, up to wherever its events were folded.
pub(crate) trait Replay: Any + fmt::Debug + Send + Sync {
    /// Folds further events, in log order.
    fn fold(&mut self, events: &[Event]);
    /// How many events were folded.
    fn folded(&self) -> usize;
    /// Events that wait (G6).
    fn parked(&self) -> u64;
    /// Itself, to be asked by a question of the same view.
    fn as_any(&self) -> &dyn Any;
}

/// The state of one view for one tenant.
pub(crate) struct TypedReplay<V: View> {
    pub(crate) workspace: Workspace<V>,
    folded: usize,
}

impl<V: View> TypedReplay<V> {
    /// Before the first event.
    pub(crate) fn new() -> Self {
        Self {
            workspace: Workspace::in_memory(TenantConfig::default()),
            folded: 0,
        }
    }
}

impl<V: View> fmt::Debug for TypedReplay<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedReplay")
            .field("view", &V::NAME)
            .field("folded", &self.folded)
            .finish_non_exhaustive()
    }
}

impl<V: View> Replay for TypedReplay<V> {
    fn fold(&mut self, events: &[Event]) {
        for event in events {
            self.workspace
                .fold_or_park(event)
                .expect("a workspace without a store misses nothing");
        }
        // Nobody writes the changes anywhere: let them go, so that they do not pile up.
        self.workspace.take_touched();
        self.folded += events.len();
    }

    fn folded(&self) -> usize {
        self.folded
    }

    fn parked(&self) -> u64 {
        self.workspace.meta().parked
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
