//! The shop: orders, payments, declines, cancellations, returns, refunds, the odd chargeback.

use chrono::{DateTime, Duration, Utc};
use plimsoll_contracts::{Currency, money::gross_minor};
use rand::Rng as _;
use serde_json::{Value, json};

use super::story::Script;

/// Product id, name, category, price in won.
const PRODUCTS: &[(&str, &str, &str, i64)] = &[
    ("TEA-01", "우전 녹차 50g", "tea", 42_000),
    ("TEA-02", "세작 녹차 80g", "tea", 28_000),
    ("TEA-03", "황차 60g", "tea", 35_000),
    ("TEA-04", "호지차 100g", "tea", 14_500),
    ("TEA-05", "감잎차 40g", "tea", 9_800),
    ("COF-01", "Guji washed 200g", "coffee", 19_500),
    ("COF-02", "House blend 1kg", "coffee", 36_000),
    ("COF-03", "Decaf 200g", "coffee", 18_000),
    ("COF-04", "Cold brew 1l", "coffee", 16_500),
    ("CER-01", "백자 찻잔", "ceramics", 54_000),
    ("CER-02", "청자 다관", "ceramics", 128_000),
    ("CER-03", "Dripper, stoneware", "ceramics", 47_000),
    ("CER-04", "머그 350ml", "ceramics", 23_000),
    ("SWT-01", "약과 12개", "sweets", 15_000),
    ("SWT-02", "양갱 6개", "sweets", 13_500),
    ("SWT-03", "Almond biscotti", "sweets", 8_900),
    ("ACC-01", "Gooseneck kettle", "accessories", 89_000),
    ("ACC-02", "Paper filters 100", "accessories", 6_500),
    ("ACC-03", "대나무 차칙", "accessories", 11_000),
    ("ACC-04", "보자기 포장", "accessories", 4_000),
];
const CHANNELS: &[&str] = &["web", "web", "web", "app", "app", "store", "marketplace"];
const REGIONS: &[&str] = &["seoul", "seoul", "gyeonggi", "busan", "daegu", "jeju"];
const METHODS: &[&str] = &["card", "card", "card", "wallet", "transfer"];
const MICROS: i64 = 1_000_000;

pub(super) fn open(script: &mut Script, at: DateTime<Utc>) {
    for (product_id, name, category, price) in PRODUCTS {
        let body = json!({
            "product_id": product_id, "name": name, "category": category, "uom": "ea", "kind": "goods",
            "currency": "KRW", "unit_price_micros": price * MICROS,
        });
        script.tell(
            at,
            &format!("product-{product_id}"),
            "catalog",
            "RegisterProduct",
            body,
        );
    }
}

/// An order and all that follows from it.
pub(super) fn order(script: &mut Script, at: DateTime<Utc>) {
    let order_id = script.id("O");
    let (channel, region) = (*script.pick(CHANNELS), *script.pick(REGIONS));
    let mut lines = Vec::new();
    let mut total = 0;
    for line_no in 1..=script.random.random_range(1..=4_u16) {
        let (line, net) = line(script, line_no);
        lines.push(line);
        total += net;
    }
    let discount = if script.chance(15) {
        total / 20 / 100 * 100
    } else {
        0
    };
    let shipping = if total > 50_000 { 0 } else { 3_000 };
    let due = total - discount + shipping;
    let subject = format!("order-{order_id}");
    let first_qty = lines[0]["qty"].as_i64().unwrap_or(1);
    let body = json!({
        "order_id": order_id, "customer_id": format!("CU{}", script.random.random_range(1..4_000)),
        "channel": channel, "region": region, "currency": "KRW", "lines": lines,
        "order_discount_minor": discount, "shipping_minor": shipping,
    });
    script.tell(at, &subject, "orders", "PlaceOrder", body);
    let sale = Sale {
        order_id: &order_id,
        channel,
        region,
        amount: due,
    };
    if script.chance(4) {
        let cancel_at = at + script.seconds(2, 40);
        let body = json!({"order_id": order_id, "reason": "customer"});
        script.tell(cancel_at, &subject, "orders", "CancelOrder", body);
        if script.chance(50) {
            return;
        }
        pay(script, at, &sale, Some((cancel_at, due)));
        return;
    }
    let refund = if script.chance(7) {
        let back_at = at + script.seconds(20, 240);
        let qty = script.random.random_range(1..=first_qty);
        let return_id = script.id("RT");
        let body = json!({"order_id": order_id, "return_id": return_id, "line_no": 1, "qty": qty});
        script.tell(back_at, &subject, "orders", "ReturnItem", body);
        Some((back_at + script.seconds(5, 20), due / 3))
    } else {
        None
    };
    pay(script, at, &sale, refund);
}

