//! M-R9: why a line, a statement, a policy or a cohort is what it is, with the numbers behind it. All of
//! it is read off the fold's documents when somebody asks; the live fold keeps nothing for it.

mod formula;
mod line;
mod overriding;
mod posting;
mod production;
mod words;

use plimsoll_contracts::{
    Event, Id, Payload,
    rows::{PersistencyRow, PolicyRow, PolicyStatus, StatementRow},
};
use serde_json::{Value, json};

use self::words::{decimal, money, percent_of_bp};
use super::{
    Commission, Doc, POLICIES, Row,
    plan::{PLAN_KEY, Plan},
    policy::{PolicyDoc, policy_key},
    rates::share,
    state::{Entry, names},
};
use crate::{Place, Trace, Workspace};

/// A policy's row hangs on its own events, on the plan and on the organisation; a line or a statement of
/// a planner on every policy there is.
pub(super) fn trace(place: Place<'_>) -> Option<Trace> {
    let Place::Row { table: POLICIES, key } = place else {
        return None;
    };
    let categories = [
        "commissionrate-",
        "overriderule-",
        "clawbackschedule-",
        "bonusschedule-",
        "commissionperiod-",
        "commissionadjustment-",
        "planner-",
        "orgunit-",
    ];
    let own = format!("policy-{key}");
    let streams = categories.map(str::to_owned).into_iter().chain([own]).collect();
    Some(Trace {
        streams,
        ..Trace::default()
    })
}

/// What an event means to a row.
pub(super) fn facts(row: &Row, event: &Event, workspace: &Workspace<Commission>) -> Option<Value> {
    match row {
        Row::Line(row) => line::facts(row, workspace),
        Row::Statement(row) => Some(statement(row, event, workspace)),
        Row::Policy(row) => policy(row, event, workspace),
        Row::Persistency(row) => cohort(row, event, workspace),
    }
}

fn plan(workspace: &Workspace<Commission>) -> Option<&Plan> {
    match workspace.held_doc(PLAN_KEY) {
        Some(Doc::Plan(plan)) => Some(plan),
        _ => None,
    }
}

fn policy_doc<'w>(workspace: &'w Workspace<Commission>, id: &Id) -> Option<&'w PolicyDoc> {
    match workspace.held_doc(&policy_key(id)) {
        Some(Doc::Policy(policy)) => Some(policy),
        _ => None,
    }
}

/// The policy that an event is about.
fn policy_of<'w>(event: &Event, workspace: &'w Workspace<Commission>) -> Option<&'w PolicyDoc> {
    let payload = event.payload().ok()?;
    let id = match payload {
        Payload::PolicyIssued(issued) => &issued.policy_id,
        Payload::CommissionAdjusted(adjusted) => adjusted.policy_id.as_ref()?,
        other => super::happening(other)?.0,
    };
    policy_doc(workspace, id)
}

/// The entries that an event posted on its policy.
fn posted_by<'w>(event: &Event, policy: &'w PolicyDoc) -> impl Iterator<Item = &'w Entry> {
    let cause = event.id;
    policy
        .state
        .entries
        .iter()
        .filter(move |entry| entry.line.cause == cause)
}

/// A line with its number in the planner's month.
fn numbered(entry: &Entry) -> Value {
    let mut line = told(entry);
    line["line_no"] = json!(entry.no);
    line
}

/// A line without its number, which hangs on what else the planner was posted: a policy is
/// explained from its own stream.
fn told(entry: &Entry) -> Value {
    let line = &entry.line;
    json!({"planner_id": line.planner, "period": line.period,
        "component": line.component, "instalment_no": line.instalment, "of_component": line.of,
        "amount_minor": line.amount, "deferred_minor": line.deferred})
}

