//! A client on a socket, as thin as it can be: it notes when which position arrived.

use std::{net::SocketAddr, time::Instant};

use anyhow::Context as _;
use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use tokio_util::sync::CancellationToken;

/// A position that arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) position: u64,
    pub(super) at: Instant,
}

pub(super) struct Listener {
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    position: Option<u64>,
}

impl Listener {
    /// Connects, subscribes and waits for the snapshot.
    pub(super) async fn open(address: SocketAddr, token: &str, params: &Value) -> anyhow::Result<Self> {
        let mut request = format!("ws://{address}/v1/live").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", "plimsoll.v1.json".parse()?);
        headers.insert("Authorization", format!("Bearer {token}").parse()?);
        // Without the delay that waits to fill packets: it would be the bench's own.
        let (stream, _) = connect_async_with_config(request, None, true).await?;
        let mut listener = Self { stream };
        listener.send(&json!({"type": "hello", "sdk": "bench"})).await?;
        let subscribe = json!({"type": "subscribe", "id": "s", "view": "sales-volume", "params": params});
        listener.send(&subscribe).await?;
        loop {
            let message = listener.stream.next().await.context("the socket was closed")??;
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text)?;
            anyhow::ensure!(message["type"] != "error", "{message}");
            if message["type"] == "snapshot" && message["last"] == true {
                return Ok(listener);
            }
        }
    }

    /// Notes positions until it is told to stop or the socket ends.
    pub(super) async fn listen(mut self, stop: CancellationToken) -> Vec<Heard> {
        let mut heard = Vec::new();
        loop {
            let message = tokio::select! {
                () = stop.cancelled() => return heard,
                message = self.stream.next() => message,
            };
            let Some(Ok(Message::Text(text))) = message else {
                return heard;
            };
            let at = Instant::now();
            let Ok(head) = serde_json::from_str::<Head<'_>>(&text) else {
                continue;
            };
            match (head.kind, head.position) {
                ("delta" | "progress", Some(position)) => heard.push(Heard { position, at }),
                ("ping", _) if self.send(&json!({"type": "pong"})).await.is_err() => return heard,
                _ => {}
            }
        }
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::text(message.to_string())).await?)
    }
}
