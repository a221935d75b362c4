//! Which crate may know which: a new arrow is a decision, made here.

use super::{Metadata, Package};

/// A crate and which of ours it may use.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

const SERVICE: &[&str] = &[
    "plimsoll-contracts",
    "plimsoll-views",
    "plimsoll-log",
    "plimsoll-store",
    "plimsoll-feed",
    "plimsoll-host",
];

const ROOMS: &[Room] = &[
    Room {
        name: "plimsoll-contracts",
        may_use: &[],
    },
    Room {
        name: "plimsoll-devstack",
        may_use: &[],
    },
    Room {
        name: "plimsoll-views",
        may_use: &["plimsoll-contracts"],
    },
    Room {
        name: "plimsoll-log",
        may_use: &["plimsoll-contracts"],
    },
    Room {
        name: "plimsoll-store",
        may_use: &["plimsoll-contracts"],
    },
    Room {
        name: "plimsoll-feed",
        may_use: &["plimsoll-contracts"],
    },
    Room {
        name: "plimsoll-host",
        may_use: &["plimsoll-contracts"],
    },
    Room {
        name: "plimsoll-command-side",
        may_use: SERVICE,
    },
    Room {
        name: "plimsoll-projector",
        may_use: SERVICE,
    },
    Room {
        name: "plimsoll-query-api",
        may_use: SERVICE,
    },
];

/// These stand on top of everything, or outside of the product.
const ANYTHING: &[&str] = &["plimsoll", "plimsoll-bench", "xtask"];

/// What only some may know, so that it can be exchanged or reasoned about in one place.
const GUARDED: &[(&str, &[&str])] = &[
    ("async-nats", &["plimsoll-log", "plimsoll-feed"]),
    ("sqlx", &["plimsoll-log", "plimsoll-store"]),
    ("redis", &["plimsoll-store"]),
    (
        "axum",
        &[
            "plimsoll-host",
            "plimsoll-command-side",
            "plimsoll-projector",
            "plimsoll-query-api",
            "plimsoll",
        ],
    ),
];

/// Rooms of pure functions, and what would let the world in.
const PURE: &[&str] = &["plimsoll-contracts", "plimsoll-views"];
const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "rand",
    "getrandom",
    "reqwest",
    "hyper",
    "tracing",
    "metrics",
];

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    metadata.packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let room = ROOMS.iter().find(|room| room.name == name);
    if room.is_none() && !ANYTHING.contains(&name) {
        return vec![format!(
            "{name} has no place in the table of arrows (xtask/src/tidy/arrows.rs)"
        )];
    }
    let dependencies = package
        .dependencies
        .iter()
        .filter(|dependency| !dependency.is_dev());
    let mut complaints = Vec::new();
    for dependency in dependencies {
        let other = dependency.name.as_str();
        if dependency.path.is_some() && room.is_some_and(|room| !room.may_use.contains(&other)) {
            complaints.push(format!("{name} imports {other}: there is no such arrow"));
        }
        let guard = GUARDED
            .iter()
            .find(|(guarded, allowed)| *guarded == other && !allowed.contains(&name));
        if let Some((_, allowed)) = guard.filter(|_| name != "plimsoll-bench") {
            complaints.push(format!(
                "{name} imports {other}, which only {} may know",
                allowed.join(", ")
            ));
        }
        if PURE.contains(&name) && IMPURE.contains(&other) {
            complaints.push(format!(
                "{name} imports {other}, but it is a room of pure functions"
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::{Dependency, Metadata, Package};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Metadata {
        let dependencies = dependencies
            .iter()
            .map(|(other, kind)| Dependency {
                name: (*other).to_owned(),
                kind: kind.map(str::to_owned),
                path: other.starts_with("plimsoll").then(|| "here".to_owned()),
            })
            .collect();
        Metadata {
            packages: vec![Package {
                name: name.to_owned(),
                dependencies,
            }],
        }
    }

    #[test]
    fn siblings_do_not_import_each_other() {
        assert_eq!(
            check(&package(
                "plimsoll-store",
                &[("plimsoll-contracts", None), ("plimsoll-log", None)]
            )),
            ["plimsoll-store imports plimsoll-log: there is no such arrow"]
        );
        assert_eq!(
            check(&package("plimsoll-contracts", &[("plimsoll-views", None)])).len(),
            1
        );
        assert_eq!(
            check(&package("plimsoll-projector", &[("plimsoll-query-api", None)])).len(),
            1
        );
        assert_eq!(
            check(&package("plimsoll-projector", &[("plimsoll-devstack", None)])).len(),
            1
        );
    }

    #[test]
    fn guarded_crates_stay_in_their_rooms() {
        assert!(check(&package("plimsoll-log", &[("async-nats", None), ("sqlx", None)])).is_empty());
        for (room, guarded) in [
            ("plimsoll-store", "async-nats"),
            ("plimsoll-query-api", "sqlx"),
            ("plimsoll-log", "redis"),
            ("plimsoll-store", "axum"),
            ("plimsoll", "sqlx"),
        ] {
            assert_eq!(
                check(&package(room, &[(guarded, None)])).len(),
                1,
                "{room} imports {guarded}"
            );
        }
    }

    #[test]
    fn tests_and_benchmarks_are_free() {
        assert!(check(&package("plimsoll-store", &[("plimsoll-devstack", Some("dev"))])).is_empty());
        assert!(check(&package("plimsoll-query-api", &[("sqlx", Some("dev"))])).is_empty());
        assert!(
            check(&package(
                "plimsoll-bench",
                &[("sqlx", None), ("plimsoll-log", None)]
            ))
            .is_empty()
        );
    }

    #[test]
    fn folds_import_nothing_that_lets_the_world_in() {
        assert_eq!(check(&package("plimsoll-views", &[("tokio", None)])).len(), 1);
        assert_eq!(check(&package("plimsoll-contracts", &[("rand", None)])).len(), 1);
    }

    #[test]
    fn a_new_crate_must_be_given_a_place() {
        assert_eq!(check(&package("plimsoll-utils", &[])).len(), 1);
    }
}
