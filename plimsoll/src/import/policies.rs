//! `uslapseagent` as events: an organisation, rates and schedules made up by a fixed rule, then
//! each policy with its premiums and its end. Planners are assigned by a hash of the row.

use std::io::Read;

use anyhow::Context as _;
use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use plimsoll_contracts::{
    Amount, Currency, Payload,
    events::{
        ClawbackSchedulePublished, ClawbackStep, CommissionRatePublished, DeathClaimPaid, OrgUnitCreated,
        OrgUnitManagerAssigned, OverrideKind, OverrideRulePublished, Payout, PlannerAppointed, PlannerShare,
        PolicyIssued, PolicyLapsed, PolicySurrendered, PremiumMode, PremiumPaid, RateBasis, RateComponent,
        RateMode, RateStep,
    },
    money::div_round_half_away,
};
use sha2::{Digest as _, Sha256};

use super::draft::{Draft, id, label};

/// Most premiums per policy that are taken over.
const PREMIUMS_MAX: u16 = 25;

#[derive(Debug, serde::Deserialize)]
struct Row {
    row: u64,
    issue_day: u64,
    duration_q100: u64,
    annual_premium_z100: i64,
    cause: String,
}

pub(super) fn drafts(rows: &mut csv::Reader<impl Read>) -> anyhow::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    organisation(&mut drafts)?;
    plan(&mut drafts)?;
    for row in rows.deserialize() {
        let row: Row = row?;
        policy(&row, &mut drafts).with_context(|| format!("row {}", row.row))?;
    }
    Ok(drafts)
}

fn founding() -> (DateTime<Utc>, NaiveDate) {
    let at = "1994-01-03T15:00:00Z".parse().expect("a literal instant");
    (at, NaiveDate::from_ymd_opt(1990, 1, 1).expect("a literal date"))
}

fn organisation(drafts: &mut Vec<Draft>) -> anyhow::Result<()> {
    let (at, effective_from) = founding();
    let mut unit =
        |unit_id: String, name: String, level: &str, parent: Option<String>| -> anyhow::Result<()> {
            let event = OrgUnitCreated {
                unit_id: id(&unit_id)?,
                name,
                level: label(level)?,
                parent_unit_id: parent.map(|parent| id(&parent)).transpose()?,
                effective_from,
            };
            drafts.push(Draft::new(at, "orgunit", &unit_id, event)?);
            Ok(())
        };
    for k in 0..5 {
        unit(format!("G{k}"), format!("Agency {k}"), "agency", None)?;
    }
    for j in 0..30 {
        unit(
            format!("B{j:02}"),
            format!("Branch {j}"),
            "branch",
            Some(format!("G{}", j % 5)),
        )?;
    }
    let mut appoint = |planner_id: String, unit_id: String| -> anyhow::Result<()> {
        let event = PlannerAppointed {
            planner_id: id(&planner_id)?,
            name: planner_id.clone(),
            grade: label("G1")?,
            unit_id: id(&unit_id)?,
            effective_from,
        };
        drafts.push(Draft::new(at, "planner", &planner_id, event)?);
        Ok(())
    };
    for k in 0..5 {
        appoint(format!("H{k}"), format!("G{k}"))?;
    }
    for j in 0..30 {
        appoint(format!("M{j:02}"), format!("B{j:02}"))?;
    }
    for i in 0..300 {
        appoint(format!("A{i:03}"), format!("B{:02}", i % 30))?;
    }
    let agencies = (0..5).map(|k| (format!("G{k}"), format!("H{k}")));
    let branches = (0..30).map(|j| (format!("B{j:02}"), format!("M{j:02}")));
    for (unit_id, planner_id) in agencies.chain(branches) {
        let event = OrgUnitManagerAssigned {
            unit_id: id(&unit_id)?,
            planner_id: id(&planner_id)?,
            effective_from,
        };
        drafts.push(Draft::new(at, "orgunit", &unit_id, event)?);
    }
    Ok(())
}

