//! Pages of events out of Postgres: bounded in events and bytes, checked for holes, upcast.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use plimsoll_contracts::{Actor, ActorKind, Epoch, Event, Position, StreamId, TenantId, envelope::Decoded};
use serde_json::value::RawValue;
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{db::Db, metrics, replay::Scope};

/// How far one filtered page looks at most, in positions.
const FILTER_WINDOW: u64 = 50_000;

/// Where the log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which history it is.
    pub epoch: Epoch,
    /// The last position; 0 when the log is empty.
    pub position: Position,
    /// When the log took the last event.
    pub recorded_at: DateTime<Utc>,
}

/// Which events a page of the feed holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: Option<TenantId>,
    /// Only these types; empty means all.
    pub types: Vec<String>,
}

/// A page of the feed.
#[derive(Debug)]
pub struct Page {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Where the next page starts: everything up to here has been looked at.
    pub next: Position,
    /// Whether the log goes on after `next`.
    pub more: bool,
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database did not answer; trying again is safe.
    #[error("the log's database is not available")]
    Database(#[from] sqlx::Error),
    /// A position is missing: the log has been damaged by hand.
    #[error("the log has a hole: after position {after} comes {found}")]
    Hole {
        /// The last position in order.
        after: Position,
        /// What came instead of the next.
        found: Position,
    },
    /// A row does not have an event's shape.
    #[error("the event at position {position} cannot be read: {reason}")]
    Corrupt {
        /// Where.
        position: Position,
        /// What is wrong.
        reason: String,
    },
}

impl ReadError {
    /// Whether trying again may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Database(_))
    }
}

/// Reads pages within the process's bounds.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) db: Db,
    pub(crate) page_max_events: usize,
    pub(crate) page_max_bytes: usize,
    pub(crate) replay_max_bytes: usize,
}

impl Reader {
    /// The events right after a position, without a hole.
    pub(crate) async fn after(&self, after: Position, limit: usize) -> Result<Vec<Event>, ReadError> {
        let query = sqlx::query(include_str!("../sql/events_after.sql"))
            .bind(after.as_i64())
            .bind(self.limit(limit));
        let (events, _) = self.page(query).await?;
        let mut last = after;
        for event in &events {
            if event.position != last.next() {
                return Err(ReadError::Hole {
                    after: last,
                    found: event.position,
                });
            }
            last = event.position;
        }
        Ok(events)
    }

    /// A stream's events after a version.
    pub(crate) async fn stream(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after_version: u32,
        limit: usize,
    ) -> Result<Vec<Event>, ReadError> {
        let query = sqlx::query(include_str!("../sql/stream_after.sql"))
            .bind(tenant.to_string())
            .bind(stream.to_string())
            .bind(i32::try_from(after_version).unwrap_or(i32::MAX))
            .bind(self.limit(limit));
        Ok(self.page(query).await?.0)
    }

    /// A page of the feed.
    pub(crate) async fn filtered(
        &self,
        after: Position,
        limit: usize,
        filter: &Filter,
    ) -> Result<Page, ReadError> {
        let head = self.db.head().await?.position;
        self.stretch(after, head, limit, filter).await
    }

    /// A page of a replay.
    pub(crate) async fn scope(
        &self,
        scope: &Scope,
        after: Position,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let filter = Filter {
            tenant: Some(scope.tenant.clone()),
            types: scope.types.clone(),
        };
        self.stretch(after, scope.up_to, limit, &filter).await
    }

    async fn stretch(
        &self,
        after: Position,
        up_to: Position,
        limit: usize,
        filter: &Filter,
    ) -> Result<Page, ReadError> {
        let end = Position::new(after.get().saturating_add(FILTER_WINDOW)).min(up_to);
        if end <= after {
            return Ok(Page {
                events: Vec::new(),
                next: after,
                more: false,
            });
        }
        let limit = self.limit(limit);
        let query = sqlx::query(include_str!("../sql/events_filtered.sql"))
            .bind(after.as_i64())
            .bind(end.as_i64())
            .bind(filter.tenant.as_ref().map(ToString::to_string))
            .bind((!filter.types.is_empty()).then(|| filter.types.clone()))
            .bind(limit);
        let (events, cut) = self.page(query).await?;
        let full = cut || i64::try_from(events.len()).is_ok_and(|length| length >= limit);
        let next = events
            .last()
            .map_or(end, |last| if full { last.position } else { end });
        Ok(Page {
            events,
            next,
            more: next < up_to,
        })
    }

