//! The recomputed ledger as rows of the view's tables.

use std::collections::BTreeMap;

use plimsoll_contracts::{
    Id, Month,
    rows::commission::{CommissionLineRow, PolicyRow, PolicyStatus},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    super::{ExpectedRow, Refusal},
    closing::Posted,
    facts::Story,
    ledger::Line,
    persistency,
    policy::Policy,
    statement,
};

pub(super) fn of(story: &Story<'_>, posted: &Posted<'_>) -> Result<Vec<ExpectedRow>, Refusal> {
    let mut rows = Vec::new();
    for (line, row) in numbered(&posted.lines) {
        let key = format!("{}|{}|{:07}", row.planner_id, row.period, row.line_no);
        let mut row = expected("lines", key, &row)?;
        // The number is the order of posting, which is the view's.
        row.columns.remove("line_no");
        if line.cause_open {
            row.columns.remove("cause");
        }
        rows.push(row);
    }
    for row in statement::rows(&posted.lines, &story.config) {
        let key = format!("{}|{}|{}", row.planner_id, row.period, row.currency);
        rows.push(expected("statements", key, &row)?);
    }
    for policy in &posted.policies {
        rows.push(expected(
            "policies",
            policy.issued.policy_id.to_string(),
            &policy_row(policy),
        )?);
    }
    for row in persistency::rows(&posted.policies) {
        let key = format!(
            "{}|{}|{}|{}",
            row.planner_id, row.instalment_no, row.due_month, row.currency
        );
        rows.push(expected("persistency", key, &row)?);
    }
    Ok(rows)
}

fn expected(table: &'static str, key: String, row: &impl Serialize) -> Result<ExpectedRow, Refusal> {
    match serde_json::to_value(row) {
        Ok(Value::Object(columns)) => Ok(ExpectedRow { table, key, columns }),
        other => Err(Refusal(format!("row {key} of {table} is no object: {other:?}"))),
    }
}

/// The lines with their numbers, by planner and period in canonical order of their causes.
fn numbered<'l, 'a>(lines: &'l [Line<'a>]) -> Vec<(&'l Line<'a>, CommissionLineRow)> {
    let mut in_order: Vec<&Line<'_>> = lines.iter().collect();
    in_order.sort_by(|a, b| (a.at, &a.policy).cmp(&(b.at, &b.policy)));
    let mut last: BTreeMap<(&Id, Month), u32> = BTreeMap::new();
    let rows = in_order.into_iter().map(|line| {
        let line_no = last.entry((&line.planner, line.period)).or_default();
        *line_no += 1;
        let row = CommissionLineRow {
            period: line.period,
            planner_id: line.planner.clone(),
            line_no: *line_no,
            policy_id: line.policy.clone(),
            component: line.component,
            instalment_no: line.instalment_no,
            amount_minor: line.amount,
            deferred_minor: line.deferred,
            of_component: line.of,
            for_planner_id: line.for_planner.clone(),
            level: line.level.clone(),
            rate: line.rate.as_deref().map(Into::into),
            cause: line.cause,
            currency: line.currency,
            for_period: line.for_period,
        };
        (line, row)
    });
    rows.collect()
}

fn policy_row(policy: &Policy<'_>) -> PolicyRow {
    let last = policy.last;
    let in_force = policy.status() == PolicyStatus::InForce;
    PolicyRow {
        policy_id: policy.issued.policy_id.clone(),
        status: policy.status(),
        paid_instalments: policy.paid_count(),
        cap_limit_minor: policy.cap_limit(last),
        cap_used_minor: policy.cap_used(),
        deferred_minor: policy.deferred(),
        clawback_exposure_minor: if in_force { policy.exposure(last) } else { 0 },
        currency: policy.issued.currency,
        planner_ids: policy.shares().into_iter().map(|(planner, _)| planner).collect(),
    }
}
