//! The rows of the view's tables.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    TenantConfig,
    rows::{AgentDayRow, CentreDayRow, LiveCallRow, MarkedSegmentRow, QueueRow, SegmentMark},
};
use serde::Serialize;

use super::{AGENTS, CENTRE, LIVE, LONG, MARKED, QUEUES, TEAMS, WAITS, team::TeamRow, waits::WaitsRow};
use crate::Row;

/// A row of one of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CallTimeRow {
    /// Table `agents`.
    Agent(AgentDayRow),
    /// Table `queues`.
    Queue(QueueRow),
    /// Table `centre`.
    Centre(CentreDayRow),
    /// Table `live`.
    Live(LiveCallRow),
    /// Tables `marked` and, by its mark, `long`.
    Marked(MarkedSegmentRow),
    /// Table `teams`.
    Team(TeamRow),
    /// Table `waits`.
    Waits(WaitsRow),
}

impl From<LiveCallRow> for CallTimeRow {
    fn from(row: LiveCallRow) -> Self {
        Self::Live(row)
    }
}

impl From<MarkedSegmentRow> for CallTimeRow {
    fn from(row: MarkedSegmentRow) -> Self {
        Self::Marked(row)
    }
}

impl Row for CallTimeRow {
    fn table(&self) -> &'static str {
        match self {
            Self::Agent(_) => AGENTS,
            Self::Queue(_) => QUEUES,
            Self::Centre(_) => CENTRE,
            Self::Live(_) => LIVE,
            Self::Marked(row) if row.mark == SegmentMark::Long => LONG,
            Self::Marked(_) => MARKED,
            Self::Team(_) => TEAMS,
            Self::Waits(_) => WAITS,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Agent(row) => format!("{}|{}", row.agent_id, row.business_date),
            Self::Queue(row) => queue_key(row),
            Self::Centre(row) => row.business_date.to_string(),
            Self::Live(row) => format!("{}|{}", row.call_id, row.segment_id),
            Self::Marked(row) => format!("{}|{}|{}", row.mark.as_str(), row.call_id, row.segment_id),
            Self::Team(row) => row.key(),
            Self::Waits(row) => row.key(),
        }
    }

    fn span(&self) -> Option<String> {
        match self {
            Self::Agent(row) => Some(row.business_date.to_string()),
            Self::Queue(row) => Some(row.business_date.to_string()),
            Self::Centre(row) => Some(row.business_date.to_string()),
            Self::Marked(row) => Some(row.business_date.to_string()),
            Self::Team(row) => Some(row.business_date.to_string()),
            Self::Waits(row) => Some(row.business_date.to_string()),
            Self::Live(_) => None,
        }
    }

    fn final_after(&self, config: &TenantConfig) -> Option<DateTime<Utc>> {
        match self {
            Self::Agent(row) => Some(config.final_after(row.business_date)),
            Self::Queue(row) => Some(config.final_after(row.business_date)),
            Self::Centre(row) => Some(config.final_after(row.business_date)),
            Self::Marked(row) => Some(config.final_after(row.business_date)),
            Self::Team(row) => Some(config.final_after(row.business_date)),
            Self::Waits(row) => Some(config.final_after(row.business_date)),
            // What goes on is never final.
            Self::Live(_) => Some(DateTime::<Utc>::MAX_UTC),
        }
    }

    fn decode(table: &str, json: &str) -> serde_json::Result<Self> {
        match table {
            AGENTS => serde_json::from_str(json).map(Self::Agent),
            QUEUES => serde_json::from_str(json).map(Self::Queue),
            CENTRE => serde_json::from_str(json).map(Self::Centre),
            LIVE => serde_json::from_str(json).map(Self::Live),
            MARKED | LONG => serde_json::from_str(json).map(Self::Marked),
            TEAMS => serde_json::from_str(json).map(Self::Team),
            WAITS => serde_json::from_str(json).map(Self::Waits),
            other => Err(serde::de::Error::custom(format!(
                "call-time has no table `{other}`"
            ))),
        }
    }
}

/// The key columns of a queue's half hour, joined.
pub(super) fn queue_key(row: &QueueRow) -> String {
    format!("{}|{}|{}", row.queue, row.business_date, row.half_hour)
}
