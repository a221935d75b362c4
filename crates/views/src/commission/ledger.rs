//! M-R1: the ledger. Lines get their numbers here, and every change of a planner's month rolls on
//! through the statements after it.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_contracts::{
    Currency, Id, Month,
    rows::{CommissionLineRow, StatementRow},
};
use serde::{Deserialize, Serialize};

use super::{
    Commission, LINES,
    doc::Doc,
    gather::Gather,
    overrides::HOUSE,
    reconcile::Shown,
    rows::Row,
    state::Line,
    statement::{self, Terms},
};
use crate::{FoldError, Row as _, Workspace};

/// A planner's books.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The last line number given in each period.
    pub numbers: Vec<(Month, u32)>,
    /// One account per currency.
    pub accounts: Vec<Account>,
}

/// A planner's account in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The currency.
    pub currency: Currency,
    /// The months with lines, ascending.
    pub months: Vec<MonthSum>,
}

/// A month of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthSum {
    /// The month.
    pub period: Month,
    /// Number of lines.
    pub lines: u32,
    /// Their sum.
    pub lines_minor: i64,
    /// Debt carried forward, zero or negative.
    pub closing_minor: i64,
}

/// Whose lines are posted, and under which terms statements are drawn up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) policy_id: Option<&'a Id>,
    pub(super) currency: Currency,
    pub(super) terms: Terms,
}

/// A line to post, and where to put its number.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    pub(super) line: &'a Line,
    pub(super) no: &'a mut u32,
}

impl Ledger {
    /// The next line number of a period.
    fn next_number(&mut self, period: Month) -> u32 {
        let place = self.numbers.partition_point(|(month, _)| *month < period);
        match self.numbers.get_mut(place) {
            Some((month, last)) if *month == period => {
                *last += 1;
                *last
            }
            _ => {
                self.numbers.insert(place, (period, 1));
                1
            }
        }
    }

    fn account(&mut self, currency: Currency) -> &mut Account {
        let known = self
            .accounts
            .iter()
            .position(|account| account.currency == currency);
        let place = known.unwrap_or_else(|| {
            self.accounts.push(Account {
                currency,
                months: Vec::new(),
            });
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }
}

impl Account {
    /// Adds a line (or takes one away) and says whether the month is new.
    fn add(&mut self, period: Month, amount: i64, lines: i32) {
        let place = self.months.partition_point(|month| month.period < period);
        if self.months.get(place).is_none_or(|month| month.period != period) {
            self.months.insert(
                place,
                MonthSum {
                    period,
                    lines: 0,
                    lines_minor: 0,
                    closing_minor: 0,
                },
            );
        }
        let month = &mut self.months[place];
        month.lines_minor += amount;
        month.lines = month.lines.saturating_add_signed(lines);
    }
}

/// Posts and withdraws lines of an owner, and draws up the statements that they change.
///
/// # Errors
/// [`FoldError::Missing`], having asked for every ledger at once.
pub(super) fn post(
    workspace: &mut Workspace<Commission>,
    owner: Owner<'_>,
    removed: &[Shown],
    fresh: Vec<Fresh<'_>>,
) -> Result<(), FoldError> {
    let mut books: BTreeMap<Id, Arc<Ledger>> = BTreeMap::new();
    let planners = removed
        .iter()
        .map(|shown| &shown.line.planner)
        .chain(fresh.iter().map(|f| &f.line.planner));
    let mut gather = Gather::default();
    for planner in planners {
        if let Some(ledger) = gather.take(load(workspace, planner))? {
            books.insert(planner.clone(), ledger);
        }
    }
    gather.done()?;
    let mut changed: BTreeMap<Id, (Month, Month)> = BTreeMap::new();
    let mut touch = |line: &Line| {
        let months = changed
            .entry(line.planner.clone())
            .or_insert((line.period, line.period));
        *months = (line.period.min(months.0), line.period.max(months.1));
    };
    for shown in removed {
        let ledger = book(&mut books, &shown.line.planner);
        ledger
            .account(owner.currency)
            .add(shown.line.period, -shown.line.amount, -1);
        touch(&shown.line);
        gather.take(workspace.remove_row(LINES, &row(&owner, &shown.line, shown.no).key()))?;
    }
    for Fresh { line, no } in fresh {
        let ledger = book(&mut books, &line.planner);
        *no = ledger.next_number(line.period);
        ledger.account(owner.currency).add(line.period, line.amount, 1);
        touch(line);
        workspace.insert_row(row(&owner, line, *no))?;
    }
    for (planner, ledger) in &mut books {
        if planner.as_str() != HOUSE {
            let account = Arc::make_mut(ledger).account(owner.currency);
            let before = load(workspace, planner)?;
            let shown = before.accounts.iter().find(|a| a.currency == owner.currency);
            let rolled = statement::roll(workspace, planner, shown, account, changed[planner], owner.terms);
            gather.take(rolled)?;
        }
    }
    gather.done()?;
    for (planner, ledger) in books {
        workspace.put_doc(&ledger_key(&planner), Doc::Ledger(ledger));
    }
    Ok(())
}

fn book<'a>(books: &'a mut BTreeMap<Id, Arc<Ledger>>, planner: &Id) -> &'a mut Ledger {
    Arc::make_mut(
        books
            .get_mut(planner)
            .expect("the books of every payee were loaded"),
    )
}

fn ledger_key(planner: &Id) -> String {
    format!("ledger/{planner}")
}

fn load(workspace: &mut Workspace<Commission>, planner: &Id) -> Result<Arc<Ledger>, FoldError> {
    match workspace.doc(&ledger_key(planner))? {
        Some(Doc::Ledger(ledger)) => Ok(Arc::clone(ledger)),
        _ => Ok(Arc::default()),
    }
}

fn row(owner: &Owner<'_>, line: &Line, line_no: u32) -> Row {
    Row::Line(CommissionLineRow {
        period: line.period,
        planner_id: line.planner.clone(),
        line_no,
        policy_id: owner.policy_id.cloned(),
        component: line.component,
        instalment_no: line.instalment,
        amount_minor: line.amount,
        deferred_minor: line.deferred,
        of_component: line.of,
        for_planner_id: line.for_planner.clone(),
        level: line.level.clone(),
        rate: line.rate.clone(),
        cause: line.cause,
        currency: owner.currency,
        for_period: line.for_period,
    })
}

/// A statement as a row.
pub(super) fn statement_row(planner: &Id, currency: Currency, month: &statement::Drawn) -> Row {
    Row::Statement(StatementRow {
        planner_id: planner.clone(),
        period: month.period,
        currency,
        opening_minor: month.opening_minor,
        lines_minor: month.lines_minor,
        recovered_minor: month.recovered_minor,
        withholding_minor: month.withholding_minor,
        payable_minor: month.payable_minor,
        closing_minor: month.closing_minor,
    })
}
