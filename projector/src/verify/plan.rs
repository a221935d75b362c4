//! How each view is recomputed, and what of it is not.

use plimsoll_contracts::{Event, TenantConfig};

use serde_json::{Map, Value};

use super::{ExpectedRow, Refusal, commission};

/// The independent path to a view's rows.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The view.
    pub(crate) view: &'static str,
    /// The tables that are recomputed, in name order.
    pub(crate) tables: &'static [&'static str],
    /// What computes them.
    pub(crate) path: Path,
    /// The events that matter to it.
    pub(crate) types: &'static [&'static str],
    /// Keys of the configuration that may not change once there are such events: what the fold did
    /// under the old value cannot be told from the log alone.
    pub(crate) fixed: &'static [&'static str],
    /// What to tell rows of a table apart by, where their key hangs on the order of arrival.
    pub(crate) by_content: Option<ByContent>,
    /// What is not compared, in words.
    pub(crate) not_compared: &'static [&'static str],
}

/// From a table and a row's columns, what tells the row apart; none where its own key does.
pub(crate) type ByContent = fn(&str, &Map<String, Value>) -> Option<String>;

/// What computes the rows.
#[derive(Debug)]
pub(crate) enum Path {
    /// A statement over the raw events.
    Sql(&'static str),
    /// A naive fold over all events of a tenant.
    Fold(fn(&[Event], TenantConfig) -> Result<Vec<ExpectedRow>, Refusal>),
}

const LOG_ORDER: &str = "position, revision, state: they depend on the order in which events arrived";

const PLANS: &[Plan] = &[SALES_VOLUME, CALL_TIME, REVENUE, COMMISSION];

const SALES_VOLUME: Plan = Plan {
    view: "sales-volume",
    tables: &["parked", "products", "rows"],
    path: Path::Sql(include_str!("sales_volume.sql")),
    types: &[
        "OrderPlaced",
        "OrderCancelled",
        "OrderLineCancelled",
        "ItemReturned",
        "ProductRegistered",
        "ProductRenamed",
        "ProductRecategorised",
        "ProductPriceChanged",
    ],
    fixed: &[],
    by_content: None,
    not_compared: &[LOG_ORDER],
};

const CALL_TIME: Plan = Plan {
    view: "call-time",
    tables: &["agents", "centre", "live", "marked", "parked", "queues"],
    path: Path::Sql(include_str!("call_time.sql")),
    types: &[
        "CallOffered",
        "CallQueued",
        "CallRang",
        "CallConnected",
        "CallHeld",
        "CallRetrieved",
        "ConsultStarted",
        "ConsultEnded",
        "CallTransferred",
        "CallEnded",
        "CallAbandoned",
        "WrapUpStarted",
        "WrapUpEnded",
        "CallSegmentCorrected",
        "AgentLoggedIn",
        "AgentStateChanged",
        "AgentSessionLost",
        "AgentLoggedOut",
    ],
    fixed: &[
        "zone",
        "cut",
        "call_attribution",
        "max_call_s",
        "short_call_s",
        "service_level",
    ],
    by_content: None,
    not_compared: &[LOG_ORDER],
};

const REVENUE: Plan = Plan {
    view: "revenue",
    tables: &["failures", "parked", "rows"],
    path: Path::Sql(include_str!("revenue.sql")),
    types: &[
        "PaymentRequested",
        "PaymentDeclined",
        "PaymentCaptured",
        "PaymentCaptureFailed",
        "PaymentRefunded",
        "PaymentRefundFailed",
        "ChargebackOpened",
        "ChargebackReversed",
        "ChargebackLost",
        "FxRatePublished",
        "OrderPlaced",
        "OrderCancelled",
        "OrderLineCancelled",
        "OrderShipped",
        "ItemReturned",
    ],
    fixed: &["reporting_currency", "recognition_basis"],
    by_content: None,
    not_compared: &[LOG_ORDER],
};

const COMMISSION: Plan = Plan {
    view: "commission",
    tables: &["lines", "persistency", "policies", "statements"],
    path: Path::Fold(commission::recompute),
    types: commission::TYPES,
    fixed: &[],
    by_content: Some(commission::by_content),
    not_compared: &[
        LOG_ORDER,
        "line_no of lines: it is the order in which they were posted; lines are told apart by what they say",
        "cause of an adjust line where no rule says which late event a difference is put down to (a bonus whose \
         production changed, a hierarchy that was entered late)",
    ],
};

/// How a view is recomputed; none when there is no independent path to it.
pub(crate) fn plan(view: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.view == view)
}
