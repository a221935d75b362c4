//! The insurance agency: an organisation with a commission plan, policies with a year of premiums
//! behind them, and new business, premiums and lapses as they come.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use plimsoll_contracts::TenantConfig;
use rand::Rng as _;
use serde_json::{Value, json};

use super::story::Script;

const BRANCHES: &[(&str, &str)] = &[
    ("BR-1", "Jongno branch"),
    ("BR-2", "Haeundae branch"),
    ("BR-3", "Jeju branch"),
];
const PLANNERS: &[&str] = &[
    "김서연",
    "이도윤",
    "박지우",
    "최하준",
    "정예은",
    "강민서",
    "조은우",
    "윤채원",
    "임시우",
    "한지안",
    "오수아",
    "서준호",
];
/// Premium modes of ours are monthly: P in won.
const PREMIUMS: &[i64] = &[50_000, 78_000, 100_000, 120_000, 185_000, 240_000];
/// Months of history at the first start.
const HISTORY_MONTHS: u32 = 14;
/// Policies in that history.
const HISTORY_POLICIES: u32 = 70;

#[derive(Debug)]
struct Policy {
    premium: i64,
    contract_date: NaiveDate,
    paid: u32,
}

/// The policies in force.
#[derive(Debug, Default)]
pub(super) struct Agency {
    policies: BTreeMap<String, Policy>,
}

impl Agency {
    /// The organisation and its commission plan, before the first policy.
    pub(super) fn found(script: &mut Script, now: DateTime<Utc>) {
        let since = (now.date_naive() - Months::new(HISTORY_MONTHS + 2)).to_string();
        let at = now - Days::new(u64::from(HISTORY_MONTHS + 2) * 30);
        let mut tell = |context, command, subject: &str, body: Value| {
            script.tell(at, subject, context, command, body);
        };
        let unit = |id: &str, name: &str, level: &str, parent: Option<&str>| json!({"unit_id": id, "name": name, "level": level, "parent_unit_id": parent, "effective_from": since});
        let appoint = |id: &str, name: &str, unit: &str| json!({"planner_id": id, "name": name, "grade": "G1", "unit_id": unit, "effective_from": since});
        tell(
            "orgunits",
            "CreateUnit",
            "agency",
            unit("AGENCY", "Hangang agency", "agency", None),
        );
        for (id, name) in BRANCHES {
            tell(
                "orgunits",
                "CreateUnit",
                "agency",
                unit(id, name, "branch", Some("AGENCY")),
            );
        }
        tell(
            "planners",
            "AppointPlanner",
            "agency",
            appoint("PL-00", "노지훈", "AGENCY"),
        );
        let lead = |unit: &str, planner: &str| json!({"unit_id": unit, "planner_id": planner, "effective_from": since});
        tell("orgunits", "AssignManager", "agency", lead("AGENCY", "PL-00"));
        for (index, name) in PLANNERS.iter().enumerate() {
            let (id, branch) = (planner(index), BRANCHES[index % BRANCHES.len()].0);
            tell("planners", "AppointPlanner", "agency", appoint(&id, name, branch));
            if index < BRANCHES.len() {
                tell("orgunits", "AssignManager", "agency", lead(branch, &id));
            }
        }
        for (command, context_body) in plan(&since) {
            tell("commissions", command, "agency", context_body);
        }
    }

    /// A year of policies and premiums.
    pub(super) fn history(&mut self, script: &mut Script, now: DateTime<Utc>, config: &TenantConfig) {
        let today = config.business_date(now);
        for _ in 0..HISTORY_POLICIES {
            let age_days = script.random.random_range(20..u64::from(HISTORY_MONTHS) * 30);
            let contract_date = today - Days::new(age_days);
            self.issue(script, noon(contract_date), contract_date);
        }
        let lapsing: Vec<String> = self
            .policies
            .keys()
            .filter(|_| script.chance(12))
            .cloned()
            .collect();
        for (policy_id, policy) in &mut self.policies {
            let lapses = lapsing.contains(policy_id);
            while let Some(due_on) = due(policy).filter(|due_on| *due_on < today) {
                if lapses && policy.paid >= 5 {
                    break;
                }
                premium(script, noon(due_on), policy_id, policy, due_on);
            }
        }
        for policy_id in lapsing {
            let Some(policy) = self.policies.remove(&policy_id) else {
                continue;
            };
            let lapsed_on = due(&policy).map_or(today, |due_on| (due_on + Months::new(2)).min(today));
            lapse(script, noon(lapsed_on).min(now), &policy_id);
        }
    }

