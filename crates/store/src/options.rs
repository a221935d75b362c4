//! Addresses and bounds.

use std::time::Duration;

/// How the stores are reached, and their bounds.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The database of the Postgres views and of the control tables.
    pub postgres_url: String,
    /// The Redis of the Redis views.
    pub redis_url: String,
    /// First part of every Redis key.
    pub redis_prefix: String,
    /// Connections to Postgres.
    pub connections_max: u32,
    /// Rows of one read; a question that needs more is refused.
    pub read_max_rows: usize,
    /// How long a Redis command may take; its default of 500 ms is too short for a big commit.
    pub redis_response_timeout: Duration,
    /// How long one Postgres statement may take.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// The defaults.
    #[must_use]
    pub fn new(postgres_url: impl Into<String>, redis_url: impl Into<String>) -> Self {
        Self {
            postgres_url: postgres_url.into(),
            redis_url: redis_url.into(),
            redis_prefix: "plimsoll".to_owned(),
            connections_max: 12,
            read_max_rows: 200_000,
            redis_response_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
        }
    }
}
