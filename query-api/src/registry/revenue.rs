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
const SETTLEMENT: (&str, &str) = ("settlement", "true: the table of settlement batches");

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
            (
                "attribution",
                "activity (default) | cohort: what is taken back counts in the hour of its capture (R-R2)",
            ),
            (
                "sliding_s",
                "seconds: the window (now - w, now], up to 172800 (R-R1)",
            ),
            (
                "to_date",
                "day | week | month: from its beginning, by the business calendar, up to now",
            ),
            (
                "compare",
                "previous_day | same_weekday_last_week | previous_month | days back (1 to 92): the same elapsed time of an earlier period (R-R5)",
            ),
            (
                "run_rate",
                "linear | profile (= true): what the period may come to (R-R5)",
            ),
            (
                "profile_bp",
                "share of a day that is there by now, instead of what past days say",
            ),
            ("now", "the instant to ask at, instead of the server's clock"),
            FAILURES,
            SETTLEMENT,
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
    Table {
        name: "settlement",
        parameters: &[
            SETTLEMENT,
            DATE,
            FROM,
            TO,
            ("group_by", "day, currency"),
            ("batch_id", "ids, with commas between them"),
            CURRENCY,
        ],
        columns: &[
            ("settled_on", "date"),
            ("batch_id", "text"),
            ("currency", "text"),
            ("lines", "integer"),
            ("matched", "integer"),
            ("missing_here", "integer"),
            ("missing_there", "integer"),
            ("amount_differs", "integer"),
            ("settled_minor", "integer"),
            ("fee_minor", "integer"),
            ("missing_here_minor", "integer"),
            ("missing_there_minor", "integer"),
            ("difference_minor", "integer"),
        ],
    },
];
