//! What can be asked of `call-time`.

use plimsoll_views::Params;

use super::{Description, Table};

const DAYS: [(&str, &str); 3] = [
    ("date", "one business date"),
    ("from", "first business date"),
    ("to", "last business date"),
];

const CHANGED_SINCE: (&str, &str) = ("changed_since", "a position: only rows that changed after it");

/// The scope that ranking persons needs beside that of the view.
pub(crate) const RANKING: &str = "view:call-time:ranking";

/// Whether an answer sorted by a column ranks persons: rows of agents, by what they did.
pub(crate) fn ranks_persons(params: &Params, column: &str) -> bool {
    let is = |name: &str, value: &str| params.get(name).is_some_and(|known| known == value);
    let names_agents = params
        .get("group_by")
        .is_none_or(|group_by| group_by.split(',').any(|word| word == "agent"));
    let keys = ["agent_id", "business_date", "team", "key"];
    is("table", "agents") && names_agents && !keys.contains(&column)
}

pub(super) const DESCRIPTION: Description = &[
    Table {
        name: "agents",
        parameters: &[
            DAYS[0],
            DAYS[1],
            DAYS[2],
            ("agent_id", "ids, with commas between them"),
            ("team", "teams by the agents' log-ins, with commas between them"),
            ("group_by", "agent, team, day"),
            CHANGED_SINCE,
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
            ("aht", "json"),
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
            (
                "threshold_s",
                "of the service level, seconds; otherwise the configured one",
            ),
            CHANGED_SINCE,
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
            ("service_level_threshold_s", "integer"),
            ("asa", "json"),
        ],
    },
    Table {
        name: "centre",
        parameters: &[DAYS[0], DAYS[1], DAYS[2], CHANGED_SINCE],
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
            (
                "only",
                "estimated, unresolved, quarantined, conflict; long: longer than `long_call_s`, a list of its own",
            ),
            CHANGED_SINCE,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_ranked_by_what_they_did_and_not_by_their_names() {
        let params = |list: &[(&str, &str)]| -> Params {
            list.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let agents = params(&[("table", "agents")]);
        assert!(ranks_persons(&agents, "call_s"));
        assert!(!ranks_persons(&agents, "agent_id"));
        assert!(ranks_persons(
            &params(&[("table", "agents"), ("group_by", "agent,day")]),
            "handled"
        ));
        assert!(!ranks_persons(
            &params(&[("table", "agents"), ("group_by", "team")]),
            "handled"
        ));
        assert!(!ranks_persons(&params(&[("table", "queues")]), "offered"));
    }
}
