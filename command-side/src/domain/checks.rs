//! Small rules that many aggregates share.

use plimsoll_contracts::{Amount, Currency, Id, SignedAmount};

use super::{Moment, Reason, Refusal};

/// An amount above 0, else `InvalidAmount`.
pub(crate) fn positive(field: &str, value: SignedAmount) -> Result<Amount, Refusal> {
    if value.get() > 0 {
        not_negative(field, value)
    } else {
        Err(invalid_amount(format!("{field} is {value}, it must be above 0")))
    }
}

/// An amount of 0 or more, else `InvalidAmount`.
pub(crate) fn not_negative(field: &str, value: SignedAmount) -> Result<Amount, Refusal> {
    Amount::new(value.get())
        .map_err(|_| invalid_amount(format!("{field} is {value}, it must not be below 0")))
}

/// Units above 0, else `InvalidQuantity`.
pub(crate) fn quantity(field: &str, value: SignedAmount) -> Result<Amount, Refusal> {
    positive(field, value).map_err(|_| {
        Refusal::because(
            Reason::InvalidQuantity,
            format!("{field} is {value}, it must be above 0"),
        )
    })
}

/// A computed sum that must fit the wire.
pub(crate) fn amount(field: &str, value: i128) -> Result<Amount, Refusal> {
    i64::try_from(value)
        .ok()
        .and_then(|value| Amount::new(value).ok())
        .ok_or_else(|| invalid_amount(format!("{field} would be {value}, outside 0 to 2^53 - 1")))
}

/// Tax contained in an amount is never larger than it.
pub(crate) fn tax_within(tax: Amount, amount: Amount) -> Result<(), Refusal> {
    if tax <= amount {
        Ok(())
    } else {
        Err(invalid_amount(format!(
            "tax_minor {tax} is larger than the amount {amount} that contains it"
        )))
    }
}

/// The one currency of a stream, else `CurrencyMismatch`.
pub(crate) fn same_currency(ours: Currency, given: Currency) -> Result<(), Refusal> {
    if ours == given {
        Ok(())
    } else {
        let detail = format!("the currency here is {ours}, not {given}");
        Err(Refusal::because(Reason::CurrencyMismatch, detail))
    }
}

/// A reason in words and an approver other than the actor, else `ApprovalRequired`.
pub(crate) fn approved(
    reason: Option<&String>,
    approved_by: Option<&Id>,
    moment: &Moment,
) -> Result<(String, Id), Refusal> {
    let refuse = |detail: &str| Err(Refusal::because(Reason::ApprovalRequired, detail));
    match (
        reason
            .map(|reason| reason.trim())
            .filter(|reason| !reason.is_empty()),
        approved_by,
    ) {
        (None, _) => refuse("say in `reason` why"),
        (_, None) => refuse("say in `approved_by` who approved"),
        (_, Some(by)) if by.as_str() == moment.actor.id => {
            refuse("the approver must not be the one who acts")
        }
        (Some(reason), Some(by)) => Ok((reason.to_owned(), by.clone())),
    }
}

/// A document's version, where the caller gives it, is the one that comes next.
pub(crate) fn next_version(last: u16, given: Option<u16>) -> Result<u16, Refusal> {
    let next = last
        .checked_add(1)
        .ok_or_else(|| Refusal::shape("/version", "a document has at most 65,535 versions"))?;
    match given {
        None => Ok(next),
        Some(version) if version == next => Ok(next),
        Some(version) if version != 0 && version <= last => Err(Refusal::because(
            Reason::AlreadyExists,
            format!("version {version} exists already"),
        )),
        Some(_) => Err(Refusal::shape(
            "/version",
            format!("the next version is {next}; it may be left out"),
        )),
    }
}

fn invalid_amount(detail: String) -> Refusal {
    Refusal::because(Reason::InvalidAmount, detail)
}
