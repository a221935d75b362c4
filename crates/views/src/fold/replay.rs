//! A workspace as a replay uses it: everything is in memory, nothing goes to a store, and somebody
//! watches which rows an event touched.

use super::{Key, StoredRow, View, Workspace};

impl<V: View> Workspace<V> {
    /// The rows that were changed since the last call, by table and key; the changes themselves are
    /// forgotten: [`Self::take_changes`] does not give them any more.
    pub fn take_touched(&mut self) -> Vec<(&'static str, Key)> {
        self.docs.take_dirty_keys();
        self.parked.take_dirty_keys();
        self.meta_dirty = false;
        self.restated.clear();
        self.rows.take_dirty_keys()
    }

    /// A row as it stands, with its stamp; none when it is not held.
    #[must_use]
    pub fn stored(&self, table: &'static str, key: &str) -> Option<&StoredRow<V::Row>> {
        self.rows.peek(&(table, key.into()))
    }

    /// A document as it stands; none when it is not held.
    #[must_use]
    pub fn held_doc(&self, key: &str) -> Option<&V::Doc> {
        self.docs.peek(&key.into())
    }

    /// The rows held of a table, in no order.
    pub fn held_rows(&self, table: &str) -> impl Iterator<Item = (&Key, &StoredRow<V::Row>)> {
        self.rows
            .values()
            .filter(move |((t, _), _)| *t == table)
            .map(|((_, key), row)| (key, row))
    }
}
