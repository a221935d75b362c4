//! "Online Retail" as events: products, orders with lines, captured payments, and the cancel rows
//! of the file as returns and refunds of the oldest matching order lines.

use std::{collections::HashMap, io::Read};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::{Europe::London, Tz};
use plimsoll_contracts::{
    Amount, Currency, SignedAmount,
    events::{
        ItemReturned, OrderLine, OrderPlaced, PaymentCaptured, PaymentMethod, PaymentRefunded, ProductKind,
        ProductRegistered, StockAdjusted,
    },
    money::{consumption, gross_minor},
};

use super::draft::{Draft, id, label};

const ZONE: Tz = London;

/// A row of the file.
#[derive(Debug, serde::Deserialize)]
struct Row {
    row: u64,
    invoice: String,
    stock_code: String,
    description: String,
    qty: i64,
    at_local: String,
    unit_price: String,
    customer: String,
    country: String,
}

/// What an order line has left for the cancel rows that follow.
struct Sold {
    order: usize,
    line_no: u16,
    at: DateTime<Utc>,
    net_minor: i64,
    qty: i64,
    taken: i64,
}

struct Order {
    id: String,
    at: DateTime<Utc>,
    customer: String,
    country: String,
    lines: Vec<OrderLine>,
}

#[derive(Default)]
struct Shop {
    drafts: Vec<Draft>,
    orders: Vec<Order>,
    by_invoice: HashMap<String, usize>,
    products: HashMap<String, ()>,
    cancels: Vec<(DateTime<Utc>, Row)>,
}

pub(super) fn drafts(rows: &mut csv::Reader<impl Read>) -> anyhow::Result<Vec<Draft>> {
    let mut shop = Shop::default();
    for row in rows.deserialize() {
        let row: Row = row?;
        let number = row.row;
        shop.take(row).with_context(|| format!("row {number}"))?;
    }
    shop.finish()
}

impl Shop {
    fn take(&mut self, row: Row) -> anyhow::Result<()> {
        let product_id = product_id(&row.stock_code);
        let at = instant(&row.at_local)?;
        let price_micros = micros(&row.unit_price)?;
        if self.products.insert(product_id.clone(), ()).is_none() {
            self.drafts.push(registered(&product_id, &row, price_micros)?);
        }
        if row.invoice.starts_with('A') {
            return Ok(());
        }
        if row.invoice.starts_with('C') {
            self.cancels.push((at, row));
            return Ok(());
        }
        if row.qty < 0 || price_micros == 0 {
            let event = StockAdjusted {
                product_id: id(&product_id)?,
                warehouse_id: id("UK")?,
                delta_qty: SignedAmount::new(row.qty)?,
                reason: "import".to_owned(),
            };
            self.drafts
                .push(Draft::new(at, "stock", &format!("{product_id}@UK"), event)?);
            return Ok(());
        }
        self.add_line(&product_id, at, price_micros, row)
    }

