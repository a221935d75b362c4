//! What can be asked of `revenue`.

use super::{Description, Table};

const DATE: (&str, &str) = ("date", "one business date");
const FROM: (&str, &str) = ("from", "first business date");
const TO: (&str, &str) = ("to", "last business date");
const WINDOW: (&str, &str) = ("window", "1m | 5m | 1h | day | week | month, half-open (R-R1)");
const CHANNEL: (&str, &str) = ("channel", "sales channels");
const CURRENCY: (&str, &str) = ("currency", "currency codes");
const INCL_TAX: (&str, &str) = ("incl_tax", "true (default) | false: without tax");
const FAILURES: (&str, &str) = ("failures", "true: the table of failures");

pub(super) const DESCRIPTION: Description = &[
    Table {
        name: "rows",
        parameters: &[
            DATE,
            FROM,
            TO,
            WINDOW,
            ("group_by", "day, hour, channel, region, method, currency"),
            CHANNEL,
            ("region", "regions"),
            (
                "method",
                "card, virtual_account, transfer, wallet, invoice, order",
            ),
            CURRENCY,
            INCL_TAX,
            FAILURES,
        ],
        columns: &[
            ("business_date", "date"),
            ("hour", "integer"),
            ("channel", "text"),
            ("region", "text"),
            ("method", "text"),
            ("currency", "text"),
            ("captured_minor", "integer"),
            ("captured_tax_minor", "integer"),
            ("captures", "integer"),
            ("refunded_minor", "integer"),
            ("refunded_tax_minor", "integer"),
            ("refunds", "integer"),
            ("chargeback_minor", "integer"),
            ("chargeback_tax_minor", "integer"),
            ("chargebacks", "integer"),
            ("chargeback_reversed_minor", "integer"),
            ("chargeback_reversed_tax_minor", "integer"),
            ("net_minor", "integer"),
            ("net_supply_minor", "integer"),
            ("reporting_minor", "integer"),
            ("fx_minor", "integer"),
            ("reporting_missing", "integer"),
        ],
    },
    Table {
        name: "minutes",
        parameters: &[
            DATE,
            FROM,
            TO,
            WINDOW,
            ("group_by", "day, channel, currency"),
            CHANNEL,
            CURRENCY,
            INCL_TAX,
        ],
        columns: &[
            ("minute", "time"),
            ("business_date", "date"),
            ("channel", "text"),
            ("currency", "text"),
            ("captured_minor", "integer"),
            ("captured_tax_minor", "integer"),
            ("captures", "integer"),
            ("refunded_minor", "integer"),
            ("refunded_tax_minor", "integer"),
            ("refunds", "integer"),
            ("chargeback_minor", "integer"),
            ("chargeback_tax_minor", "integer"),
            ("chargebacks", "integer"),
            ("chargeback_reversed_minor", "integer"),
            ("chargeback_reversed_tax_minor", "integer"),
            ("net_minor", "integer"),
            ("net_supply_minor", "integer"),
            ("reporting_minor", "integer"),
            ("fx_minor", "integer"),
            ("reporting_missing", "integer"),
        ],
    },
    Table {
        name: "failures",
        parameters: &[
            FAILURES,
            DATE,
            FROM,
            TO,
            WINDOW,
            ("group_by", "day, hour, channel, code"),
            CHANNEL,
            ("code", "codes"),
        ],
        columns: &[
            ("business_date", "date"),
            ("hour", "integer"),
            ("channel", "text"),
            ("code", "text"),
            ("count", "integer"),
        ],
    },
];
