//! The configuration as folded from its changes. It has no commands of its own: `PUT /v1/config`
//! decides through [`Configuration::change`].

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Payload, TenantConfig,
    config::{ConfigChange, ConfigError},
    events::TenantConfigured,
};
use plimsoll_log::SnapshotPolicy;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Aggregate, CommandInfo, CommandSet, Decision, Moment};

/// The state of one tenant's configuration.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Configuration {
    current: TenantConfig,
}

/// No command: `PUT /v1/config` is not one.
#[derive(Debug)]
pub(crate) enum NoCommand {}

impl CommandSet for NoCommand {
    const CONTEXT: &'static str = "config";
    const COMMANDS: &'static [CommandInfo] = &[];

    fn parse(_: &str, _: Value) -> Option<Result<Self, plimsoll_contracts::problem::FieldError>> {
        None
    }

    fn key(&self) -> String {
        match *self {}
    }
}

impl Aggregate for Configuration {
    const CATEGORY: &'static str = "config";
    const SNAPSHOT: SnapshotPolicy = SnapshotPolicy::every(50);
    type Command = NoCommand;
    type Facts = ();

    fn decide(&self, command: &NoCommand, (): &(), _: &Moment) -> Decision {
        match *command {}
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        if let Payload::TenantConfigured(e) = event
            && let Ok(changed) = self.current.changed(&e.changes)
        {
            self.current = changed;
        }
    }
}

impl Configuration {
    /// The configuration now.
    pub(crate) const fn current(&self) -> &TenantConfig {
        &self.current
    }

    /// The event of a change, with the keys that really change; none when nothing would.
    pub(crate) fn change(&self, asked: &ConfigChange) -> Result<Option<TenantConfigured>, ConfigError> {
        let changed = self.current.changed(asked)?;
        if changed == self.current {
            return Ok(None);
        }
        Ok(Some(TenantConfigured {
            changes: asked.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(value: Value) -> ConfigChange {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn changes_add_up_and_one_that_changes_nothing_is_none() {
        let mut configuration = Configuration::default();
        let event = configuration
            .change(&change(json!({"cut": "05:00"})))
            .unwrap()
            .unwrap();
        configuration.evolve(&event.into(), Utc::now());
        assert_eq!(configuration.current().cut.to_string(), "05:00:00");
        assert_eq!(configuration.change(&change(json!({"cut": "05:00"}))), Ok(None));
        assert!(configuration.change(&change(json!({"cup": "05:00"}))).is_err());
    }
}