fn line(script: &mut Script, line_no: u16) -> (Value, i64) {
    // The square draws early products more often, as in any shop.
    let draw: f64 = script.random.random();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a draw below the list's length"
    )]
    let index = (draw * draw * PRODUCTS.len() as f64) as usize;
    let (product_id, _, category, price) = PRODUCTS[index.min(PRODUCTS.len() - 1)];
    let qty = i64::from(script.random.random_range(1..=3_u8));
    let krw: Currency = "KRW".parse().expect("KRW is a currency code");
    let gross = gross_minor(qty, price * MICROS, krw);
    let discount = if script.chance(10) {
        gross / 10 / 100 * 100
    } else {
        0
    };
    let net = gross - discount;
    let body = json!({
        "line_no": line_no, "product_id": product_id, "category": category, "uom": "ea", "kind": "goods", "qty": qty,
        "unit_price_micros": price * MICROS, "discount_minor": discount, "tax_minor": net / 11,
    });
    (body, net)
}

struct Sale<'a> {
    order_id: &'a str,
    channel: &'a str,
    region: &'a str,
    amount: i64,
}

fn pay(script: &mut Script, placed_at: DateTime<Utc>, sale: &Sale<'_>, refund: Option<(DateTime<Utc>, i64)>) {
    let payment_id = script.id("P");
    let subject = format!("payment-{payment_id}");
    let method = *script.pick(METHODS);
    let mut at = placed_at + script.seconds(1, 3);
    let body = json!({
        "payment_id": payment_id, "order_id": sale.order_id, "amount_minor": sale.amount, "currency": "KRW",
        "method": method, "channel": sale.channel, "region": sale.region,
    });
    script.tell(at, &subject, "payments", "RequestPayment", body);
    if script.chance(6) {
        at += script.seconds(1, 2);
        let (code, reason) = *script.pick(&[
            ("51", "insufficient funds"),
            ("54", "expired card"),
            ("05", "do not honour"),
        ]);
        let body = json!({"payment_id": payment_id, "attempt": 1, "code": code, "reason": reason});
        script.tell(at, &subject, "payments", "DeclinePayment", body);
        if script.chance(40) {
            return;
        }
    }
    at += script.seconds(1, 3);
    let body = json!({
        "payment_id": payment_id, "authorisation_id": format!("{payment_id}-a1"), "amount_minor": sale.amount,
        "currency": "KRW", "expires_at": plimsoll_contracts::time::format(at + Duration::days(5)),
    });
    script.tell(at, &subject, "payments", "AuthorisePayment", body);
    at += script.seconds(0, 2);
    let capture_id = format!("{payment_id}-c1");
    let body = json!({
        "payment_id": payment_id, "order_id": sale.order_id, "capture_id": capture_id, "amount_minor": sale.amount,
        "tax_minor": sale.amount / 11, "currency": "KRW", "method": method, "channel": sale.channel,
        "region": sale.region,
    });
    script.tell(at, &subject, "payments", "CapturePayment", body);
    if let Some((back_at, amount)) = refund {
        let body = json!({
            "payment_id": payment_id, "refund_id": format!("{payment_id}-r1"), "capture_id": capture_id,
            "amount_minor": amount, "tax_minor": amount / 11, "currency": "KRW", "reason": "goods returned",
        });
        script.tell(
            back_at.max(at) + Duration::seconds(1),
            &subject,
            "payments",
            "RefundPayment",
            body,
        );
    } else if script.chance(1) {
        let body = json!({
            "payment_id": payment_id, "chargeback_id": format!("{payment_id}-b1"), "capture_id": capture_id,
            "amount_minor": sale.amount, "tax_minor": sale.amount / 11, "currency": "KRW", "reason": "not received",
        });
        let taken_at = at + script.seconds(30, 90);
        script.tell(taken_at, &subject, "payments", "OpenChargeback", body);
    }
}
