//! One row with the position that it stands for.

use plimsoll_contracts::TenantId;

use crate::{Head, Lookup, ReadError, StoreError, StoredRow, Stores};

/// Readings after which a row that never stands still is given up.
const READINGS_MAX: u32 = 50;

impl Stores {
    /// A row of a table as the serving version holds it, and where the view stands in the very same
    /// moment; no row when there is none of that key.
    ///
    /// # Errors
    /// [`ReadError::UnknownView`]; [`ReadError::Unavailable`], also when the row never stands still.
    pub async fn row(
        &self,
        view: &str,
        tenant: &TenantId,
        table: &'static str,
        key: &str,
    ) -> Result<(Head, Option<StoredRow>), ReadError> {
        for _ in 0..READINGS_MAX {
            let head = self.head(view).await?;
            let serving = self.serving(view).await?;
            let lookup = Lookup {
                docs: Vec::new(),
                rows: vec![(tenant.clone(), table, key.to_owned())],
            };
            let found = self.projection(&serving.id).await?.lookup(lookup).await?;
            let row = found.rows.into_iter().next().map(|(_, _, row)| row);
            // Unchanged since before the head was read, or nothing was committed meanwhile.
            let is_of_head = serving.id.version == head.version
                && row.as_ref().is_some_and(|row| row.position <= head.position);
            if is_of_head || self.head(view).await? == head {
                return Ok((head, row));
            }
        }
        let what = format!("row {key} of {view} {table}");
        Err(ReadError::Unavailable(StoreError::Restless(what)))
    }
}
