//! The rows that must be there, in table and key order, as the plan's path computes them.

use std::time::Duration;

use plimsoll_contracts::{Event, Position, TenantConfig, TenantId};
use plimsoll_log::{Filter, Log, Recompute, Recomputed};

use super::{
    ExpectedRow, Plan, Refusal, VerifyError,
    compare::{SideRow, in_order},
    plan::Path,
    settings::Setting,
};

/// Longest time that one statement may compute.
const WITHIN: Duration = Duration::from_secs(900);

/// The rows of the independent path.
#[derive(Debug)]
pub(super) enum Expected {
    /// As the database hands them out.
    Sql {
        tables: &'static [&'static str],
        rows: Recomputed,
        chunk: std::vec::IntoIter<plimsoll_log::RecomputedRow>,
    },
    /// All at hand.
    Fold(std::vec::IntoIter<SideRow>),
}

impl Expected {
    /// Starts the computation.
    pub(super) async fn start(
        plan: &'static Plan,
        log: &Log,
        tenant: &TenantId,
        up_to: Position,
        settings: &[Setting],
    ) -> Result<Result<Self, Refusal>, VerifyError> {
        match plan.path {
            Path::Sql(sql) => {
                let rows = log.recompute(Recompute {
                    sql,
                    tenant: tenant.clone(),
                    up_to,
                    settings: serde_json::to_string(settings)?,
                    within: WITHIN,
                });
                Ok(Ok(Self::Sql {
                    tables: plan.tables,
                    rows,
                    chunk: Vec::new().into_iter(),
                }))
            }
            Path::Fold(recompute) => {
                let events = events(plan, log, tenant, up_to).await?;
                let rows = recompute(&events, TenantConfig::default());
                Ok(match rows {
                    Ok(rows) => Ok(Self::Fold(in_order(plan, of_sides(plan, rows)?).into_iter())),
                    Err(refusal) => Err(refusal),
                })
            }
        }
    }

    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<SideRow>, VerifyError> {
        let (tables, rows, chunk) = match self {
            Self::Fold(rows) => return Ok(rows.next()),
            Self::Sql { tables, rows, chunk } => (tables, rows, chunk),
        };
        loop {
            if let Some(row) = chunk.next() {
                return Ok(Some(SideRow {
                    table: number(tables, &row.table)?,
                    key: row.key,
                    columns: serde_json::from_str(&row.columns)?,
                }));
            }
            match rows.next().await? {
                Some(next) => *chunk = next.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

async fn events(
    plan: &Plan,
    log: &Log,
    tenant: &TenantId,
    up_to: Position,
) -> Result<Vec<Event>, VerifyError> {
    let types = plan.types.iter().chain(&["TenantConfigured"]);
    let filter = Filter {
        tenant: Some(tenant.clone()),
        types: types.map(|name| (*name).to_owned()).collect(),
    };
    let (mut events, mut after) = (Vec::new(), Position::ZERO);
    while after < up_to {
        let page = log.read_all(after, usize::MAX, &filter).await?;
        events.extend(page.events.into_iter().filter(|event| event.position <= up_to));
        if !page.more {
            break;
        }
        after = page.next;
    }
    Ok(events)
}

fn of_sides(plan: &Plan, rows: Vec<ExpectedRow>) -> Result<Vec<SideRow>, VerifyError> {
    let side = |row: ExpectedRow| {
        Ok(SideRow {
            table: number(plan.tables, row.table)?,
            key: row.key,
            columns: row.columns,
        })
    };
    rows.into_iter().map(side).collect()
}

fn number(tables: &[&'static str], table: &str) -> Result<usize, VerifyError> {
    tables
        .iter()
        .position(|known| *known == table)
        .ok_or_else(|| VerifyError::Table(table.to_owned()))
}
