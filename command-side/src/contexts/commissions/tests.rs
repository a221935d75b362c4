//! The rules of commission plans (events.md, section 10; M-R1 … M-R7).

use plimsoll_contracts::events::{CommissionPeriodClosed, CommissionPeriodOpened};
use serde_json::{Value, json};

use super::{
    Adjustment, BonusSchedule, ClawbackSchedule, OverrideRule, Period, Rate, closings::Course, facts::Facts,
};
use crate::domain::{
    Reason,
    scenario::{Scenario, nothing},
};

fn rate() -> Value {
    json!({"rate_id": "R1", "component": "new", "basis": "monthly_premium", "payout": "as_earned",
        "effective_from": "2026-01-01",
        "schedule": [{"from": 1, "to": 12, "every": 3, "rate_ppm": 7_000_010, "mode": "each"}]})
}

fn correction() -> Value {
    with(with(rate(), "reason", json!("typo")), "approved_by", json!("U2"))
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn with_step(field: &str, value: Value) -> Value {
    let mut body = rate();
    body["schedule"][0][field] = value;
    body
}

fn published() -> Scenario<Rate> {
    nothing().after("PublishRate", rate())
}

#[test]
fn m_r2_a_rate_is_published_once_as_version_1() {
    let event = with(rate(), "version", json!(1));
    nothing::<Rate>()
        .when("PublishRate", rate())
        .then(&[("CommissionRatePublished", event.clone())]);
    nothing::<Rate>()
        .when("PublishRate", event.clone())
        .then(&[("CommissionRatePublished", event)]);
    nothing::<Rate>()
        .when("PublishRate", with(rate(), "version", json!(2)))
        .malformed("/version");
    published()
        .when("PublishRate", rate())
        .refused(Reason::AlreadyExists);
}

#[test]
fn m_r2_corrections_count_up_and_need_another_persons_approval() {
    let event = with(correction(), "version", json!(2));
    published()
        .when("CorrectRate", correction())
        .then(&[("CommissionRateCorrected", event)]);
    let twice = published().after("CorrectRate", correction());
    twice
        .when("CorrectRate", with(correction(), "version", json!(2)))
        .refused(Reason::AlreadyExists);
    twice
        .when("CorrectRate", with(correction(), "version", json!(4)))
        .malformed("/version");
    for (field, value) in [
        ("approved_by", json!("U1")),
        ("approved_by", json!(null)),
        ("reason", json!("")),
    ] {
        published()
            .when("CorrectRate", with(correction(), field, value))
            .refused(Reason::ApprovalRequired);
    }
    nothing::<Rate>()
        .when("CorrectRate", correction())
        .refused(Reason::NotFound);
}

#[test]
fn a_rates_schedule_and_payout_make_sense() {
    for (body, pointer) in [
        (with(rate(), "schedule", json!([])), "/schedule"),
        (with_step("from", json!(0)), "/schedule/0/from"),
        (with_step("to", json!(0)), "/schedule/0/to"),
        (with_step("every", json!(0)), "/schedule/0/every"),
        (with(rate(), "payout", json!("advance")), "/advance_bp"),
        (with(rate(), "advance_bp", json!(7_500)), "/advance_bp"),
        (with(rate(), "effective_to", json!("2026-01-01")), "/effective_to"),
    ] {
        nothing::<Rate>().when("PublishRate", body).malformed(pointer);
    }
    nothing::<Rate>()
        .when("PublishRate", with_step("rate_ppm", json!(-1)))
        .refused(Reason::InvalidAmount);
}

#[test]
fn m_r3_an_override_rule_has_the_rate_of_its_kind_and_counts_versions() {
    let rule = |kind: &str, field: &str, value: i64| json!({"rule_id": "OV", "level": "branch", "kind": kind, field: value, "effective_from": "2026-01-01"});
    let first = rule("percent", "rate_bp", 1_000);
    let fresh = nothing::<OverrideRule>();
    let event = |body: &Value, version: u16| with(body.clone(), "version", json!(version));
    fresh
        .when("PublishOverrideRule", first.clone())
        .then(&[("OverrideRulePublished", event(&first, 1))]);
    let flat = rule("flat", "rate_ppm", 50_000);
    fresh
        .after("PublishOverrideRule", first)
        .when("PublishOverrideRule", flat.clone())
        .then(&[("OverrideRulePublished", event(&flat, 2))]);
    let fresh = nothing::<OverrideRule>();
    fresh
        .when("PublishOverrideRule", rule("percent", "rate_ppm", 1))
        .malformed("/rate_bp");
    fresh
        .when("PublishOverrideRule", rule("differential", "rate_bp", 1))
        .malformed("/rate_ppm");
    let both = with(rule("flat", "rate_ppm", 1), "rate_bp", json!(1));
    fresh.when("PublishOverrideRule", both).malformed("/rate_bp");
    fresh
        .when("PublishOverrideRule", rule("flat", "rate_ppm", -1))
        .refused(Reason::InvalidAmount);
}

#[test]
fn m_r5_a_clawback_schedule_ascends_and_takes_back_no_more_than_all() {
    let schedule =
        |steps: Value| json!({"schedule_id": "CB", "steps": steps, "effective_from": "2026-01-01"});
    let body = schedule(json!([{"paid_to": 3, "rate_bp": 10_000}, {"paid_to": 4, "rate_bp": 9_000}]));
    let fresh = nothing::<ClawbackSchedule>();
    let event = with(body.clone(), "version", json!(1));
    fresh
        .when("PublishClawbackSchedule", body)
        .then(&[("ClawbackSchedulePublished", event)]);
    let falling = schedule(json!([{"paid_to": 3, "rate_bp": 1}, {"paid_to": 3, "rate_bp": 1}]));
    fresh
        .when("PublishClawbackSchedule", falling)
        .malformed("/steps/1/paid_to");
    let more = schedule(json!([{"paid_to": 3, "rate_bp": 10_001}]));
    fresh
        .when("PublishClawbackSchedule", more)
        .malformed("/steps/0/rate_bp");
    fresh
        .when("PublishClawbackSchedule", schedule(json!([])))
        .malformed("/steps");
}

#[test]
fn m_r7_a_bonus_schedules_bands_ascend_from_0() {
    let schedule = |bands: Value| json!({"schedule_id": "BO", "mode": "slab", "currency": "KRW", "bands": bands, "effective_from": "2026-01"});
    let body = schedule(json!([{"from_minor": 0, "rate_bp": 0}, {"from_minor": 100, "rate_bp": 500}]));
    let fresh = nothing::<BonusSchedule>();
    let event = with(body.clone(), "version", json!(1));
    fresh
        .when("PublishBonusSchedule", body)
        .then(&[("BonusSchedulePublished", event)]);
    let late = schedule(json!([{"from_minor": 1, "rate_bp": 0}]));
    fresh
        .when("PublishBonusSchedule", late)
        .malformed("/bands/0/from_minor");
    let falling = schedule(json!([{"from_minor": 0, "rate_bp": 0}, {"from_minor": 0, "rate_bp": 1}]));
    fresh
        .when("PublishBonusSchedule", falling)
        .malformed("/bands/1/from_minor");
}

#[test]
fn m_r1_periods_close_once_and_with_nothing_parked() {
    let (open, close) = (
        json!({"period": "2026-03"}),
        json!({"period": "2026-03", "reason": "month end"}),
    );
    let forced = with(close.clone(), "forced", json!(true));
    let closed = |forced: bool| with(close.clone(), "forced", json!(forced));
    let fresh = nothing::<Period>;
    fresh()
        .when("OpenPeriod", open.clone())
        .then(&[("CommissionPeriodOpened", open.clone())]);
    let opened = || fresh().after("OpenPeriod", open.clone());
    opened().when("OpenPeriod", open.clone()).nothing_happens();
    opened()
        .when("ClosePeriod", close.clone())
        .then(&[("CommissionPeriodClosed", closed(false))]);
    fresh()
        .when("ClosePeriod", close.clone())
        .then(&[("CommissionPeriodClosed", closed(false))]);
    let waiting = || Facts {
        parked: 2,
        ..Facts::default()
    };
    opened()
        .knowing(waiting())
        .when("ClosePeriod", close.clone())
        .refused(Reason::ParkedEventsRemain);
    opened()
        .knowing(waiting())
        .when("ClosePeriod", forced)
        .then(&[("CommissionPeriodClosed", closed(true))]);
    let frozen = opened().after("ClosePeriod", close.clone());
    frozen
        .when("ClosePeriod", close.clone())
        .refused(Reason::PeriodClosed);
    frozen
        .when("OpenPeriod", open.clone())
        .refused(Reason::PeriodClosed);
}

/// The course after events, `+2026-03` for opened and `-2026-03` for closed.
fn course(events: &[&str]) -> Facts {
    let mut course = Course::default();
    for event in events {
        let period = event[1..].parse().unwrap();
        course.take(&if event.starts_with('+') {
            CommissionPeriodOpened { period }.into()
        } else {
            let (forced, reason) = (false, None);
            CommissionPeriodClosed {
                period,
                forced,
                reason,
            }
            .into()
        });
    }
    Facts {
        course,
        ..Facts::default()
    }
}

#[test]
fn m_r1_a_month_closes_only_when_all_before_it_are_and_none_is_left_out() {
    use Reason::{PeriodClosed, PreviousPeriodOpen};
    for (events, command, period, refused) in [
        // Two months back, with an untouched one between.
        (
            &["+2026-01"][..],
            "ClosePeriod",
            "2026-03",
            Some(PreviousPeriodOpen),
        ),
        (
            &["+2026-01", "-2026-01"],
            "ClosePeriod",
            "2026-03",
            Some(PreviousPeriodOpen),
        ),
        (&["-2026-01", "-2026-02"], "ClosePeriod", "2026-03", None),
        (&["+2026-03"], "ClosePeriod", "2026-02", None),
        // A later month has ended it.
        (
            &["+2026-01", "-2026-02"],
            "ClosePeriod",
            "2026-01",
            Some(PeriodClosed),
        ),
        (&["-2026-02"], "OpenPeriod", "2026-01", Some(PeriodClosed)),
        (&["+2026-01"], "OpenPeriod", "2026-03", None),
    ] {
        for forced in [json!(false), json!(true)] {
            let mut body = json!({"period": period});
            if command == "ClosePeriod" {
                body["forced"] = forced;
            }
            let then = nothing::<Period>().knowing(course(events)).when(command, body);
            match refused {
                Some(reason) => then.refused(reason),
                None => then.accepted(),
            }
        }
    }
}

#[test]
fn m_r1_a_month_that_has_not_begun_on_the_business_calendar_does_not_close() {
    let close = |instant: &str| {
        let body = json!({"period": "2026-04"});
        nothing::<Period>().at(instant).when("ClosePeriod", body)
    };
    // Midnight in Seoul is 15:00 UTC.
    close("2026-03-31T14:59:59Z").refused(Reason::PreviousPeriodOpen);
    close("2026-03-31T15:00:00Z").accepted();
}

#[test]
fn an_adjustment_is_not_0_and_approved_by_another_person() {
    let body = json!({"adjustment_id": "AD1", "planner_id": "A", "component": "manual", "amount_minor": -1_000,
        "currency": "KRW", "reason": "stationery", "approved_by": "U2"});
    let fresh = nothing::<Adjustment>();
    fresh
        .when("AdjustCommission", body.clone())
        .then(&[("CommissionAdjusted", body.clone())]);
    fresh
        .when("AdjustCommission", with(body.clone(), "amount_minor", json!(0)))
        .refused(Reason::InvalidAmount);
    fresh
        .when("AdjustCommission", with(body.clone(), "approved_by", json!("U1")))
        .refused(Reason::ApprovalRequired);
    fresh
        .when("AdjustCommission", with(body.clone(), "reason", json!(null)))
        .refused(Reason::ApprovalRequired);
    fresh
        .after("AdjustCommission", body.clone())
        .when("AdjustCommission", body)
        .refused(Reason::AlreadyExists);
}
