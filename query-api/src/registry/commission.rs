//! What can be asked of `commission`.

use super::{Description, Table};

const PLANNER: (&str, &str) = ("planner_id", "ids, with commas between them");
const PERIOD: (&str, &str) = ("period", "one month, e.g. 2026-03");
const FROM: (&str, &str) = ("from", "first month");
const TO: (&str, &str) = ("to", "last month");
const CURRENCY: (&str, &str) = ("currency", "currency codes");

pub(super) const DESCRIPTION: Description = &[
    Table {
        name: "statements",
        parameters: &[
            PLANNER,
            PERIOD,
            FROM,
            TO,
            CURRENCY,
            ("group_by", "planner, period"),
        ],
        columns: &[
            ("planner_id", "text"),
            ("period", "text"),
            ("currency", "text"),
            ("opening_minor", "integer"),
            ("lines_minor", "integer"),
            ("recovered_minor", "integer"),
            ("withholding_minor", "integer"),
            ("payable_minor", "integer"),
            ("closing_minor", "integer"),
        ],
    },
    Table {
        name: "lines",
        parameters: &[
            PLANNER,
            PERIOD,
            FROM,
            TO,
            ("policy_id", "ids, with commas between them"),
            ("component", "components of lines"),
            CURRENCY,
            ("group_by", "planner, period, policy, component"),
        ],
        columns: &[
            ("period", "text"),
            ("planner_id", "text"),
            ("line_no", "integer"),
            ("policy_id", "text"),
            ("component", "text"),
            ("instalment_no", "integer"),
            ("amount_minor", "integer"),
            ("deferred_minor", "integer"),
            ("of_component", "text"),
            ("for_planner_id", "text"),
            ("level", "text"),
            ("rate", "text"),
            ("cause", "text"),
            ("currency", "text"),
            ("for_period", "text"),
        ],
    },
    Table {
        name: "policies",
        parameters: &[PLANNER, ("policy_id", "ids, with commas between them"), CURRENCY],
        columns: &[
            ("policy_id", "text"),
            ("status", "text"),
            ("paid_instalments", "integer"),
            ("cap_limit_minor", "integer"),
            ("cap_used_minor", "integer"),
            ("deferred_minor", "integer"),
            ("clawback_exposure_minor", "integer"),
            ("currency", "text"),
        ],
    },
    Table {
        name: "persistency",
        parameters: &[
            PLANNER,
            PERIOD,
            FROM,
            TO,
            ("persistency", "the instalment at which it is measured, e.g. 13"),
            CURRENCY,
            ("group_by", "planner, period, instalment"),
        ],
        columns: &[
            ("planner_id", "text"),
            ("instalment_no", "integer"),
            ("due_month", "text"),
            ("currency", "text"),
            ("issued", "integer"),
            ("kept", "integer"),
            ("issued_premium_minor", "integer"),
            ("kept_premium_minor", "integer"),
        ],
    },
];
