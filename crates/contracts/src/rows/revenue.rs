//! Rows of `revenue`: money captured, refunded and charged back per hour and place of sale, the
//! same per minute for the last two days, and failed payments.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Currency, Id, Label, events::PaymentMethod, time};

/// How the money came; `order` where orders are recognised instead of payments (R-R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RevenueMethod {
    /// Card.
    Card,
    /// Transfer to an account issued for the payment.
    VirtualAccount,
    /// Bank transfer.
    Transfer,
    /// Wallet.
    Wallet,
    /// Invoice.
    Invoice,
    /// No payment: the order itself.
    Order,
}

impl RevenueMethod {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::VirtualAccount => "virtual_account",
            Self::Transfer => "transfer",
            Self::Wallet => "wallet",
            Self::Invoice => "invoice",
            Self::Order => "order",
        }
    }
}

impl From<PaymentMethod> for RevenueMethod {
    fn from(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Card => Self::Card,
            PaymentMethod::VirtualAccount => Self::VirtualAccount,
            PaymentMethod::Transfer => Self::Transfer,
            PaymentMethod::Wallet => Self::Wallet,
            PaymentMethod::Invoice => Self::Invoice,
        }
    }
}

/// The measures of a revenue row; amounts in minor units of the row's currency, tax included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevenueMeasures {
    /// Captured, gross.
    #[ts(type = "number")]
    pub captured_minor: i64,
    /// Tax inside it, as the events carry it (R-R3).
    #[ts(type = "number")]
    pub captured_tax_minor: i64,
    /// Number of captures.
    #[ts(type = "number")]
    pub captures: i64,
    /// Refunded, less failed refunds.
    #[ts(type = "number")]
    pub refunded_minor: i64,
    /// Tax inside it.
    #[ts(type = "number")]
    pub refunded_tax_minor: i64,
    /// Number of refunds, less failed ones.
    #[ts(type = "number")]
    pub refunds: i64,
    /// Charged back.
    #[ts(type = "number")]
    pub chargeback_minor: i64,
    /// Tax inside it.
    #[ts(type = "number")]
    pub chargeback_tax_minor: i64,
    /// Number of chargebacks opened.
    #[ts(type = "number")]
    pub chargebacks: i64,
    /// Chargebacks won back.
    #[ts(type = "number")]
    pub chargeback_reversed_minor: i64,
    /// Tax inside it.
    #[ts(type = "number")]
    pub chargeback_reversed_tax_minor: i64,
    /// Captured - refunded - chargeback + reversed.
    #[ts(type = "number")]
    pub net_minor: i64,
    /// Net without tax.
    #[ts(type = "number")]
    pub net_supply_minor: i64,
    /// Net in the reporting currency, at the rates of the captures (R-R4).
    #[ts(type = "number")]
    pub reporting_minor: i64,
    /// What the rates have moved since, in the reporting currency (R-R4).
    #[ts(type = "number")]
    pub fx_minor: i64,
    /// Postings without a rate: they are in neither of the two.
    #[ts(type = "number")]
    pub reporting_missing: i64,
}

/// A cell of table `rows`; its key is every column from `business_date` to `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevenueRow {
    /// Business date (G1).
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Wall hour 0–23.
    pub hour: u8,
    /// Sales channel.
    pub channel: Label,
    /// Region.
    pub region: Label,
    /// How the money came.
    pub method: RevenueMethod,
    /// Currency of the amounts.
    pub currency: Currency,
    /// The measures.
    #[serde(flatten)]
    pub measures: RevenueMeasures,
}

/// A minute, table `minutes`; its key is `minute`, `channel`, `currency`. Kept for 48 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevenueMinuteRow {
    /// Its first instant.
    #[serde(with = "time")]
    #[ts(type = "string")]
    pub minute: DateTime<Utc>,
    /// Business date that it belongs to.
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Sales channel.
    pub channel: Label,
    /// Currency of the amounts.
    pub currency: Currency,
    /// The measures.
    #[serde(flatten)]
    pub measures: RevenueMeasures,
}

/// Failed payments, table `failures`; its key is every column but the count (R-R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevenueFailureRow {
    /// Business date.
    #[ts(type = "string")]
    pub business_date: NaiveDate,
    /// Wall hour 0–23.
    pub hour: u8,
    /// Sales channel of the payment.
    pub channel: Label,
    /// The gateway's code.
    pub code: Label,
    /// How many.
    #[ts(type = "number")]
    pub count: i64,
}

/// What a settlement batch says against what is known here, table `settlement`; its key is
/// `settled_on`, `batch_id`, `currency`. A capture or refund that no batch has is missing there in
/// the first batch of its currency that was settled on its day or later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevenueSettlementRow {
    /// Day of the settlement.
    #[ts(type = "string")]
    pub settled_on: NaiveDate,
    /// The batch.
    pub batch_id: Id,
    /// Currency of its amounts.
    pub currency: Currency,
    /// The counts and amounts.
    #[serde(flatten)]
    pub measures: SettlementMeasures,
}

/// Counts and amounts of a settlement batch, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SettlementMeasures {
    /// Lines of the batch.
    #[ts(type = "number")]
    pub lines: i64,
    /// Lines with the amount that is known here.
    #[ts(type = "number")]
    pub matched: i64,
    /// Lines of what is not known here, or was settled before.
    #[ts(type = "number")]
    pub missing_here: i64,
    /// Captures and refunds that no batch has.
    #[ts(type = "number")]
    pub missing_there: i64,
    /// Lines with another amount than is known here.
    #[ts(type = "number")]
    pub amount_differs: i64,
    /// Sum of the lines, refunds negative.
    #[ts(type = "number")]
    pub settled_minor: i64,
    /// Fees of the lines.
    #[ts(type = "number")]
    pub fee_minor: i64,
    /// Sum of the lines of what is not known here.
    #[ts(type = "number")]
    pub missing_here_minor: i64,
    /// Sum of the captures, less the refunds, that no batch has.
    #[ts(type = "number")]
    pub missing_there_minor: i64,
    /// The lines' amounts less the known ones, where they differ.
    #[ts(type = "number")]
    pub difference_minor: i64,
}
