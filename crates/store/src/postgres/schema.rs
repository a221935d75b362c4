//! Schemas of projection versions: made, described, dropped.

use std::collections::BTreeMap;

use plimsoll_contracts::Epoch;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::layout::COMMON_DDL;

/// The schema of a version, e.g. `sales_volume_1`. View names are of our own making: lower-case
/// letters and hyphens.
pub(crate) fn name(view: &str, version: impl std::fmt::Display) -> String {
    format!("{}_{version}", view.replace('-', "_"))
}

pub(crate) async fn create(
    connection: &mut PgConnection,
    view: &str,
    version: i32,
    ddl: &'static str,
    epoch: &Epoch,
) -> Result<(), sqlx::Error> {
    let schema = name(view, version);
    let script = include_str!("../../../../migrations/projections/version.sql")
        .replace("{schema}", &schema)
        .replace("{common}", COMMON_DDL)
        .replace("{view}", ddl);
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(&mut *connection)
        .await?;
    let first = include_str!("../../sql/templates/checkpoint_create.sql").replace("{schema}", &schema);
    sqlx::query(AssertSqlSafe(first))
        .bind(epoch.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn drop(connection: &mut PgConnection, view: &str, version: i32) -> Result<(), sqlx::Error> {
    let schema = name(view, version);
    let script = include_str!("../../sql/templates/schema_drop.sql").replace("{schema}", &schema);
    sqlx::raw_sql(AssertSqlSafe(script)).execute(connection).await?;
    Ok(())
}

/// The columns of each table of rows beside those that every table has.
pub(crate) async fn columns(
    pool: &PgPool,
    schema: &str,
) -> Result<BTreeMap<String, Vec<String>>, sqlx::Error> {
    let rows: Vec<(String, Vec<String>)> = sqlx::query_as(include_str!("../../sql/columns.sql"))
        .bind(schema)
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().collect())
}
