//! M-R1: a month of a planner's account. A debt is carried and recovered out of later lines.

use std::collections::BTreeMap;

use plimsoll_contracts::{Currency, Id, Month, TenantConfig, rows::commission::StatementRow};

use super::{
    ledger::{Line, share_of},
    overrides::house,
};

pub(super) fn rows(lines: &[Line<'_>], config: &TenantConfig) -> Vec<StatementRow> {
    let mut sums: BTreeMap<(Id, Currency), BTreeMap<Month, i64>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.planner != house()) {
        let account = sums.entry((line.planner.clone(), line.currency)).or_default();
        *account.entry(line.period).or_default() += line.amount;
    }
    let mut rows = Vec::new();
    for ((planner, currency), months) in sums {
        let mut opening = 0;
        for (period, lines) in months {
            let row = month(&planner, currency, period, opening, lines, config);
            opening = row.closing_minor;
            rows.push(row);
        }
    }
    rows
}

fn month(
    planner: &Id,
    currency: Currency,
    period: Month,
    opening: i64,
    lines: i64,
    config: &TenantConfig,
) -> StatementRow {
    let (recovered, base, closing) = if lines > 0 {
        let recovered = (-opening).min(share_of(lines, i64::from(config.max_recovery_bp), 10_000));
        (recovered, lines - recovered, opening + recovered)
    } else {
        (0, 0, opening + lines)
    };
    let withholding = share_of(base, i64::from(config.withholding_bp), 10_000);
    StatementRow {
        planner_id: planner.clone(),
        period,
        currency,
        opening_minor: opening,
        lines_minor: lines,
        recovered_minor: recovered,
        withholding_minor: withholding,
        payable_minor: base - withholding,
        closing_minor: closing,
    }
}
