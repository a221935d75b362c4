//! Which configuration held when: read from the tenant's own events.

use plimsoll_contracts::{Payload, Position, TenantConfig, TenantId};
use plimsoll_log::{Filter, Log};
use serde::Serialize;
use serde_json::Value;

use super::{Plan, Refusal, VerifyError};

/// A configuration and the events that it governs: those after `since`, up to `until`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Setting {
    since: Position,
    until: Position,
    config: TenantConfig,
}

/// The configurations of a tenant up to a position, the default first.
pub(super) async fn read(
    log: &Log,
    tenant: &TenantId,
    up_to: Position,
) -> Result<Result<Vec<Setting>, Refusal>, VerifyError> {
    let filter = Filter {
        tenant: Some(tenant.clone()),
        types: vec!["TenantConfigured".to_owned()],
    };
    let first = Setting {
        since: Position::ZERO,
        until: up_to,
        config: TenantConfig::default(),
    };
    let (mut settings, mut after) = (vec![first], Position::ZERO);
    while after < up_to {
        let page = log.read_all(after, usize::MAX, &filter).await?;
        for event in page.events.iter().filter(|event| event.position <= up_to) {
            let last = settings.last_mut().expect("it begins with one and only grows");
            let Ok(Payload::TenantConfigured(configured)) = event.payload() else {
                return Ok(Err(Refusal(format!(
                    "the configuration at position {} cannot be read",
                    event.position
                ))));
            };
            let Ok(config) = last.config.changed(&configured.changes) else {
                return Ok(Err(Refusal(format!(
                    "the configuration at position {} has keys that this program does not know",
                    event.position
                ))));
            };
            last.until = event.position;
            settings.push(Setting {
                since: event.position,
                until: up_to,
                config,
            });
        }
        if !page.more {
            break;
        }
        after = page.next;
    }
    Ok(Ok(settings))
}

/// Whether the plan can follow these configurations, given the first event that matters to it.
pub(super) fn check(plan: &Plan, settings: &[Setting], first: Option<Position>) -> Result<(), Refusal> {
    let Some(first) = first else { return Ok(()) };
    let mut held = settings.iter().filter(|setting| setting.until >= first);
    let Some(at_first) = held.next() else {
        return Ok(());
    };
    for later in held {
        let (was, is) = (keys(&at_first.config), keys(&later.config));
        if let Some(key) = plan.fixed.iter().find(|key| was.get(*key) != is.get(*key)) {
            return Err(Refusal(format!(
                "`{key}` was changed at position {}, after the first event of the view at {first}: which rows \
                 still stand under the old value cannot be told from the log alone",
                later.since
            )));
        }
    }
    Ok(())
}

fn keys(config: &TenantConfig) -> Value {
    serde_json::to_value(config).expect("a configuration is plain JSON")
}