    fn limit(&self, asked: usize) -> i64 {
        i64::try_from(asked.clamp(1, self.page_max_events)).expect("the page bound is far below 2^63")
    }

    /// Runs a query for a page of events; stops at the bound on bytes, saying so.
    pub(crate) async fn page(
        &self,
        query: Query<'static, Postgres, PgArguments>,
    ) -> Result<(Vec<Event>, bool), ReadError> {
        self.collect(query, self.page_max_bytes).await
    }

    /// Runs a query for events; stops at a bound on bytes, saying so.
    pub(crate) async fn collect(
        &self,
        query: Query<'static, Postgres, PgArguments>,
        bytes_max: usize,
    ) -> Result<(Vec<Event>, bool), ReadError> {
        let pool = self.db.pool.clone();
        self.db
            .run(async move {
                let mut connection = pool.acquire().await?;
                let (mut events, mut bytes, mut names) = (Vec::new(), 0, Names::default());
                let mut rows = query.fetch(&mut *connection);
                while let Some(row) = rows.try_next().await? {
                    let event = names.event(&row)?;
                    bytes += event.data.get().len();
                    events.push(event);
                    if bytes >= bytes_max {
                        // What the server still sends is not wanted: give up this connection.
                        drop(rows);
                        connection.close_on_drop();
                        ::metrics::counter!(metrics::PAGES_CUT).increment(1);
                        return Ok((events, true));
                    }
                }
                drop(rows);
                Ok((events, false))
            })
            .await
    }
}

/// Names that repeat within a page are kept once.
#[derive(Default)]
struct Names {
    types: HashSet<Arc<str>>,
    tenant: Option<TenantId>,
}

impl Names {
    fn event(&mut self, row: &PgRow) -> Result<Event, ReadError> {
        let position = Position::from_i64(row.try_get("position")?);
        let corrupt = |reason: String| ReadError::Corrupt { position, reason };
        let tenant = self
            .tenant(row.try_get("tenant")?)
            .map_err(|e| corrupt(e.to_string()))?;
        let stream: StreamId = row
            .try_get::<&str, _>("stream")?
            .parse()
            .map_err(|e| corrupt(format!("{e}")))?;
        let data: String = row.try_get("data")?;
        let data = RawValue::from_string(data).map_err(|e| corrupt(e.to_string()))?;
        let kind = match row.try_get("actor_kind")? {
            "user" => ActorKind::User,
            "agent" => ActorKind::Agent,
            "system" => ActorKind::System,
            other => return Err(corrupt(format!("`{other}` is no kind of actor"))),
        };
        let event = Event {
            position,
            id: row.try_get("id")?,
            tenant,
            stream,
            version: u32::try_from(row.try_get::<i32, _>("version")?).map_err(|e| corrupt(e.to_string()))?,
            event_type: self.event_type(row.try_get("type")?),
            schema: u16::try_from(row.try_get::<i32, _>("schema")?).map_err(|e| corrupt(e.to_string()))?,
            occurred_at: row.try_get("occurred_at")?,
            recorded_at: row.try_get("recorded_at")?,
            correlation_id: row.try_get("correlation_id")?,
            causation_id: row.try_get("causation_id")?,
            actor: Actor {
                kind,
                id: row.try_get("actor_id")?,
            },
            data: data.into(),
            decoded: Decoded::default(),
        };
        Ok(event.upcast())
    }

    fn tenant(&mut self, text: &str) -> Result<TenantId, plimsoll_contracts::IdError> {
        if let Some(tenant) = self.tenant.as_ref().filter(|tenant| tenant.as_str() == text) {
            return Ok(tenant.clone());
        }
        let tenant: TenantId = text.parse()?;
        self.tenant = Some(tenant.clone());
        Ok(tenant)
    }

    fn event_type(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.types.get(text) {
            return Arc::clone(name);
        }
        let name: Arc<str> = text.into();
        self.types.insert(Arc::clone(&name));
        name
    }
}
