//! The door to Postgres: migrations, pool, and the rule that database work always runs to its end.
//!
//! A future that holds or awaits a connection must not be cancelled (sqlx can leave a transaction
//! open in the pool), so all work is spawned here and callers only wait for its result.

use std::{future::Future, str::FromStr, time::Duration};

use plimsoll_contracts::{Epoch, Position};
use sqlx::{
    Connection, PgConnection, PgPool, Row, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::read::Head;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Postgres did not answer, or refused the user.
    #[error("the log's database cannot be reached or refused the request")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the log's schema could not be migrated")]
    Migrate(#[from] MigrateError),
    /// The NATS address makes no sense (a server that is down is no error).
    #[error("`{0}` is not an address of a NATS server")]
    NatsUrl(String, #[source] async_nats::ConnectError),
    /// The operating system gave no randomness for the epoch.
    #[error("no randomness for the log's epoch: {0}")]
    Random(String),
}

/// A cheap handle on the pool whose work is never cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    pub(crate) pool: PgPool,
    pub(crate) options: PgConnectOptions,
    tracker: TaskTracker,
}

impl Db {
    /// Migrates and connects.
    pub(crate) async fn open(
        url: &str,
        connections_max: u32,
        tracker: TaskTracker,
    ) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url)?.application_name("plimsoll-log");
        migrate(&options).await?;
        let options = options.options([
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(|connection, _| Box::pin(take_role(connection)))
            .connect_with(options.clone())
            .await?;
        Ok(Self {
            pool,
            options,
            tracker,
        })
    }

    /// Runs database work to its end, even when whoever waits for it goes away.
    ///
    /// # Panics
    /// When the work itself panics: the panic goes on in the caller.
    pub(crate) async fn run<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.tracker.spawn(work).await {
            Ok(output) => output,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Starts database work that nobody waits for; it is waited for when the log closes.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(work)
    }

    /// The log's end and its history.
    pub(crate) async fn head(&self) -> Result<Head, sqlx::Error> {
        let pool = self.pool.clone();
        self.run(async move {
            let row = sqlx::query(include_str!("../sql/head_read.sql"))
                .fetch_one(&pool)
                .await?;
            let epoch: String = row.try_get("epoch")?;
            Ok(Head {
                epoch: epoch.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
                position: Position::from_i64(row.try_get("position")?),
                recorded_at: row.try_get("recorded_at")?,
            })
        })
        .await
    }

    /// Names the history if nobody has yet.
    pub(crate) async fn name_history(&self) -> Result<(), OpenError> {
        let epoch = random_epoch()?;
        let pool = self.pool.clone();
        self.run(async move {
            sqlx::query(include_str!("../sql/head_create.sql"))
                .bind(epoch.as_str())
                .execute(&pool)
                .await
        })
        .await?;
        Ok(())
    }

    /// Gives the history another name.
    pub(crate) async fn rename_history(&self) -> Result<(), OpenError> {
        let epoch = random_epoch()?;
        let pool = self.pool.clone();
        self.run(async move {
            sqlx::query(include_str!("../sql/head_new_epoch.sql"))
                .bind(epoch.as_str())
                .execute(&pool)
                .await
        })
        .await?;
        Ok(())
    }
}

async fn take_role(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("../sql/role_take.sql"))
        .execute(connection)
        .await
        .map(drop)
}

/// Brings the schema `log` up to date under the user's own rights; its bookkeeping is kept in the
/// same schema, since other rooms migrate the same database.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mut migrator = Migrator::with_migrations(vec![
        step(1, "head", include_str!("../../../migrations/log/0001_head.sql")),
        step(
            2,
            "events",
            include_str!("../../../migrations/log/0002_events.sql"),
        ),
        step(
            3,
            "append only",
            include_str!("../../../migrations/log/0003_append_only.sql"),
        ),
        step(
            4,
            "idempotency",
            include_str!("../../../migrations/log/0004_idempotency.sql"),
        ),
        step(
            5,
            "snapshots",
            include_str!("../../../migrations/log/0005_snapshots.sql"),
        ),
        step(6, "role", include_str!("../../../migrations/log/0006_role.sql")),
        step(7, "time", include_str!("../../../migrations/log/0007_time.sql")),
    ]);
    migrator.create_schema("log");
    migrator.dangerous_set_table_name("log.migrations");
    migrator.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}

fn step(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration::new(
        version,
        name.into(),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    )
}

/// Four characters out of 36: enough to tell one restored history from another.
fn random_epoch() -> Result<Epoch, OpenError> {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|e| OpenError::Random(e.to_string()))?;
    let text: String = bytes
        .iter()
        .map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()]))
        .collect();
    text.parse().map_err(|_| OpenError::Random(text))
}
