//! `commission` over a whole feed of policies: the totals that a closed-form computation gives, and
//! what the fold costs. The feed is no part of the repository; the test says where it wants it.

use std::{collections::BTreeMap, time::Instant};

use plimsoll_contracts::{ImportedEvent, TenantConfig, config::ConfigChange};
use plimsoll_views::{Commission, Workspace, commission::Row};
use serde_json::{Value, json};

use crate::harness::{Folded, Rng, at_positions, fold_in_memory};

#[expect(clippy::disallowed_methods, reason = "a test is told where its data is")]
fn read(variable: &str) -> String {
    let path = std::env::var(variable).unwrap();
    std::fs::read_to_string(path).unwrap()
}

fn totals_of(folded: &Folded<Row>) -> Value {
    let mut by_component: BTreeMap<&str, i64> = BTreeMap::new();
    let mut by_payee: BTreeMap<String, i64> = BTreeMap::new();
    let mut by_period: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut persistency: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    let (mut lines, mut amount, mut deferred, mut exposure) = (0, 0, 0, 0);
    let mut statements = [0; 5];
    for stored in folded.rows.values() {
        match &stored.row {
            Row::Line(row) => {
                (lines, amount, deferred) = (
                    lines + 1,
                    amount + row.amount_minor,
                    deferred + row.deferred_minor,
                );
                let component = row.component.as_str();
                *by_component.entry(component).or_default() += row.amount_minor;
                *by_payee.entry(row.planner_id.to_string()).or_default() += row.amount_minor;
                let period = by_period.entry(row.period.to_string()).or_default();
                *period.entry(component).or_default() += row.amount_minor;
            }
            Row::Statement(row) => {
                let row = [
                    1,
                    row.lines_minor,
                    row.recovered_minor,
                    row.withholding_minor,
                    row.payable_minor,
                ];
                statements
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value);
            }
            Row::Policy(row) => exposure += row.clawback_exposure_minor,
            Row::Persistency(row) => {
                let sums = persistency.entry(row.instalment_no.to_string()).or_default();
                let row = [
                    row.issued,
                    row.kept,
                    row.issued_premium_minor,
                    row.kept_premium_minor,
                ];
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
        }
    }
    let persistency = persistency
        .into_iter()
        .map(|(n, [issued, kept, issued_premium, kept_premium])| {
            let sums = json!({"issued": issued, "kept": kept,
            "issued_premium_minor": issued_premium, "kept_premium_minor": kept_premium});
            (n, sums)
        });
    json!({
        "lines": lines, "amount_minor": amount, "by_component": by_component, "deferred_minor": deferred,
        "statements": {"rows": statements[0], "lines_minor": statements[1], "recovered_minor": statements[2],
            "withholding_minor": statements[3], "payable_minor": statements[4]},
        "by_payee": by_payee, "by_period": by_period, "exposure_minor": exposure,
        "persistency_all_cohorts": persistency.collect::<serde_json::Map<_, _>>(),
    })
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
#[ignore = "wants PLIMSOLL_POLICIES (events, one a line) and PLIMSOLL_POLICIES_TOTALS"]
fn policies_give_the_totals_in_order_and_out_of_it() {
    let events: Vec<ImportedEvent> = read("PLIMSOLL_POLICIES")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected: Value = serde_json::from_str(&read("PLIMSOLL_POLICIES_TOTALS")).unwrap();
    let keys = expected["config"].as_object().unwrap().clone();
    let config = TenantConfig::default().changed(&ConfigChange(keys)).unwrap();
    let in_order = at_positions(&events);
    for event in &in_order {
        event.payload().unwrap();
    }
    let mut workspace = Workspace::<Commission>::in_memory(config.clone());
    let start = Instant::now();
    for event in &in_order {
        workspace.fold(event).unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} events in {seconds:.2} s, {:.0} events/s",
        in_order.len(),
        in_order.len() as f64 / seconds
    );
    drop(workspace);
    let folded = fold_in_memory::<Commission>(&config, &in_order);
    let totals = totals_of(&folded);
    for (name, value) in totals.as_object().unwrap() {
        let expected = expected.get(name).unwrap_or_else(|| &expected["total"][name]);
        assert_eq!(value, expected, "{name}");
    }
    let mut shuffled: Vec<&ImportedEvent> = events.iter().collect();
    let mut rng = Rng::new(1);
    for part in shuffled.chunks_mut(2_000) {
        rng.shuffle(part);
    }
    let shuffled = fold_in_memory::<Commission>(&config, &at_positions(shuffled));
    assert_eq!(totals_of(&shuffled), totals, "in another order");
}
