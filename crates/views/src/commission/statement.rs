//! M-R1: a planner's statement per month and currency — opening debt, recovery, withholding — and
//! how a change rolls on into later months.

use plimsoll_contracts::{Id, Month, TenantConfig};

use super::{
    Commission, STATEMENTS,
    gather::Gather,
    ledger::{Account, statement_row},
    rates::share,
};
use crate::{FoldError, Row as _, Workspace};

/// The terms under which a statement is drawn up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    withholding_bp: i64,
    max_recovery_bp: i64,
}

impl From<&TenantConfig> for Terms {
    fn from(config: &TenantConfig) -> Self {
        Self {
            withholding_bp: i64::from(config.withholding_bp),
            max_recovery_bp: i64::from(config.max_recovery_bp),
        }
    }
}

/// A statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) period: Month,
    pub(super) opening_minor: i64,
    pub(super) lines_minor: i64,
    pub(super) recovered_minor: i64,
    pub(super) withholding_minor: i64,
    pub(super) payable_minor: i64,
    pub(super) closing_minor: i64,
}

/// Draws up one month: `opening` is the debt brought forward, zero or negative.
fn draw(period: Month, opening: i64, lines: i64, terms: Terms) -> Drawn {
    let (recovered, base, closing) = if lines > 0 {
        let recovered = (-opening).min(share(lines, terms.max_recovery_bp, 10_000));
        (recovered, lines - recovered, opening + recovered)
    } else {
        (0, 0, opening + lines)
    };
    let withholding = share(base, terms.withholding_bp, 10_000);
    Drawn {
        period,
        opening_minor: opening,
        lines_minor: lines,
        recovered_minor: recovered,
        withholding_minor: withholding,
        payable_minor: base - withholding,
        closing_minor: closing,
    }
}

/// Draws up the statements from the first changed month on, until all changed ones are done and
/// the debt carried forward is what it was; `shown` is the account as the rows show it.
pub(super) fn roll(
    workspace: &mut Workspace<Commission>,
    planner: &Id,
    shown: Option<&Account>,
    account: &mut Account,
    changed: (Month, Month),
    terms: Terms,
) -> Result<(), FoldError> {
    let currency = account.currency;
    let was_shown = |period: Month| {
        let months = &shown?.months;
        months
            .binary_search_by_key(&period, |month| month.period)
            .ok()
            .map(|at| months[at])
    };
    let start = account.months.partition_point(|month| month.period < changed.0);
    let mut opening = start
        .checked_sub(1)
        .map_or(0, |before| account.months[before].closing_minor);
    let mut gather = Gather::default();
    for month in &mut account.months[start..] {
        let before = was_shown(month.period);
        let drawn = draw(month.period, opening, month.lines_minor, terms);
        let row = statement_row(planner, currency, &drawn);
        let written = match before {
            Some(_) if month.lines == 0 => workspace.remove_row(STATEMENTS, &row.key()),
            Some(_) => workspace.put_row(row),
            None if month.lines == 0 => Ok(()),
            None => workspace.insert_row(row),
        };
        gather.take(written)?;
        month.closing_minor = drawn.closing_minor;
        opening = drawn.closing_minor;
        let as_before = before.is_some_and(|before| before.closing_minor == drawn.closing_minor);
        if as_before && month.period >= changed.1 {
            break;
        }
    }
    account.months.retain(|month| month.lines > 0);
    gather.done()
}
