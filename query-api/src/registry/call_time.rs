//! What can be asked of `call-time`.

use super::{Description, Table};

const DAYS: [(&str, &str); 3] = [
    ("date", "one business date"),
    ("from", "first business date"),
    ("to", "last business date"),
];

pub(super) const DESCRIPTION: Description = &[
    Table {
        name: "agents",
        parameters: &[
            DAYS[0],
            DAYS[1],
            DAYS[2],
            ("agent_id", "ids, with commas between them"),
            ("group_by", "agent, day"),
        ],
        columns: &[
            ("agent_id", "text"),
            ("business_date", "date"),
            ("call_s", "integer"),
            ("talk_s", "integer"),
            ("hold_s", "integer"),
            ("consult_s", "integer"),
            ("acw_s", "integer"),
            ("handle_s", "integer"),
            ("busy_s", "integer"),
            ("handled", "integer"),
            ("transfers_in", "integer"),
            ("transfers_out", "integer"),
            ("longest_s", "integer"),
            ("estimated", "integer"),
            ("unresolved", "integer"),
            ("quarantined", "integer"),
            ("open", "integer"),
            ("first_at", "time"),
            ("last_at", "time"),
        ],
    },
    Table {
        name: "queues",
        parameters: &[
            DAYS[0],
            DAYS[1],
            DAYS[2],
            ("queue", "queues, with commas between them"),
            ("group_by", "queue, day, half_hour"),
            ("formula", "of the service level: F1 … F5 (C-R8)"),
        ],
        columns: &[
            ("queue", "text"),
            ("business_date", "date"),
            ("half_hour", "text"),
            ("offered", "integer"),
            ("answered", "integer"),
            ("abandoned", "integer"),
            ("answered_within", "integer"),
            ("abandoned_within", "integer"),
            ("abandoned_short", "integer"),
            ("wait_answered_s", "integer"),
            ("service_level", "json"),
            ("service_level_formula", "text"),
            ("asa", "json"),
        ],
    },
    Table {
        name: "centre",
        parameters: &DAYS,
        columns: &[
            ("business_date", "date"),
            ("contacts_handled", "integer"),
            ("segments", "integer"),
            ("unowned_s", "integer"),
        ],
    },
    Table {
        name: "live",
        parameters: &[
            ("live", "true: this table"),
            ("only", "open: this table"),
            ("agent_id", "ids, with commas between them"),
            ("queue", "queues, with commas between them"),
        ],
        columns: &[
            ("call_id", "text"),
            ("segment_id", "text"),
            ("agent_id", "text"),
            ("queue", "text"),
            ("connected_at", "time"),
            ("held", "boolean"),
        ],
    },
    Table {
        name: "marked",
        parameters: &[
            DAYS[0],
            DAYS[1],
            DAYS[2],
            ("agent_id", "ids, with commas between them"),
            ("only", "estimated, unresolved, quarantined, conflict"),
        ],
        columns: &[
            ("mark", "text"),
            ("call_id", "text"),
            ("segment_id", "text"),
            ("agent_id", "text"),
            ("business_date", "date"),
            ("connected_at", "time"),
            ("ended_at", "time"),
        ],
    },
];
