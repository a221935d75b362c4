//! Given events, when a command, then events or a refusal: rules as small tables, in wire shapes.

use plimsoll_contracts::{Actor, Payload, events::CATALOGUE};
use serde_json::Value;

use super::{Aggregate, CommandSet as _, Decision, Moment, Reason, Refusal};

/// A history and what is known besides it.
pub(crate) struct Scenario<A: Aggregate> {
    state: A,
    facts: A::Facts,
    moment: Moment,
}

/// What a command led to.
#[derive(Debug)]
pub(crate) struct Then(Decision);

/// A stream without events; the actor is `U1`, the time 2026-03-10 01:00 UTC.
pub(crate) fn nothing<A: Aggregate>() -> Scenario<A> {
    let moment = Moment {
        at: "2026-03-10T01:00:00Z".parse().unwrap(),
        actor: Actor::user("U1"),
    };
    Scenario {
        state: A::default(),
        facts: A::Facts::default(),
        moment,
    }
}

impl<A: Aggregate> Scenario<A> {
    /// Adds an event, in the shape of the catalogue.
    pub(crate) fn given(mut self, event_type: &str, data: impl Into<Value>) -> Self {
        self.state
            .evolve(&payload(event_type, &data.into()), self.moment.at);
        self
    }

    /// The time of what comes next.
    pub(crate) fn at(mut self, instant: &str) -> Self {
        self.moment.at = instant.parse().unwrap();
        self
    }

    /// What is known of other streams.
    pub(crate) fn knowing(mut self, facts: A::Facts) -> Self {
        self.facts = facts;
        self
    }

    /// Gives a command.
    pub(crate) fn when(&self, command: &str, body: Value) -> Then {
        let command = A::Command::parse(command, body)
            .expect("a command of this aggregate")
            .unwrap();
        Then(self.state.decide(&command, &self.facts, &self.moment))
    }

    /// Gives a command that has effect, and goes on from there.
    pub(crate) fn after(mut self, command: &str, body: Value) -> Self {
        for event in self.when(command, body).0.unwrap() {
            self.state.evolve(&event, self.moment.at);
        }
        self
    }
}

impl Then {
    /// Exactly these events.
    pub(crate) fn then(self, expected: &[(&str, Value)]) {
        let expected: Vec<Payload> = expected.iter().map(|(name, data)| payload(name, data)).collect();
        assert_eq!(self.0.unwrap(), expected);
    }

    /// Accepted, whatever it leads to.
    pub(crate) fn accepted(self) {
        self.0.unwrap();
    }

    /// Accepted without an event.
    pub(crate) fn nothing_happens(self) {
        assert_eq!(self.0.unwrap(), []);
    }

    /// Refused by this rule.
    pub(crate) fn refused(self, reason: Reason) {
        let refusal = self.0.unwrap_err();
        assert_eq!(refusal.reason(), Some(reason), "{refusal}");
    }

    /// Refused for its shape, at this pointer.
    pub(crate) fn malformed(self, at: &str) {
        match self.0.unwrap_err() {
            Refusal::Shape { pointer, .. } => assert_eq!(pointer, at),
            other => panic!("refused otherwise: {other}"),
        }
    }
}

fn payload(event_type: &str, data: &Value) -> Payload {
    let schema = CATALOGUE
        .iter()
        .find(|(name, _)| *name == event_type)
        .expect("an event of the catalogue")
        .1;
    Payload::decode(event_type, schema, &data.to_string()).unwrap()
}
