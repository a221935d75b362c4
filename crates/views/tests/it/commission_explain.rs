//! M-R9: every line explains itself, in words with its numbers. One case for each component's formula.

use plimsoll_views::{Commission, View, Workspace};
use serde_json::{Value, json};

use crate::{
    commission::FILE,
    harness::{at_positions, vectors},
};

/// The facts of every row of a case, by table and key, as they were when the row last changed.
fn explained(name: &str) -> Vec<(String, String, Value)> {
    let vector = vectors(FILE)
        .into_iter()
        .find(|vector| vector.name == name)
        .unwrap();
    let mut workspace = Workspace::<Commission>::in_memory(vector.config.clone());
    let mut facts: Vec<(String, String, Value)> = Vec::new();
    for event in at_positions(&vector.events) {
        workspace.fold(&event).unwrap();
        for (table, key) in workspace.take_touched() {
            facts.retain(|(t, k, _)| (t.as_str(), k.as_str()) != (table, &*key));
            if let Some(stored) = workspace.stored(table, &key) {
                let told = Commission::facts(&stored.row, &event, &workspace);
                let told = told.unwrap_or_else(|| panic!("{name} {table} {key} says nothing"));
                facts.push((table.to_owned(), key.to_string(), told));
            }
        }
    }
    facts
}

fn of(name: &str, table: &str, key: &str) -> Value {
    let facts = explained(name).into_iter();
    let found = facts
        .filter(|(t, k, _)| t == table && k == key)
        .map(|(_, _, told)| told)
        .next();
    found.unwrap_or_else(|| panic!("{name} has no row {table} {key}"))
}

fn formula(name: &str, key: &str) -> String {
    of(name, "lines", key)["formula"].as_str().unwrap().to_owned()
}

const R: &str = "v1, effective 2025-01-01, known 2024-12-20";

#[test]
fn m_r9_new_names_rate_share_remainder_and_cap() {
    assert_eq!(
        formula("M4", "A|2025-05|0000001"),
        format!(
            "new 700.001 % of P 100,000 (R12 {R}) = 700,001; share 60 % = 420,000.6; 420,000 + 1 largest \
             remainder = 420,001; cap 700,001 of 1,200,000; PolicyIssued, PremiumPaid 1"
        )
    );
    let facts = of("M4", "lines", "A|2025-05|0000001");
    assert_eq!(
        facts["split"],
        json!({"total_minor": 700_001, "above_cap_minor": 0, "share_bp": 6_000, "remainder_minor": 1})
    );
    assert_eq!(
        facts["cap"],
        json!({"limit_minor": 1_200_000, "before_minor": 0, "after_minor": 700_001})
    );
    assert_eq!(facts["rate"]["basis"], "monthly_premium");
    assert_eq!(facts["rate"]["schedule_entry"][0]["rate_ppm"], 7_000_010);
    assert_eq!(
        facts["hierarchy"]["levels"],
        json!([{"level": "branch", "manager_id": "M1"}, {"level": "agency", "manager_id": "G1"}])
    );
    let ids = facts["source_event_ids"].as_array().unwrap();
    assert!(
        ids.len() == 2 && ids[1].as_str().unwrap().ends_with("17"),
        "{ids:?}"
    );
}

/// Case, key of the line, and what it says.
type Said<'a> = (&'a str, &'a str, &'a str);