    /// Something happens at the agency: new business mostly, a lapse now and then.
    pub(super) fn business(&mut self, script: &mut Script, at: DateTime<Utc>, config: &TenantConfig) {
        let today = config.business_date(at);
        if script.chance(12) && self.policies.len() > 20 {
            let index = script.random.random_range(0..self.policies.len());
            if let Some(policy_id) = self.policies.keys().nth(index).cloned() {
                self.policies.remove(&policy_id);
                lapse(script, at, &policy_id);
            }
            return;
        }
        let paying = self
            .policies
            .iter_mut()
            .find(|(_, policy)| due(policy).is_some_and(|due_on| due_on <= today));
        if let Some((policy_id, policy)) = paying
            && let Some(due_on) = due(policy)
        {
            premium(script, at, policy_id, policy, due_on);
            return;
        }
        self.issue(script, at, today);
    }

    /// Issues a policy and pays its first premium.
    fn issue(&mut self, script: &mut Script, at: DateTime<Utc>, contract_date: NaiveDate) {
        let policy_id = script.id("PO");
        let monthly = *script.pick(PREMIUMS);
        let first = script.random.random_range(0..PLANNERS.len());
        let planners = if script.chance(20) {
            json!([
                {"planner_id": planner(first), "share_bp": 6_000},
                {"planner_id": planner((first + 1) % PLANNERS.len()), "share_bp": 4_000},
            ])
        } else {
            json!([{"planner_id": planner(first), "share_bp": 10_000}])
        };
        let body = json!({
            "policy_id": policy_id, "product_id": "WHOLE-LIFE", "channel": "tied", "contract_date": contract_date,
            "currency": "KRW", "monthly_premium_minor": monthly, "annual_premium_minor": monthly * 12,
            "premium_mode": "monthly", "planners": planners,
        });
        script.tell(
            at,
            &format!("policy-{policy_id}"),
            "policies",
            "IssuePolicy",
            body,
        );
        let mut policy = Policy {
            premium: monthly,
            contract_date,
            paid: 0,
        };
        premium(
            script,
            at + chrono::Duration::seconds(2),
            &policy_id,
            &mut policy,
            contract_date,
        );
        self.policies.insert(policy_id, policy);
    }
}

/// Rates, override rules and the clawback schedule.
fn plan(since: &str) -> Vec<(&'static str, Value)> {
    let rate = |id: &str, component: &str, schedule: Value| {
        let body = json!({
            "rate_id": id, "component": component, "basis": "monthly_premium", "schedule": schedule,
            "payout": "as_earned", "effective_from": since,
        });
        ("PublishRate", body)
    };
    let step = |from: u16, to: u16, ppm: i64| json!({"from": from, "to": to, "every": 1, "rate_ppm": ppm, "mode": "each"});
    let rule = |id: &str, level: &str, bp: u32| {
        let body =
            json!({"rule_id": id, "level": level, "kind": "percent", "rate_bp": bp, "effective_from": since});
        ("PublishOverrideRule", body)
    };
    let steps: Vec<Value> = (3..=12_u32)
        .map(|k| json!({"paid_to": k, "rate_bp": 10_000 - (k - 3) * 1_000}))
        .collect();
    vec![
        rate("NEW", "new", json!([step(1, 1, 6_000_000)])),
        rate(
            "INST",
            "instalment",
            json!([step(7, 7, 1_500_000), step(10, 10, 2_000_000)]),
        ),
        rule("OR-BRANCH", "branch", 1_000),
        rule("OR-AGENCY", "agency", 500),
        (
            "PublishClawbackSchedule",
            json!({"schedule_id": "CLAW", "steps": steps, "effective_from": since}),
        ),
    ]
}

fn premium(script: &mut Script, at: DateTime<Utc>, policy_id: &str, policy: &mut Policy, due_on: NaiveDate) {
    policy.paid += 1;
    let body = json!({
        "policy_id": policy_id, "instalment_no": policy.paid, "instalments": 1, "amount_minor": policy.premium,
        "currency": "KRW", "due_on": due_on,
    });
    script.tell(at, &format!("policy-{policy_id}"), "policies", "PayPremium", body);
}

fn lapse(script: &mut Script, at: DateTime<Utc>, policy_id: &str) {
    let body = json!({"policy_id": policy_id, "reason": "two months unpaid"});
    script.tell(
        at,
        &format!("policy-{policy_id}"),
        "policies",
        "LapsePolicy",
        body,
    );
}

fn due(policy: &Policy) -> Option<NaiveDate> {
    policy.contract_date.checked_add_months(Months::new(policy.paid))
}

fn noon(date: NaiveDate) -> DateTime<Utc> {
    date.and_hms_opt(3, 0, 0)
        .expect("three o'clock exists in UTC")
        .and_utc()
}

fn planner(index: usize) -> String {
    format!("PL-{:02}", index + 1)
}