/// M-R1: opening, recovery, withholding, closing.
fn statement(row: &StatementRow, event: &Event, workspace: &Workspace<Commission>) -> Value {
    let config = &workspace.meta().config;
    let policy = policy_of(event, workspace);
    let lines: Vec<Value> = policy
        .into_iter()
        .flat_map(|policy| posted_by(event, policy))
        .filter(|entry| entry.line.planner == row.planner_id && entry.line.period == row.period)
        .map(numbered)
        .collect();
    let base = row.payable_minor + row.withholding_minor;
    let formula = if row.lines_minor > 0 {
        let most = share(row.lines_minor, i64::from(config.max_recovery_bp), 10_000);
        format!(
            "opening {}, lines {}: recovered the smaller of {} and {} of the lines, {} = {}; base {}; \
             withholding {} = {}; payable {}; closing {}",
            money(row.opening_minor),
            money(row.lines_minor),
            money(-row.opening_minor),
            percent_of_bp(i64::from(config.max_recovery_bp)),
            money(most),
            money(row.recovered_minor),
            money(base),
            percent_of_bp(i64::from(config.withholding_bp)),
            money(row.withholding_minor),
            money(row.payable_minor),
            money(row.closing_minor)
        )
    } else {
        format!(
            "opening {} + lines {} = closing {}: nothing is paid, the debt is carried",
            money(row.opening_minor),
            money(row.lines_minor),
            money(row.closing_minor)
        )
    };
    json!({"rule": "M-R1", "formula": formula, "lines_of_event": lines,
        "withholding_bp": config.withholding_bp, "max_recovery_bp": config.max_recovery_bp})
}

/// M-R4, M-R5: what counts under the cap, and what a lapse would take back.
fn policy(row: &PolicyRow, event: &Event, workspace: &Workspace<Commission>) -> Option<Value> {
    let (plan, doc) = (plan(workspace)?, policy_doc(workspace, &row.policy_id)?);
    let (contract, config) = (doc.contract.as_ref()?, &workspace.meta().config);
    let cap = format!(
        "cap {} x P {} = {}; used {}; waiting {}",
        config.cap_multiple,
        money(contract.monthly_premium_minor),
        money(row.cap_limit_minor),
        money(row.cap_used_minor),
        money(row.deferred_minor)
    );
    let bp = plan.clawback_bp(contract.contract_date, row.paid_instalments, None);
    let exposed = doc.state.entries.iter().filter(|entry| {
        let counts_as = match entry.line.component {
            plimsoll_contracts::rows::Component::Adjust => entry.line.of,
            component => Some(component),
        };
        !entry.reversed && counts_as.is_some_and(|component| names(&config.clawback_components, component))
    });
    let exposed: Vec<Value> = exposed
        .map(|entry| {
            let mut line = told(entry);
            line["would_come_back_minor"] = json!(share(entry.line.amount, bp, 10_000));
            line
        })
        .collect();
    let outstanding: i64 = doc.state.outstanding.iter().map(|held| held.amount).sum();
    let exposure = if row.status == PolicyStatus::InForce {
        format!(
            "{} instalments paid: {} of {} liable lines, and {} of advances outstanding = {}",
            row.paid_instalments,
            percent_of_bp(bp),
            exposed.len(),
            money(outstanding),
            money(row.clawback_exposure_minor)
        )
    } else {
        "not in force: nothing more can come back".to_owned()
    };
    let lines: Vec<Value> = posted_by(event, doc).map(told).collect();
    Some(
        json!({"rule": "M-R4, M-R5", "formula": format!("{cap}; {exposure}"), "lines_of_event": lines,
        "clawback_bp": bp, "liable_lines": exposed, "outstanding_advance_minor": outstanding,
        "contract_date": contract.contract_date, "p_minor": contract.monthly_premium_minor}),
    )
}

/// M-R8: whether the event's policy is in the cohort, and kept.
fn cohort(row: &PersistencyRow, event: &Event, workspace: &Workspace<Commission>) -> Option<Value> {
    let doc = policy_of(event, workspace)?;
    let contract = doc.contract.as_ref()?;
    let counted = doc
        .cohorts
        .iter()
        .find(|cohort| (cohort.instalment, cohort.due_month) == (row.instalment_no, row.due_month));
    let fate = match counted {
        Some(cohort) if cohort.kept => "kept",
        Some(_) => "not kept",
        None => "in no cohort",
    };
    let rate = |kept: i64, issued: i64| match issued {
        0 => "none".to_owned(),
        issued => format!(
            "{} %",
            decimal(i128::from(kept) * 10_000 / i128::from(issued), 100)
        ),
    };
    let formula = format!(
        "{} of {} policies kept at instalment {} = {}; premiums {} of {} = {}; {} is {fate}",
        row.kept,
        row.issued,
        row.instalment_no,
        rate(row.kept, row.issued),
        money(row.kept_premium_minor),
        money(row.issued_premium_minor),
        rate(row.kept_premium_minor, row.issued_premium_minor),
        contract.policy_id
    );
    Some(
        json!({"rule": "M-R8", "formula": formula, "policy_id": contract.policy_id, "fate": fate,
        "contract_date": contract.contract_date, "p_minor": contract.monthly_premium_minor}),
    )
}
