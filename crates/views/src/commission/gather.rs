//! Asking for everything that a fold will touch before it is folded again: a fold that looks at
//! many documents goes on after the first one missing, so that one load brings them all.

use crate::FoldError;

/// Whether anything was missing so far.
#[derive(Debug, Default)]
pub(super) struct Gather {
    missing: bool,
}

impl Gather {
    /// Takes a result; none when it is missing.
    ///
    /// # Errors
    /// Every other error at once.
    pub(super) fn take<T>(&mut self, result: Result<T, FoldError>) -> Result<Option<T>, FoldError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(FoldError::Missing) => {
                self.missing = true;
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Ends the gathering.
    ///
    /// # Errors
    /// [`FoldError::Missing`] when anything was.
    pub(super) const fn done(&self) -> Result<(), FoldError> {
        if self.missing {
            Err(FoldError::Missing)
        } else {
            Ok(())
        }
    }
}