fn plan(drafts: &mut Vec<Draft>) -> anyhow::Result<()> {
    let (at, effective_from) = founding();
    let step = |from: u16, to: u16, ppm: i64| -> anyhow::Result<RateStep> {
        Ok(RateStep {
            from,
            to,
            every: 1,
            rate_ppm: Amount::new(ppm)?,
            mode: RateMode::Each,
        })
    };
    let rates = [
        ("R1", RateComponent::New, vec![step(1, 1, 7_000_000)?]),
        (
            "R2",
            RateComponent::Instalment,
            vec![step(7, 7, 3_000_000)?, step(10, 10, 3_500_000)?],
        ),
        ("R3", RateComponent::Maintenance, vec![step(1, 84, 30_000)?]),
    ];
    for (rate_id, component, schedule) in rates {
        let event = CommissionRatePublished {
            rate_id: id(rate_id)?,
            version: 1,
            product_id: None,
            plan: None,
            channel: None,
            grade: None,
            term_years: None,
            component,
            basis: RateBasis::MonthlyPremium,
            schedule,
            payout: Payout::AsEarned,
            advance_bp: None,
            effective_from,
            effective_to: None,
        };
        drafts.push(Draft::new(at, "commissionrate", rate_id, event)?);
    }
    for (rule_id, level, rate_bp) in [("OB", "branch", 1_000), ("OA", "agency", 500)] {
        let event = OverrideRulePublished {
            rule_id: id(rule_id)?,
            version: 1,
            level: label(level)?,
            kind: OverrideKind::Percent,
            rate_bp: Some(rate_bp),
            rate_ppm: None,
            effective_from,
        };
        drafts.push(Draft::new(at, "overriderule", rule_id, event)?);
    }
    let steps = (3..=12_u16).map(|k| ClawbackStep {
        paid_to: k,
        rate_bp: 10_000 - u32::from(k - 3) * 1_000,
    });
    let event = ClawbackSchedulePublished {
        schedule_id: id("CS")?,
        version: 1,
        steps: steps.collect(),
        effective_from,
    };
    drafts.push(Draft::new(at, "clawbackschedule", "CS", event)?);
    Ok(())
}

fn policy(row: &Row, drafts: &mut Vec<Draft>) -> anyhow::Result<()> {
    let policy_id = format!("P{:05}", row.row);
    let contract_date = NaiveDate::default() + Days::new(row.issue_day);
    let end_date = contract_date + Days::new(row.duration_q100 * 913_125 / 1_000_000);
    let yearly =
        div_round_half_away(5_608_800 + 52_658 * i128::from(row.annual_premium_z100), 100).max(1_200);
    let monthly = i64::try_from(yearly)? / 12;
    let mut push = |at: DateTime<Utc>, payload: Payload| -> anyhow::Result<()> {
        drafts.push(Draft::new(at, "policy", &policy_id, payload)?);
        Ok(())
    };
    let issued = PolicyIssued {
        policy_id: id(&policy_id)?,
        product_id: id("WL")?,
        plan: None,
        channel: Some(label("tied")?),
        term_years: None,
        contract_date,
        currency: currency(),
        monthly_premium_minor: Amount::new(monthly)?,
        annual_premium_minor: Amount::new(monthly * 12)?,
        acquisition_cost_minor: None,
        premium_mode: PremiumMode::Monthly,
        planners: planners(row.row)?,
    };
    push(at_hour(contract_date, 14), issued.into())?;
    for n in 1..=PREMIUMS_MAX {
        let due_on = contract_date + Months::new(u32::from(n) - 1);
        if n > 1 && due_on >= end_date {
            break;
        }
        let paid = PremiumPaid {
            policy_id: id(&policy_id)?,
            instalment_no: n,
            instalments: 1,
            amount_minor: Amount::new(monthly)?,
            currency: currency(),
            due_on,
        };
        push(at_hour(due_on, 15), paid.into())?;
    }
    if let Some(end) = end(row, &policy_id)? {
        push(at_hour(end_date, 18), end)?;
    }
    Ok(())
}

fn end(row: &Row, policy_id: &str) -> anyhow::Result<Option<Payload>> {
    let policy_id = id(policy_id)?;
    Ok(match row.cause.as_str() {
        "surrender" => Some(
            PolicySurrendered {
                policy_id,
                surrender_value_minor: Amount::ZERO,
                currency: currency(),
            }
            .into(),
        ),
        "other" => Some(
            PolicyLapsed {
                policy_id,
                reason: "other".to_owned(),
            }
            .into(),
        ),
        "death" => Some(
            DeathClaimPaid {
                policy_id,
                amount_minor: Amount::ZERO,
                currency: currency(),
            }
            .into(),
        ),
        "in-force" => None,
        other => anyhow::bail!("unknown cause `{other}`"),
    })
}

fn planners(row: u64) -> anyhow::Result<Vec<PlannerShare>> {
    let first = hash("planner", row) % 300;
    let share = |number: u64, share_bp| -> anyhow::Result<PlannerShare> {
        Ok(PlannerShare {
            planner_id: id(&format!("A{number:03}"))?,
            share_bp,
        })
    };
    if hash("split", row) % 10 >= 2 {
        return Ok(vec![share(first, 10_000)?]);
    }
    let drawn = hash("second", row) % 300;
    let second = if drawn == first { (drawn + 1) % 300 } else { drawn };
    Ok(vec![share(first, 6_000)?, share(second, 4_000)?])
}

fn hash(tag: &str, row: u64) -> u64 {
    let digest = Sha256::digest(format!("plimsoll:{tag}:{row}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

fn at_hour(date: NaiveDate, hour: u32) -> DateTime<Utc> {
    date.and_time(NaiveTime::from_hms_opt(hour, 0, 0).expect("a literal hour"))
        .and_utc()
}

fn currency() -> Currency {
    "USD".parse().expect("USD is a currency code")
}
