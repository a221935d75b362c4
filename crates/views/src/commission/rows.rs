//! The rows of the view's four tables.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Month, TenantConfig,
    rows::{CommissionLineRow, PersistencyRow, PolicyRow, StatementRow},
};
use serde::Serialize;

use super::{LINES, PERSISTENCY, POLICIES, STATEMENTS};

/// A row of one of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// Table `statements`.
    Statement(StatementRow),
    /// Table `lines`.
    Line(CommissionLineRow),
    /// Table `policies`.
    Policy(PolicyRow),
    /// Table `persistency`.
    Persistency(PersistencyRow),
}

impl Row {
    /// The month that the row is about; a policy is about none.
    pub(super) const fn month(&self) -> Option<Month> {
        match self {
            Self::Statement(row) => Some(row.period),
            Self::Line(row) => Some(row.period),
            Self::Policy(_) => None,
            Self::Persistency(row) => Some(row.due_month),
        }
    }
}

impl crate::Row for Row {
    fn table(&self) -> &'static str {
        match self {
            Self::Statement(_) => STATEMENTS,
            Self::Line(_) => LINES,
            Self::Policy(_) => POLICIES,
            Self::Persistency(_) => PERSISTENCY,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Statement(row) => format!("{}|{}|{}", row.planner_id, row.period, row.currency),
            Self::Line(row) => format!("{}|{}|{:07}", row.planner_id, row.period, row.line_no),
            Self::Policy(row) => row.policy_id.to_string(),
            Self::Persistency(row) => {
                let (planner, instalment) = (&row.planner_id, row.instalment_no);
                format!("{planner}|{instalment}|{}|{}", row.due_month, row.currency)
            }
        }
    }

    fn span(&self) -> Option<String> {
        self.month().map(|month| month.to_string())
    }

    /// Months are final by the watermark like the days of other views; a policy never is
    /// provisional, it says what is known now.
    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>> {
        let last_day = self.month()?.plus(1).first_day().pred_opt()?;
        Some(config.final_after(last_day))
    }

    fn decode(table: &str, json: &str) -> serde_json::Result<Self> {
        match table {
            STATEMENTS => serde_json::from_str(json).map(Self::Statement),
            LINES => serde_json::from_str(json).map(Self::Line),
            POLICIES => serde_json::from_str(json).map(Self::Policy),
            PERSISTENCY => serde_json::from_str(json).map(Self::Persistency),
            other => Err(serde::de::Error::custom(format!(
                "commission has no table `{other}`"
            ))),
        }
    }
}