fn assert_said(said: &[Said<'_>]) {
    for (name, key, expected) in said {
        assert_eq!(formula(name, key), expected.replace("{R}", R), "{name} {key}");
    }
}

#[test]
fn m_r9_the_cap_says_what_fits_and_what_becomes_of_the_rest() {
    assert_said(&[
        (
            "M1",
            "A|2025-12|0000001",
            "instalment 350 % of P 100,000 (R2 {R}) = 350,000; under the cap 300,000; cap 1,200,000 of 1,200,000; \
             PolicyIssued, PremiumPaid 10",
        ),
        (
            "M1",
            "A|2025-12|0000002",
            "instalment 350 % of P 100,000 (R2 {R}) = 350,000; cap 900,000 of 1,200,000 before, so 300,000 fits and \
             50,000 is above it; it waits for policy month 13; PolicyIssued, PremiumPaid 10",
        ),
        (
            "M1-forfeit",
            "A|2025-12|0000002",
            "instalment 350 % of P 100,000 (R2 {R}) = 350,000; cap 900,000 of 1,200,000 before, so 300,000 fits and \
             50,000 is above it; it is forfeited; PolicyIssued, PremiumPaid 10",
        ),
        (
            "M1",
            "A|2026-03|0000001",
            "50,000 waited above the cap; policy month 13 is past month 12, so 50,000 is paid; PolicyIssued, \
             PremiumPaid 13",
        ),
        (
            "M13-settling-counts-under-the-cap",
            "A|2025-04|0000002",
            "settling by hand 300,000; under the cap 200,000; cap 1,200,000 of 1,200,000; PolicyIssued, \
             CommissionAdjusted",
        ),
    ]);
}

#[test]
fn m_r9_what_comes_back_names_its_line_and_its_share() {
    assert_said(&[
        (
            "M2-lapse",
            "A|2025-12|0000001",
            "8 instalments paid (CS, effective 2025-01-01): 50 % of new 700,000 = 350,000; clawed before 0; \
             -350,000; PolicyIssued, PremiumPaid 1, PolicyLapsed",
        ),
        (
            "M15-void-after-lapse-takes-the-rest",
            "A|2026-04|0000001",
            "undone from the beginning: 100 % of new 420,001 = 420,001; clawed before 210,000; -210,001; \
             PolicyIssued, PremiumPaid 1, PolicyVoided",
        ),
        (
            "M2-reinstated",
            "A|2026-02|0000001",
            "350,000 clawed of new 700,000 comes again at reinstatement; PolicyIssued, PremiumPaid 1, \
             PolicyReinstated",
        ),
        (
            "M16-reversed-premium",
            "A|2025-03|0000002",
            "the premium bounced: new 700,000 less 0 clawed = 700,000 goes back; PolicyIssued, PremiumPaid 1, \
             PremiumReversed 1",
        ),
    ]);
}

#[test]
fn m_r9_spread_maintenance_corrections_and_lines_by_hand_say_their_numbers() {
    assert_said(&[
        (
            "M8",
            "A|2026-12|0000001",
            "instalment 750 % of P 100,000 (R21 {R}) = 750,000 over 7 instalments, part 1 of them = 107,143; \
             PolicyIssued, PremiumPaid 24",
        ),
        (
            "M7-full",
            "A|2025-01|0000001",
            "maintenance 0.8 % of the acquisition cost 1,000,000 (RM {R}) = 8,000; to A, who serves the policy on \
             that day; PolicyIssued, PremiumPaid 1",
        ),
        (
            "M6",
            "A|2026-03|0000001",
            "corrected: new 720 % of P 100,000 (R12 v2, effective 2026-02-01, known 2026-03-10) = 720,000; posted \
             before 700,000; difference 20,000; cap 720,000 of 1,200,000; PolicyIssued, PremiumPaid 1, \
             CommissionRateCorrected",
        ),
        (
            "M13-settling-counts-under-the-cap",
            "A|2025-04|0000004",
            "manual by hand -1,000; CommissionAdjusted",
        ),
    ]);
}

#[test]
fn m_r9_advances_say_what_was_earned_and_what_is_outstanding() {
    let key = |no: u32| format!("A|2025-01|{no:07}");
    assert_eq!(
        formula("M3-advance", &key(1)),
        format!("advance 75 % of the whole 600,000 (RF {R}) = 450,000; PolicyIssued, PremiumPaid 1")
    );
    assert_eq!(
        formula("M3-advance", &key(2)),
        format!(
            "earned 50 % of the annual premium 1,200,000 (RF {R}) = 600,000 over 12 instalments, part 1 of them \
             = 50,000; PolicyIssued, PremiumPaid 1"
        )
    );
    assert_eq!(
        formula("M3-advance", &key(3)),
        "earned 50,000, outstanding 450,000: the smaller, 50,000, repays the advance; 400,000 stays outstanding; \
         PolicyIssued, PremiumPaid 1"
    );
    assert_eq!(
        formula("M3-advance-lapse", "A|2025-06|0000001"),
        "outstanding advance 250,000 comes back at the end of the policy; PolicyIssued, PolicyLapsed"
    );
}

#[test]
fn m_r9_overrides_name_level_rule_and_manager() {
    let tail = "PolicyIssued, PremiumPaid 1";
    assert_eq!(
        formula("M4", "M1|2025-05|0000001"),
        format!(
            "override branch 10 % (OB, effective 2025-01-01) of A's new 420,001 = 42,000; manager M1; {tail}"
        )
    );
    assert_eq!(
        formula("M14-differential-override", "G1|2025-04|0000001"),
        format!(
            "override agency own 600 % - below 560 % = 40 % (DA, effective 2025-01-01) of P 100,000 = 40,000; \
             share 70 % = 28,000; manager G1; {tail}"
        )
    );
    assert_eq!(
        formula("M18-no-manager-house", "house|2025-04|0000001"),
        format!(
            "override branch 10 % (OB, effective 2025-01-01) of N's new 700,000 = 70,000; no manager: it stays in \
             the house; {tail}"
        )
    );
    assert_eq!(
        formula("M18-no-manager-pass-up", "G1|2025-04|0000001"),
        format!(
            "override branch 10 % (OB, effective 2025-01-01) of N's new 700,000 = 70,000; no manager at this level: \
             passed up to G1; {tail}"
        )
    );
}

#[test]
fn m_r9_a_bonus_names_production_bands_and_what_changed() {
    assert_eq!(
        formula("M5-slab", "A|2025-06|0000001"),
        "bonus production of 2025-06 24,000,000: 6 % of 24,000,000 = 1,440,000 (BS, effective 2025-01)"
    );
    assert_eq!(
        formula("M5-slab", "A|2025-08|0000001"),
        "bonus production of 2025-06 went from 24,000,000 to 19,999,999: 4 % of 19,999,999 = 799,999 - 6 % of \
         24,000,000 = 1,440,000 = -640,001 (BS, effective 2025-01)"
    );
    assert_eq!(
        formula("M5-marginal", "A|2025-06|0000001"),
        "bonus production of 2025-06 24,000,000: (2 % of 10,000,000 + 4 % of 10,000,000 + 6 % of 4,000,000) = \
         840,000 (BS, effective 2025-01)"
    );
}

#[test]
fn m_r9_statements_policies_and_cohorts_explain_themselves() {
    let statement = of("M10-debt-is-carried-and-recovered", "statements", "A|2026-01|KRW");
    assert_eq!(
        statement["formula"],
        "opening -450,000, lines 700,000: recovered the smaller of 450,000 and 100 % of the lines, 700,000 = 450,000; \
         base 250,000; withholding 3.3 % = 8,250; payable 241,750; closing 0"
    );
    assert_eq!(statement["lines_of_event"][0]["amount_minor"], 700_000);
    let policy = of("M2-reinstated", "policies", "X");
    assert_eq!(
        policy["formula"],
        "cap 12 x P 100,000 = 1,200,000; used 900,000; waiting 0; 9 instalments paid: 40 % of 2 liable lines, and 0 of \
         advances outstanding = 360,000"
    );
    let cohort = of("M9", "persistency", "A|13|2026-02|KRW");
    assert!(
        cohort["formula"].as_str().unwrap().starts_with(
            "3 of 4 policies kept at instalment 13 = 75 %; premiums 700,000 of 1,000,000 = 70 %"
        ),
        "{cohort}"
    );
}
