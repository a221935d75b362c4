//! Reading for replays: stretches of one tenant's events, and the few of them that can have touched
//! one thing. It knows positions, streams and times, nothing of what is made of the events.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, Position, StreamId, TenantId};
use sqlx::Row;

use crate::{
    Log,
    read::{Page, ReadError, Reader},
};

/// Whose events of which types, and up to where.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Only this tenant's.
    pub tenant: TenantId,
    /// Only these types.
    pub types: Vec<String>,
    /// Nothing after this position.
    pub up_to: Position,
}

impl Log {
    /// The next events after a position within a scope; [`Page::more`] says whether to go on from
    /// [`Page::next`].
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn read_scope(&self, scope: &Scope, after: Position, limit: usize) -> Result<Page, ReadError> {
        self.reader().scope(scope, after, limit).await
    }

    /// The last position that was recorded at an instant or before; 0 when none was.
    ///
    /// # Errors
    /// [`ReadError::Database`] when the database does not answer.
    pub async fn position_at(&self, at: DateTime<Utc>) -> Result<Position, ReadError> {
        self.reader().position_at(at).await
    }

    /// When the log took the event at a position; none when there is no such position.
    ///
    /// # Errors
    /// [`ReadError::Database`] when the database does not answer.
    pub async fn recorded_at(&self, position: Position) -> Result<Option<DateTime<Utc>>, ReadError> {
        self.reader().recorded_at(position).await
    }

    /// The streams that have an event of the scope which occurred from `from` on and before `to`;
    /// none when there are more than `max`.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn streams_within(
        &self,
        scope: &Scope,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        max: usize,
    ) -> Result<Option<Vec<StreamId>>, ReadError> {
        self.reader().streams_within(scope, from, to, max).await
    }

    /// The tenant's streams whose name begins with `prefix`; none when there are more than `max`.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn streams_named(
        &self,
        tenant: &TenantId,
        prefix: &str,
        max: usize,
    ) -> Result<Option<Vec<StreamId>>, ReadError> {
        self.reader().streams_named(tenant, prefix, max).await
    }

    /// All events of the scope in some streams, in log order; none when there are more than `max`.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn read_streams(
        &self,
        scope: &Scope,
        streams: &[StreamId],
        max: usize,
    ) -> Result<Option<Vec<Event>>, ReadError> {
        self.reader().streams(scope, streams, max).await
    }

    /// The first event of the scope, in log order, that occurred at an instant or later.
    ///
    /// # Errors
    /// [`ReadError`] when the database does not answer or a row is damaged.
    pub async fn first_since(&self, scope: &Scope, at: DateTime<Utc>) -> Result<Option<Event>, ReadError> {
        self.reader().first_since(scope, at).await
    }
}

impl Reader {
    async fn position_at(&self, at: DateTime<Utc>) -> Result<Position, ReadError> {
        let pool = self.db.pool.clone();
        let looked = self.db.run(async move {
            sqlx::query(include_str!("../sql/position_at.sql"))
                .bind(at)
                .fetch_one(&pool)
                .await?
                .try_get("position")
        });
        Ok(Position::from_i64(looked.await?))
    }

    async fn recorded_at(&self, position: Position) -> Result<Option<DateTime<Utc>>, ReadError> {
        let pool = self.db.pool.clone();
        let looked = self.db.run(async move {
            sqlx::query_scalar(include_str!("../sql/recorded_at.sql"))
                .bind(position.as_i64())
                .fetch_optional(&pool)
                .await
        });
        Ok(looked.await?)
    }

    async fn streams_within(
        &self,
        scope: &Scope,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        max: usize,
    ) -> Result<Option<Vec<StreamId>>, ReadError> {
        let (pool, scope, limit) = (self.db.pool.clone(), scope.clone(), one_more(max));
        let looked = self.db.run(async move {
            sqlx::query_scalar(include_str!("../sql/streams_within.sql"))
                .bind(scope.tenant.as_str())
                .bind(&scope.types)
                .bind(from)
                .bind(to)
                .bind(scope.up_to.as_i64())
                .bind(limit)
                .fetch_all(&pool)
                .await
        });
        names(&looked.await?, max)
    }

    async fn streams_named(
        &self,
        tenant: &TenantId,
        prefix: &str,
        max: usize,
    ) -> Result<Option<Vec<StreamId>>, ReadError> {
        let (pool, tenant, prefix) = (self.db.pool.clone(), tenant.clone(), prefix.to_owned());
        let limit = one_more(max);
        let looked = self.db.run(async move {
            sqlx::query_scalar(include_str!("../sql/streams_named.sql"))
                .bind(tenant.as_str())
                .bind(prefix)
                .bind(limit)
                .fetch_all(&pool)
                .await
        });
        names(&looked.await?, max)
    }

    async fn streams(
        &self,
        scope: &Scope,
        streams: &[StreamId],
        max: usize,
    ) -> Result<Option<Vec<Event>>, ReadError> {
        let streams: Vec<String> = streams.iter().map(ToString::to_string).collect();
        let query = sqlx::query(include_str!("../sql/events_of_streams.sql"))
            .bind(scope.tenant.to_string())
            .bind(streams)
            .bind(scope.types.clone())
            .bind(scope.up_to.as_i64())
            .bind(one_more(max));
        let (mut events, cut) = self.collect(query, self.replay_max_bytes).await?;
        events.sort_by_key(|event| event.position);
        Ok((!cut && events.len() <= max).then_some(events))
    }

    async fn first_since(&self, scope: &Scope, at: DateTime<Utc>) -> Result<Option<Event>, ReadError> {
        let (pool, scope) = (self.db.pool.clone(), scope.clone());
        let looked = self.db.run(async move {
            sqlx::query_scalar(include_str!("../sql/first_since.sql"))
                .bind(scope.tenant.as_str())
                .bind(&scope.types)
                .bind(at)
                .bind(scope.up_to.as_i64())
                .fetch_one(&pool)
                .await
        });
        let found: Option<i64> = looked.await?;
        let Some(position) = found else { return Ok(None) };
        let query = sqlx::query(include_str!("../sql/events_at.sql")).bind(vec![position]);
        Ok(self.page(query).await?.0.pop())
    }
}

fn one_more(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX).saturating_add(1)
}

fn names(found: &[String], max: usize) -> Result<Option<Vec<StreamId>>, ReadError> {
    if found.len() > max {
        return Ok(None);
    }
    let name = |text: &String| {
        text.parse().map_err(|_| ReadError::Corrupt {
            position: Position::ZERO,
            reason: format!("`{text}` is no name of a stream"),
        })
    };
    found.iter().map(name).collect::<Result<_, _>>().map(Some)
}
