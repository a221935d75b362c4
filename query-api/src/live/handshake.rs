//! Before the upgrade: origin, token, room. After it the connection is its own task.

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, header},
    response::Response,
};
use plimsoll_contracts::{Problem, wire::SUBPROTOCOL};
use plimsoll_host::{ApiResult, Claims};
use uuid::Uuid;

use super::{origin, session, socket::Socket};
use crate::{QueryApi, metrics};

/// Room beside one frame in a socket's write buffer, bytes.
const WRITE_ROOM_BYTES: usize = 2 * 1024 * 1024;

/// `GET /v1/live`.
pub(super) async fn upgrade(
    State(api): State<QueryApi>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let accepted = accept(&api, &headers, upgrade);
    if let Err(problem) = &accepted {
        ::metrics::counter!(metrics::REFUSED, "status" => problem.status.to_string()).increment(1);
    }
    Ok(accepted?)
}

fn accept(
    api: &QueryApi,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let token = bearer(headers);
    origin::check(headers, &api.options().live.origins, token.is_some())?;
    let claims = token.map(|token| api.keys().verify(token)).transpose()?;
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(426, "upgrade-required", "This is a WebSocket").detail(format!(
            "connect with a WebSocket client and subprotocol {SUBPROTOCOL}: {rejection}"
        ))
    })?;
    if api.shutdown().is_cancelled() {
        return Err(crate::problems::going_down());
    }
    let place = api.admission().enter()?;
    let user = claims
        .as_ref()
        .map(|claims| api.admission().enter_user(claims))
        .transpose()?;
    let live = &api.options().live;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(live.read_buffer_bytes)
        .write_buffer_size(live.write_buffer_bytes)
        .max_write_buffer_size(WRITE_ROOM_BYTES)
        .max_message_size(live.message_max_bytes)
        .max_frame_size(live.message_max_bytes);
    let speaks = upgrade.selected_protocol().is_some();
    let (api, tracker) = (api.clone(), api.tasks().clone());
    let known = Known {
        connection: Uuid::now_v7().simple().to_string(),
        claims,
        speaks,
    };
    let tracked = tracker.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let socket = Socket::new(socket, &api.options().live);
        session::run(api, socket, known, user).await;
        drop((place, tracked));
    }))
}

/// What the handshake says of a client.
pub(super) struct Known {
    pub(super) connection: String,
    pub(super) claims: Option<Claims>,
    /// Whether it offered our subprotocol.
    pub(super) speaks: bool,
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
