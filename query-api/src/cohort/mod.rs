//! Cohorts: one for each (view, canonical parameters, tenant, own rows), shared by everyone who
//! looks at the same thing on any transport. A cohort keeps the selected rows, their answer and a
//! ring of encoded frames; it knows nothing of sockets or HTTP.

mod actor;
mod catch_up;
mod key;
mod latest;
mod manager;
mod ring;
mod shared;
mod standing;

pub(crate) use catch_up::Outgoing;
pub(crate) use key::CohortKey;
pub(crate) use latest::{Cursor, Latest, PartBounds, Start};
pub(crate) use manager::Cohorts;
pub(crate) use shared::{Cohort, CohortUse, Item, News, Waker};
pub(crate) use standing::judge;
