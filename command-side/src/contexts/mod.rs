//! The bounded contexts, one folder each, and the registry that finds a command by its path.

pub(crate) mod agents;
pub(crate) mod calls;
pub(crate) mod catalog;
pub(crate) mod commissions;
pub(crate) mod config;
pub(crate) mod orders;
pub(crate) mod orgunits;
pub(crate) mod payments;
pub(crate) mod planners;
pub(crate) mod policies;

use std::sync::LazyLock;

use plimsoll_contracts::problem::FieldError;
use serde_json::Value;

use crate::{
    domain::{CommandInfo, CommandSet},
    handler::{Ask, Asked, Gather, alone},
};

alone!(
    catalog::Product,
    orders::Order,
    payments::Payment,
    payments::Settlement,
    payments::FxRate,
    calls::Call,
    planners::Planner,
    commissions::Rate,
    commissions::OverrideRule,
    commissions::ClawbackSchedule,
    commissions::BonusSchedule,
    commissions::Adjustment,
);

type Parse = fn(&str, Value) -> Result<Box<dyn Ask>, FieldError>;

/// A command as the registry knows it.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The bounded context.
    pub(crate) context: &'static str,
    /// Category of the streams that it writes.
    pub(crate) category: &'static str,
    /// Name, description, schema.
    pub(crate) info: CommandInfo,
    parse: Parse,
}

impl Entry {
    /// Reads a body without `occurred_at`.
    pub(crate) fn parse(&self, body: Value) -> Result<Box<dyn Ask>, FieldError> {
        (self.parse)(self.info.name, body)
    }
}

/// Every command, in the order of the event catalogue.
pub(crate) static REGISTRY: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut all = Vec::new();
    add::<catalog::Product>(&mut all);
    add::<orders::Order>(&mut all);
    add::<payments::Payment>(&mut all);
    add::<payments::Settlement>(&mut all);
    add::<payments::FxRate>(&mut all);
    add::<calls::Call>(&mut all);
    add::<agents::Session>(&mut all);
    add::<policies::Policy>(&mut all);
    add::<planners::Planner>(&mut all);
    add::<orgunits::Unit>(&mut all);
    add::<commissions::Rate>(&mut all);
    add::<commissions::OverrideRule>(&mut all);
    add::<commissions::ClawbackSchedule>(&mut all);
    add::<commissions::BonusSchedule>(&mut all);
    add::<commissions::Period>(&mut all);
    add::<commissions::Adjustment>(&mut all);
    all
});

fn add<A: Gather>(all: &mut Vec<Entry>) {
    all.extend(A::Command::COMMANDS.iter().map(|info| Entry {
        context: A::Command::CONTEXT,
        category: A::CATEGORY,
        info: *info,
        parse: parse::<A>,
    }));
}

fn parse<A: Gather>(name: &str, body: Value) -> Result<Box<dyn Ask>, FieldError> {
    let command = A::Command::parse(name, body).expect("the registry asks a set only for its own names")?;
    Ok(Box::new(Asked::<A>::new(command)))
}

/// Finds a command by the two parts of its path.
pub(crate) fn find(context: &str, command: &str) -> Option<&'static Entry> {
    REGISTRY
        .iter()
        .find(|entry| entry.context == context && entry.info.name == command)
}

/// The contexts whose commands write streams of a category; for `command:<context>` on reads.
pub(crate) fn context_of(category: &str) -> Option<&'static str> {
    REGISTRY
        .iter()
        .find(|entry| entry.category == category)
        .map(|entry| entry.context)
}
