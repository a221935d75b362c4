//! The ledger's lines: only ever added; what was taken back is read off the lines that did it.

use plimsoll_contracts::{Currency, Id, Label, Month, rows::commission::Component};
use uuid::Uuid;

use super::facts::{Fact, Moment};

/// `amount × numerator / denominator`, towards zero (G2).
pub(super) fn share_of(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let value = i128::from(amount) * i128::from(numerator) / i128::from(denominator);
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// Where its cause stands in canonical order.
    pub(super) at: Moment<'a>,
    pub(super) cause: Uuid,
    /// No rule says which event the line is put down to.
    pub(super) cause_open: bool,
    pub(super) period: Month,
    pub(super) planner: Id,
    pub(super) policy: Option<Id>,
    pub(super) component: Component,
    pub(super) instalment_no: Option<u16>,
    pub(super) amount: i64,
    pub(super) deferred: i64,
    pub(super) of: Option<Component>,
    pub(super) for_planner: Option<Id>,
    pub(super) level: Option<Label>,
    pub(super) rate: Option<String>,
    pub(super) currency: Currency,
    pub(super) for_period: Option<Month>,
    /// Which line of the same policy it takes back, or gives again.
    pub(super) target: Option<usize>,
    /// It used room under the cap.
    pub(super) counted: bool,
    /// Its premium bounced: it takes part in nothing any more.
    pub(super) bounced: bool,
}

impl<'a> Line<'a> {
    /// A line that so far says only what it pays, to whom and why.
    pub(super) fn new(cause: &Fact<'a>, planner: &Id, component: Component, currency: Currency) -> Self {
        Self {
            at: cause.at,
            cause: cause.id,
            cause_open: false,
            period: cause.period,
            planner: planner.clone(),
            policy: None,
            component,
            instalment_no: None,
            amount: 0,
            deferred: 0,
            of: None,
            for_planner: None,
            level: None,
            rate: None,
            currency,
            for_period: None,
            target: None,
            counted: false,
            bounced: false,
        }
    }

    /// What it counts as where a configured list names components: an adjustment as what it adjusts.
    pub(super) fn counts_as(&self) -> Component {
        match (self.component, self.of) {
            (Component::Adjust, Some(of)) => of,
            (component, _) => component,
        }
    }
}

/// Whether a configured list names a component.
pub(super) fn names(list: &[String], component: Component) -> bool {
    list.iter().any(|name| name == component.as_str())
}

/// How much of line `index` other lines have taken back so far.
pub(super) fn taken(lines: &[Line<'_>], index: usize) -> i64 {
    let against = lines.iter().filter(|line| line.target == Some(index));
    -against.map(|line| line.amount).sum::<i64>()
}
