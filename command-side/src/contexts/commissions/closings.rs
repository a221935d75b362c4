//! Which months of each tenant are open, and the last one closed: what spans the periods' streams.
//! Pure.

use std::collections::{BTreeSet, HashMap};

use plimsoll_contracts::{Month, Payload, StreamId, TenantId};

use crate::handler::Directory;

/// How far a tenant's periods have come.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Course {
    /// Months that were opened and are not ended.
    pub(super) open: BTreeSet<Month>,
    /// The last month closed; it has ended all before it (M-R1).
    pub(super) closed_through: Option<Month>,
}

impl Course {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Payload) {
        match event {
            Payload::CommissionPeriodOpened(e) if self.closed_through.is_none_or(|last| last < e.period) => {
                self.open.insert(e.period);
            }
            Payload::CommissionPeriodClosed(e) => {
                let last = self.closed_through.max(Some(e.period));
                self.open.retain(|month| Some(*month) > last);
                self.closed_through = last;
            }
            _ => {}
        }
    }
}

/// The courses of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Closings {
    courses: HashMap<TenantId, Course>,
}

impl Closings {
    /// The course of a tenant.
    pub(super) fn of(&self, tenant: &TenantId) -> Course {
        self.courses.get(tenant).cloned().unwrap_or_default()
    }
}

impl Directory for Closings {
    const TYPES: &'static [&'static str] = &["CommissionPeriodOpened", "CommissionPeriodClosed"];

    fn take(&mut self, tenant: &TenantId, _: &StreamId, event: &Payload) {
        self.courses.entry(tenant.clone()).or_default().take(event);
    }
}
