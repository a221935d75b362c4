//! The private documents of the fold, by key: small ones that many events read, and one per
//! policy, planner, unit and page of the index, so that no document grows without bound.

use std::sync::Arc;

use plimsoll_contracts::Id;
use serde::{Deserialize, Serialize};

use super::{
    bonus::{Producer, Production},
    hierarchy::{Planner, Unit},
    index::{Contracts, Page},
    ledger::Ledger,
    plan::Plan,
    policy::PolicyDoc,
};

/// A document; copies share their content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doc {
    /// `plan`
    Plan(Arc<Plan>),
    /// `policy/<id>`
    Policy(Arc<PolicyDoc>),
    /// `planner/<id>`
    Planner(Arc<Planner>),
    /// `unit/<id>`
    Unit(Arc<Unit>),
    /// `ledger/<planner>`
    Ledger(Arc<Ledger>),
    /// `contracts`
    Contracts(Arc<Contracts>),
    /// `contracts/<month>/<page>`
    Page(Arc<Page>),
    /// `waiting/<planner or unit>`: policies whose picture waits for it
    Waiting(Arc<Vec<Id>>),
    /// `production/<month>/<planner>/<currency>`
    Production(Arc<Production>),
    /// `producers/<month>`: who has production in it, in order
    Producers(Arc<Vec<Producer>>),
    /// `adjustment/<id>`: a line by hand that is about no policy was posted
    Posted,
}
