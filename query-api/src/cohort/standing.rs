//! Whether a view's numbers may be old, and why: a function of what the hub last heard.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Position,
    wire::{StaleInfo, StaleReason},
};
use plimsoll_store::Condition;

use crate::hub::HubState;

/// Why the numbers at `position` may be old, as far as the hub knows; the worst reason counts.
pub(crate) fn judge(
    hub: &HubState,
    position: Position,
    parked: u64,
    before: Option<&StaleInfo>,
    now: DateTime<Utc>,
) -> Option<StaleInfo> {
    let (reason, since) = reason(hub, position, parked)?;
    let behind = hub.head.as_ref().map_or(0, |head| head.position.since(position));
    let since = before
        .filter(|before| before.reason == reason)
        .map(|before| before.since)
        .or(since)
        .unwrap_or(now);
    Some(StaleInfo {
        reason,
        since,
        behind,
    })
}

type Reason = (StaleReason, Option<DateTime<Utc>>);

fn reason(hub: &HubState, position: Position, parked: u64) -> Option<Reason> {
    if let Some(since) = hub.unreachable_since {
        return Some((StaleReason::Disconnected, Some(since)));
    }
    if let Some(head) = &hub.head {
        match head.condition {
            Condition::Paused => return Some((StaleReason::Paused, None)),
            Condition::Failed(_) | Condition::Unowned => return Some((StaleReason::Disconnected, None)),
            Condition::Replaying if head.position < position => return Some((StaleReason::Rebuilding, None)),
            Condition::Replaying => return Some((StaleReason::Lagging, None)),
            Condition::Following => {}
        }
    }
    if let Some(since) = hub.silent_since {
        return Some((StaleReason::Disconnected, Some(since)));
    }
    (parked > 0).then_some((StaleReason::Parked, None))
}

#[cfg(test)]
mod tests {
    use plimsoll_store::Head;

    use super::*;

    fn hub(condition: Condition, position: u64) -> HubState {
        HubState {
            head: Some(Head {
                view: "v".to_owned(),
                version: 1,
                epoch: "k3f9".parse().unwrap(),
                position: Position::new(position),
                as_of: None,
                condition,
            }),
            ..HubState::default()
        }
    }

    fn reason_of(hub: &HubState, position: u64, parked: u64) -> Option<StaleReason> {
        judge(hub, Position::new(position), parked, None, Utc::now()).map(|stale| stale.reason)
    }

    #[test]
    fn the_worst_reason_is_told() {
        assert_eq!(reason_of(&hub(Condition::Following, 5), 5, 0), None);
        assert_eq!(
            reason_of(&hub(Condition::Following, 5), 5, 2),
            Some(StaleReason::Parked)
        );
        assert_eq!(
            reason_of(&hub(Condition::Paused, 5), 5, 2),
            Some(StaleReason::Paused)
        );
        assert_eq!(
            reason_of(&hub(Condition::Replaying, 9), 5, 0),
            Some(StaleReason::Lagging)
        );
        assert_eq!(
            reason_of(&hub(Condition::Replaying, 1), 5, 0),
            Some(StaleReason::Rebuilding)
        );
        assert_eq!(
            reason_of(&hub(Condition::Unowned, 5), 5, 0),
            Some(StaleReason::Disconnected)
        );
    }

    #[test]
    fn since_is_the_moment_at_which_the_reason_began() {
        let began = Utc::now() - chrono::Duration::seconds(42);
        let before = StaleInfo {
            reason: StaleReason::Paused,
            since: began,
            behind: 0,
        };
        let stale = judge(
            &hub(Condition::Paused, 9),
            Position::new(5),
            0,
            Some(&before),
            Utc::now(),
        )
        .unwrap();
        assert_eq!((stale.since, stale.behind), (began, 4));
    }
}
