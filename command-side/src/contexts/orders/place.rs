//! Placing an order: every line is rounded once, every sum is checked.

use std::collections::BTreeSet;

use plimsoll_contracts::{
    Amount, Currency,
    events::{OrderLine, OrderPlaced},
    money::gross_minor,
};

use super::commands::{PlaceLine, PlaceOrder};
use crate::domain::{Decision, Reason, Refusal, checks};

/// Most lines of an order.
const LINES_MAX: usize = 2_000;

/// The event of a new order.
pub(super) fn place(c: &PlaceOrder) -> Decision {
    if c.lines.is_empty() {
        return Err(Refusal::because(
            Reason::NoLines,
            "an order has at least one line",
        ));
    }
    if c.lines.len() > LINES_MAX {
        let detail = format!("{} lines; an order has at most {LINES_MAX}", c.lines.len());
        return Err(Refusal::because(Reason::TooManyLines, detail));
    }
    let mut numbers = BTreeSet::new();
    let mut lines = Vec::with_capacity(c.lines.len());
    for (index, asked) in c.lines.iter().enumerate() {
        if !numbers.insert(asked.line_no) {
            let detail = format!("line {} is there twice", asked.line_no);
            return Err(Refusal::shape(format!("/lines/{index}/line_no"), detail));
        }
        lines.push(line(asked, c.currency)?);
    }
    let nets: i128 = lines.iter().map(net).sum();
    let order_discount = checks::not_negative("order_discount_minor", c.order_discount_minor)?;
    let shipping = checks::not_negative("shipping_minor", c.shipping_minor)?;
    if i128::from(order_discount.get()) > nets {
        let detail = format!("the order discount {order_discount} is larger than the lines' net {nets}");
        return Err(Refusal::because(Reason::DiscountExceedsTotal, detail));
    }
    let total = nets - i128::from(order_discount.get()) + i128::from(shipping.get());
    let total = checks::amount("total_minor", total)?;
    same("total_minor", c.total_minor.map(|given| given.get()), total)?;
    let placed = OrderPlaced {
        order_id: c.order_id.clone(),
        customer_id: c.customer_id.clone(),
        channel: c.channel.clone(),
        region: c.region.clone(),
        currency: c.currency,
        lines,
        order_discount_minor: order_discount,
        shipping_minor: shipping,
        total_minor: total,
    };
    Ok(vec![placed.into()])
}

fn line(c: &PlaceLine, currency: Currency) -> Result<OrderLine, Refusal> {
    let at = |field: &str| format!("{field} of line {}", c.line_no);
    let qty = checks::quantity(&at("qty"), c.qty)?;
    let price = checks::not_negative(&at("unit_price_micros"), c.unit_price_micros)?;
    let gross = gross_minor(qty.get(), price.get(), currency);
    let gross = checks::amount(&at("gross_minor"), gross.into())?;
    same(&at("gross_minor"), c.gross_minor.map(|given| given.get()), gross)?;
    let discount = checks::not_negative(&at("discount_minor"), c.discount_minor)?;
    if discount > gross {
        let detail = format!(
            "the discount {discount} of line {} is larger than its gross {gross}",
            c.line_no
        );
        return Err(Refusal::because(Reason::DiscountExceedsTotal, detail));
    }
    let tax = checks::not_negative(&at("tax_minor"), c.tax_minor)?;
    checks::tax_within(
        tax,
        checks::amount("net", i128::from(gross.get() - discount.get()))?,
    )?;
    Ok(OrderLine {
        line_no: c.line_no,
        product_id: c.product_id.clone(),
        category: c.category.clone(),
        uom: c.uom.clone(),
        kind: c.kind,
        qty,
        unit_price_micros: price,
        gross_minor: gross,
        discount_minor: discount,
        tax_minor: tax,
    })
}

fn net(line: &OrderLine) -> i128 {
    i128::from(line.gross_minor.get()) - i128::from(line.discount_minor.get())
}

/// A derived amount that the caller gave all the same must be the derived one.
fn same(field: &str, given: Option<i64>, derived: Amount) -> Result<(), Refusal> {
    match given {
        Some(given) if given != derived.get() => {
            let detail = format!("{field} is {given}, its parts make {derived}");
            Err(Refusal::because(Reason::TotalMismatch, detail))
        }
        _ => Ok(()),
    }
}