    fn add_line(
        &mut self,
        product_id: &str,
        at: DateTime<Utc>,
        price_micros: i64,
        row: Row,
    ) -> anyhow::Result<()> {
        let orders = &mut self.orders;
        let index = *self.by_invoice.entry(row.invoice.clone()).or_insert_with(|| {
            orders.push(Order {
                id: row.invoice,
                at,
                customer: row.customer,
                country: row.country,
                lines: Vec::new(),
            });
            orders.len() - 1
        });
        let lines = &mut self.orders[index].lines;
        lines.push(OrderLine {
            line_no: u16::try_from(lines.len() + 1)?,
            product_id: id(product_id)?,
            category: label("all")?,
            uom: label("ea")?,
            kind: kind(product_id),
            qty: Amount::new(row.qty)?,
            unit_price_micros: Amount::new(price_micros)?,
            gross_minor: Amount::new(gross_minor(row.qty, price_micros, currency()))?,
            discount_minor: Amount::ZERO,
            tax_minor: Amount::ZERO,
        });
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Vec<Draft>> {
        let mut sold: HashMap<(String, String), Vec<Sold>> = HashMap::new();
        for (index, order) in self.orders.iter().enumerate() {
            place(order, &mut self.drafts)?;
            for line in &order.lines {
                let line_sold = Sold {
                    order: index,
                    line_no: line.line_no,
                    at: order.at,
                    net_minor: line.gross_minor.get(),
                    qty: line.qty.get(),
                    taken: 0,
                };
                let key = (order.customer.clone(), line.product_id.to_string());
                sold.entry(key).or_default().push(line_sold);
            }
        }
        sold.values_mut()
            .for_each(|lines| lines.sort_by_key(|line| line.at));
        let mut cancels = std::mem::take(&mut self.cancels);
        cancels.sort_by_key(|(at, row)| (*at, row.row));
        for (at, row) in &cancels {
            let key = (row.customer.clone(), product_id(&row.stock_code));
            let lines = if row.customer.is_empty() {
                None
            } else {
                sold.get_mut(&key)
            };
            self.cancel(*at, row, lines.map_or(&mut [][..], Vec::as_mut_slice))?;
        }
        Ok(self.drafts)
    }

    /// Takes a cancel row's units from the customer's oldest lines of the product.
    fn cancel(&mut self, at: DateTime<Utc>, row: &Row, lines: &mut [Sold]) -> anyhow::Result<()> {
        let mut left = row.qty.abs();
        let mut piece = 0;
        for line in lines.iter_mut().filter(|line| line.at <= at) {
            let qty = left.min(line.qty - line.taken);
            if qty == 0 {
                continue;
            }
            piece += 1;
            let order_id = self.orders[line.order].id.clone();
            let return_id = format!("{}.{}.{piece}", row.invoice, row.row);
            let value_minor = consumption(line.net_minor, line.qty, line.taken, qty);
            self.drafts.push(returned(
                at,
                &order_id,
                &return_id,
                line.line_no,
                qty,
                "cancelled",
            )?);
            if value_minor != 0 {
                self.drafts
                    .push(refunded(at, &order_id, &return_id, value_minor)?);
            }
            line.taken += qty;
            left -= qty;
        }
        if left > 0 {
            let order_id = format!("unknown.{}", row.row);
            let return_id = format!("{}.{}.0", row.invoice, row.row);
            self.drafts
                .push(returned(at, &order_id, &return_id, 1, left, "no-sale-found")?);
        }
        Ok(())
    }
}

fn registered(product_id: &str, row: &Row, price_micros: i64) -> anyhow::Result<Draft> {
    let name = if row.description.trim().is_empty() {
        product_id
    } else {
        row.description.trim()
    };
    let event = ProductRegistered {
        product_id: id(product_id)?,
        name: name.to_owned(),
        category: label("all")?,
        uom: label("ea")?,
        kind: kind(product_id),
        currency: currency(),
        unit_price_micros: Amount::new(price_micros.max(0))?,
        price_version: 1,
    };
    Draft::new(instant("2010-12-01 00:00:00")?, "product", product_id, event)
}

fn place(order: &Order, drafts: &mut Vec<Draft>) -> anyhow::Result<()> {
    let total: i64 = order.lines.iter().map(|line| line.gross_minor.get()).sum();
    let region = label(&order.country.replace(' ', "-"))?;
    let placed = OrderPlaced {
        order_id: id(&order.id)?,
        customer_id: if order.customer.is_empty() {
            None
        } else {
            Some(id(&order.customer)?)
        },
        channel: label("web")?,
        region: region.clone(),
        currency: currency(),
        lines: order.lines.clone(),
        order_discount_minor: Amount::ZERO,
        shipping_minor: Amount::ZERO,
        total_minor: Amount::new(total)?,
    };
    drafts.push(Draft::new(order.at, "order", &order.id, placed)?);
    if total > 0 {
        let captured = PaymentCaptured {
            payment_id: id(&order.id)?,
            order_id: id(&order.id)?,
            capture_id: id(&format!("{}-c1", order.id))?,
            amount_minor: Amount::new(total)?,
            tax_minor: Amount::ZERO,
            currency: currency(),
            method: PaymentMethod::Card,
            channel: label("web")?,
            region,
        };
        drafts.push(Draft::new(order.at, "payment", &order.id, captured)?);
    }
    Ok(())
}

fn returned(
    at: DateTime<Utc>,
    order_id: &str,
    return_id: &str,
    line_no: u16,
    qty: i64,
    reason: &str,
) -> anyhow::Result<Draft> {
    let event = ItemReturned {
        order_id: id(order_id)?,
        return_id: id(return_id)?,
        line_no,
        qty: Amount::new(qty)?,
        reason: Some(reason.to_owned()),
    };
    Draft::new(at, "order", order_id, event)
}

fn refunded(at: DateTime<Utc>, order_id: &str, refund_id: &str, amount_minor: i64) -> anyhow::Result<Draft> {
    let event = PaymentRefunded {
        payment_id: id(order_id)?,
        refund_id: id(refund_id)?,
        capture_id: id(&format!("{order_id}-c1"))?,
        amount_minor: Amount::new(amount_minor)?,
        tax_minor: Amount::ZERO,
        currency: currency(),
        reason: None,
    };
    Draft::new(at, "payment", order_id, event)
}

fn product_id(stock_code: &str) -> String {
    stock_code.trim().replace(' ', "_")
}

fn kind(product_id: &str) -> ProductKind {
    let five_digits = product_id.len() >= 5 && product_id.bytes().take(5).all(|b| b.is_ascii_digit());
    if five_digits || product_id.starts_with("DCGS") || product_id.starts_with("gift") {
        ProductKind::Goods
    } else {
        ProductKind::Charge
    }
}

fn currency() -> Currency {
    "GBP".parse().expect("GBP is a currency code")
}

fn instant(local: &str) -> anyhow::Result<DateTime<Utc>> {
    let wall = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M:%S")
        .with_context(|| format!("`{local}` is not a wall-clock time"))?;
    let at = wall.and_local_timezone(ZONE).earliest();
    Ok(at
        .with_context(|| format!("{local} does not exist in {ZONE}"))?
        .to_utc())
}

/// A decimal price as micros of the major unit, exactly.
fn micros(decimal: &str) -> anyhow::Result<i64> {
    let (negative, digits) = decimal
        .strip_prefix('-')
        .map_or((false, decimal), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    anyhow::ensure!(
        fraction.len() <= 6,
        "price `{decimal}` has more than six decimals"
    );
    let value: i64 = format!("{whole}{fraction:0<6}")
        .parse()
        .with_context(|| format!("price `{decimal}`"))?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_become_micros_exactly() {
        assert_eq!(micros("2.55").unwrap(), 2_550_000);
        assert_eq!(micros("0.001").unwrap(), 1_000);
        assert_eq!(micros("27").unwrap(), 27_000_000);
        assert_eq!(micros("-11062.06").unwrap(), -11_062_060_000);
        assert!(micros("1.2345678").is_err());
    }
}
