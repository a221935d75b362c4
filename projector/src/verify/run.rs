//! One verification: tenant by tenant, each at the position of one consistent read of the store.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use plimsoll_contracts::{Epoch, Position, TenantId};
use plimsoll_log::Log;
use plimsoll_store::{Scan, Stores};
use serde::Deserialize;

use super::{
    Plan, Refusal, Verdict, VerifyReport,
    compare::{SideRow, Tally, in_order, order},
    expected::Expected,
    report::{DIFFERENCES_TOLD, TenantReport},
    settings,
};

/// Why a verification came to no end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// The log did not answer, or not in time.
    #[error("the log did not answer")]
    Log(#[from] plimsoll_log::ReadError),
    /// The view's store did not answer.
    #[error("the view's store did not answer")]
    Store(#[from] plimsoll_store::ReadError),
    /// A scan of the store broke off.
    #[error("reading the view's rows broke off")]
    Scan(#[from] plimsoll_store::StoreError),
    /// A row is not the JSON object that it must be.
    #[error("a row cannot be read")]
    Json(#[from] serde_json::Error),
    /// The view belongs to another history.
    #[error("the view is of epoch {found}, the log of {wanted}; rebuild it")]
    OtherEpoch { found: Epoch, wanted: Epoch },
    /// The independent path made a row of a table that the plan does not name.
    #[error("a row of the unplanned table {0} was computed")]
    Table(String),
    /// Another version was promoted in the middle.
    #[error("another version began to serve meanwhile; verify again")]
    Promoted,
}

/// Verifies the serving version of a view, for one tenant or for all.
pub(crate) async fn verify(
    plan: &'static Plan,
    log: &Log,
    stores: &Stores,
    tenant: Option<TenantId>,
    tables_of_view: &[&'static str],
) -> Result<VerifyReport, VerifyError> {
    let started = Instant::now();
    let serving = stores.head(plan.view).await?;
    if serving.epoch != *log.epoch() {
        return Err(VerifyError::OtherEpoch {
            found: serving.epoch,
            wanted: log.epoch().clone(),
        });
    }
    let tenants: BTreeSet<TenantId> = match tenant {
        Some(tenant) => [tenant].into(),
        None => {
            let known = log.tenants(serving.position).await?;
            known
                .into_iter()
                .chain(stores.tenants(plan.view).await?)
                .collect()
        }
    };
    let mut report = VerifyReport {
        view: plan.view.to_owned(),
        version: serving.version,
        epoch: serving.epoch,
        head: log.head().await?.position,
        verdict: Verdict::Equal,
        rows: 0,
        cells: 0,
        differences_total: 0,
        differences: Vec::new(),
        tenants: Vec::new(),
        not_compared: plan.not_compared.iter().map(|text| (*text).to_owned()).collect(),
        took_ms: 0,
    };
    let mut unknown_columns = BTreeSet::new();
    for tenant in tenants {
        let scan = stores.scan(plan.view, &tenant, plan.tables).await?;
        if scan.head.version != report.version {
            return Err(VerifyError::Promoted);
        }
        let position = scan.head.position;
        let (refused, tally) = match one_tenant(plan, log, &tenant, scan).await? {
            Ok(tally) => (None, tally),
            Err(refusal) => (Some(refusal.0), Tally::new(tenant.clone(), &[])),
        };
        unknown_columns.extend(tally.unknown_columns);
        add(
            &mut report,
            tenant,
            position,
            refused,
            tally.tables,
            tally.differences,
        );
    }
    let other = tables_of_view.iter().filter(|table| !plan.tables.contains(table));
    report
        .not_compared
        .extend(other.map(|table| format!("table {table}")));
    let column = |column: String| format!("column {column}: the recomputation does not make it");
    report
        .not_compared
        .extend(unknown_columns.into_iter().map(column));
    report.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    report.judge();
    Ok(report)
}

fn add(
    report: &mut VerifyReport,
    tenant: TenantId,
    position: Position,
    refused: Option<String>,
    tables: Vec<super::TableReport>,
    differences: Vec<super::Difference>,
) {
    for table in &tables {
        report.rows += table.rows;
        report.cells += table.cells;
        report.differences_total += table.differences;
    }
    let room = DIFFERENCES_TOLD - report.differences.len();
    report.differences.extend(differences.into_iter().take(room));
    report.tenants.push(TenantReport {
        tenant,
        position,
        refused,
        tables,
    });
}

async fn one_tenant(
    plan: &'static Plan,
    log: &Log,
    tenant: &TenantId,
    scan: Scan,
) -> Result<Result<Tally, Refusal>, VerifyError> {
    let position = scan.head.position;
    if let Err(refusal) = readable(&scan)? {
        return Ok(Err(refusal));
    }
    let settings = match settings::read(log, tenant, position).await? {
        Ok(settings) => settings,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let first = log.first_of(tenant, plan.types, position).await?;
    if let Err(refusal) = settings::check(plan, &settings, first) {
        return Ok(Err(refusal));
    }
    let mut expected = match Expected::start(plan, log, tenant, position, &settings).await? {
        Ok(expected) => expected,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut stored = Stored {
        scan: Some(scan),
        rows: VecDeque::new(),
    };
    if plan.by_content.is_some() {
        stored = stored.by_content(plan).await?;
    }
    let mut tally = Tally::new(tenant.clone(), plan.tables);
    let (mut left, mut right) = (stored.next().await?, expected.next().await?);
    while let Some(first) = order(left.as_ref(), right.as_ref()) {
        let (is, must) = match first {
            Ordering::Less => (left.take(), None),
            Ordering::Greater => (None, right.take()),
            Ordering::Equal => (left.take(), right.take()),
        };
        if is.is_some() {
            left = stored.next().await?;
        }
        if must.is_some() {
            right = expected.next().await?;
        }
        tally.row(is, must);
    }
    Ok(Ok(tally))
}

/// An event that the views cannot read is parked with its stream; the raw log does not tell which.
fn readable(scan: &Scan) -> Result<Result<(), Refusal>, VerifyError> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(default)]
        unreadable: u64,
    }
    let Some(meta) = &scan.meta else { return Ok(Ok(())) };
    let meta: Meta = serde_json::from_str(meta.get())?;
    Ok(match meta.unreadable {
        0 => Ok(()),
        count => Err(Refusal(format!(
            "{count} events are parked as unreadable, each with what follows in its stream; the recomputation \
             would read them"
        ))),
    })
}

/// The store's rows, one by one.
struct Stored {
    /// None once it has come to its end.
    scan: Option<Scan>,
    rows: VecDeque<SideRow>,
}

impl Stored {
    async fn next(&mut self) -> Result<Option<SideRow>, VerifyError> {
        while self.rows.is_empty() {
            let Some(scan) = &mut self.scan else {
                return Ok(None);
            };
            let Some((table, rows)) = scan.next().await? else {
                self.scan = None;
                return Ok(None);
            };
            for row in rows {
                self.rows.push_back(SideRow {
                    table,
                    key: row.key,
                    columns: serde_json::from_str(row.body.get())?,
                });
            }
        }
        Ok(self.rows.pop_front())
    }

    /// All rows at hand, told apart by what they say.
    async fn by_content(mut self, plan: &Plan) -> Result<Self, VerifyError> {
        let mut rows = Vec::new();
        while let Some(row) = self.next().await? {
            rows.push(row);
        }
        self.rows = in_order(plan, rows).into();
        Ok(self)
    }
}
