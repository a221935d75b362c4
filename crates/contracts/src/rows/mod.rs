//! The rows of the views: what is stored, and what a reader gets. One file per view; columns,
//! units and keys are those of the domain rules, and no row knows how it is computed.

pub mod call_time;
pub mod commission;
mod order_ids;
pub mod revenue;
pub mod sales_volume;

pub use call_time::{AgentDayRow, CentreDayRow, LiveCallRow, MarkedSegmentRow, QueueRow, SegmentMark};
pub use commission::{CommissionLineRow, Component, PersistencyRow, PolicyRow, PolicyStatus, StatementRow};
pub use order_ids::OrderIds;
pub use revenue::{
    RevenueFailureRow, RevenueMeasures, RevenueMethod, RevenueMinuteRow, RevenueRow, RevenueSettlementRow,
    SettlementMeasures,
};
pub use sales_volume::{Attribution, PriceStep, ProductRow, SalesVolumeRow};
