//! The first words: the client says who it is, the server what applies.

use chrono::{DateTime, Utc};
use plimsoll_contracts::wire::{ClientFrame, Limits, Reconnect, ServerFrame, Welcome};
use plimsoll_host::Claims;

use super::{close::Close, handshake::Known, inbound, socket::Socket};
use crate::{
    QueryApi,
    options::{CohortOptions, LiveOptions},
    users::UserPlace,
};

/// Bounds of the wait before coming back.
const RECONNECT: Reconnect = Reconnect {
    min_ms: 500,
    max_ms: 30_000,
};

/// A client with a token that holds, and its place among the user's connections.
pub(super) struct Guest {
    pub(super) claims: Claims,
    pub(super) place: UserPlace,
}

/// Hears `hello`, unless the request already had a token, and says `welcome`.
///
/// # Errors
/// Why the conversation ends.
pub(super) async fn greet(
    api: &QueryApi,
    socket: &mut Socket,
    known: &Known,
    place: Option<UserPlace>,
) -> Result<Guest, Close> {
    if !known.speaks {
        return Err(Close::protocol_version(format!(
            "offer the subprotocol {}",
            plimsoll_contracts::wire::SUBPROTOCOL
        )));
    }
    let guest = match (&known.claims, place) {
        (Some(claims), Some(place)) => Guest {
            claims: claims.clone(),
            place,
        },
        _ => hear_hello(api, socket).await?,
    };
    let options = api.options();
    let welcome = Welcome {
        connection: known.connection.clone(),
        heartbeat_ms: millis(options.live.ping_interval).into(),
        token_expires_at: expires_at(&guest.claims),
        limits: limits(&options.live, &options.cohorts),
        reconnect: RECONNECT,
    };
    socket.say(&ServerFrame::Welcome(welcome)).await?;
    Ok(guest)
}

async fn hear_hello(api: &QueryApi, socket: &mut Socket) -> Result<Guest, Close> {
    // One deadline for all of it: frames that are no hello show that the client lives, and buy no time.
    let until = tokio::time::Instant::now() + api.options().live.hello_within;
    let text = loop {
        let received = tokio::time::timeout_at(until, socket.receive()).await;
        let received = received.map_err(|_| Close::bad_token("no hello with a token came in time"))?;
        if let Some(text) = received? {
            break text;
        }
    };
    let ClientFrame::Hello { token, .. } = inbound::read(&text)? else {
        return Err(Close::bad_token("the first message is hello with a token"));
    };
    let token = token.ok_or_else(|| Close::bad_token("hello has no token, nor had the request"))?;
    let claims = api.keys().check(&token).map_err(Close::token)?;
    let place = api
        .admission()
        .enter_user(&claims)
        .map_err(|problem| Close::quota(problem.detail.unwrap_or(problem.title)))?;
    Ok(Guest { claims, place })
}

/// When a token ends.
pub(super) fn expires_at(claims: &Claims) -> DateTime<Utc> {
    DateTime::from_timestamp(claims.exp, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn limits(live: &LiveOptions, cohorts: &CohortOptions) -> Limits {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    Limits {
        message_max_bytes: number(live.message_max_bytes),
        messages_per_s: live.messages_per_s,
        messages_burst: live.messages_burst,
        subscriptions_max: number(live.subscriptions_max),
        params_max_bytes: number(live.params_max_bytes),
        snapshot_part_max_rows: number(live.part_max_rows),
        snapshot_part_max_bytes: number(live.part_max_bytes),
        stalled_after_ms: millis(live.stalled_after),
        dead_after_ms: millis(live.dead_after),
        connections_per_user: number(live.connections_per_user),
        frame_interval_ms: millis(cohorts.frame_interval),
    }
}

fn millis(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
