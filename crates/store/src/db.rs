//! The door to Postgres. A future that holds or awaits a connection is never cancelled (sqlx can
//! leave a transaction open in the pool): all work is spawned and callers wait for its result.

use std::{future::Future, str::FromStr, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio_util::task::TaskTracker;

use crate::{StoreError, StoreOptions};

/// A cheap handle on the pool whose work is never cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    pub(crate) pool: PgPool,
    tracker: TaskTracker,
}

impl Db {
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.postgres_url)?.application_name("plimsoll-store");
        migrate(&connect).await?;
        let statement_timeout = format!("{}ms", options.statement_timeout.as_millis());
        let connect = connect.options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(connect)
            .await?;
        Ok(Self {
            pool,
            tracker: TaskTracker::new(),
        })
    }

    /// Runs database work to its end, even when whoever waits for it goes away.
    ///
    /// # Panics
    /// When the work itself panics: the panic goes on in the caller.
    pub(crate) async fn run<F, Fut>(&self, work: F) -> Fut::Output
    where
        F: FnOnce(PgPool) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        match self.tracker.spawn(work(self.pool.clone())).await {
            Ok(output) => output,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Starts database work that nobody waits for here; it is waited for when the stores close.
    pub(crate) fn spawn<F, Fut>(&self, work: F)
    where
        F: FnOnce(PgPool) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(work(self.pool.clone()));
    }

    /// Waits for running work, then closes the connections.
    pub(crate) async fn close(&self) {
        self.tracker.close();
        if tokio::time::timeout(Duration::from_secs(10), self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!("the stores were closed while some of their work was still running");
        }
        self.pool.close().await;
    }
}

/// Brings the control schema up to date; its bookkeeping is kept in the same schema, since other
/// rooms migrate the same database.
async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mut migrator = Migrator::with_migrations(vec![
        step(
            1,
            "control",
            include_str!("../../../migrations/projections/0001_control.sql"),
        ),
        step(
            2,
            "results",
            include_str!("../../../migrations/projections/0002_results.sql"),
        ),
    ]);
    migrator.create_schema("projections");
    migrator.dangerous_set_table_name("projections.migrations");
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
