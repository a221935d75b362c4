//! Numbers as a person reads them, for formulas.

use plimsoll_contracts::{TenantConfig, events::RateBasis, rows::Component};

use super::super::{plan::Known, policy::Contract, rates::Rate};

/// An amount in minor units with its thousands apart: `1,200,000`.
pub(super) fn money(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if amount < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Millionths as per cent: 7,000,010 is `700.001 %`.
pub(super) fn percent_of_ppm(ppm: i64) -> String {
    format!("{} %", decimal(i128::from(ppm), 10_000))
}

/// Basis points as per cent: 6,667 is `66.67 %`.
pub(super) fn percent_of_bp(bp: i64) -> String {
    format!("{} %", decimal(i128::from(bp), 100))
}

/// `numerator / denominator` where the denominator is a power of ten, without idle zeros.
pub(super) fn decimal(numerator: i128, denominator: i128) -> String {
    let sign = if numerator < 0 { "-" } else { "" };
    let (whole, part) = (numerator.abs() / denominator, numerator.abs() % denominator);
    let whole = money(i64::try_from(whole).unwrap_or(i64::MAX));
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let width = denominator.to_string().len() - 1;
    let part = format!("{part:0width$}");
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// `420,000 + 1 largest remainder = 420,001`, or nothing where there was one payee.
pub(super) fn split(total: i64, share_bp: i64, part: i64) -> String {
    if share_bp == 10_000 {
        return String::new();
    }
    let exact = i128::from(total) * i128::from(share_bp);
    let floor = i64::try_from(exact / 10_000).unwrap_or(part);
    let share = format!("; share {} = {}", percent_of_bp(share_bp), decimal(exact, 10_000));
    match part - floor {
        0 if exact % 10_000 == 0 => share,
        0 => format!("{share}, no remainder given: {}", money(part)),
        more => format!(
            "{share}; {} + {} largest remainder = {}",
            money(floor),
            money(more),
            money(part)
        ),
    }
}

/// What a rate is a share of, with its amount.
pub(super) fn basis(rate: &Rate, contract: &Contract) -> (&'static str, &'static str, i64) {
    match rate.basis {
        RateBasis::MonthlyPremium => ("monthly_premium", "P", contract.monthly_premium_minor),
        RateBasis::AnnualPremium => (
            "annual_premium",
            "the annual premium",
            contract.annual_premium_minor,
        ),
        RateBasis::AcquisitionCost => (
            "acquisition_cost",
            "the acquisition cost",
            contract.acquisition_cost_minor.unwrap_or(0),
        ),
    }
}

/// `(R-12 v3, effective 2026-01-01, known 2025-12-20)`.
pub(super) fn document(known: &Known<Rate>, config: &TenantConfig) -> String {
    let rate = &known.document;
    format!(
        "({} v{}, effective {}, known {})",
        rate.rate_id,
        rate.version,
        rate.effective_from,
        config.business_date(known.stamp.at)
    )
}

/// A component as a word of a sentence.
pub(super) fn word(component: Component) -> String {
    component.as_str().replace('_', " ")
}
