//! A client of one live subscription, strict as wire.md asks: a delta is applied when its base is
//! what the client has, dropped when the client has it already, and anything else is asked for anew.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use plimsoll_contracts::Problem;
use serde_json::{Map, Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::client::Client;

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The one subscription's id.
const ID: &str = "live";
/// Longest silence: the server sends progress or a ping well within it.
const SILENCE: Duration = Duration::from_secs(60);

/// A subscription and the state accumulated from its frames.
#[derive(Debug)]
pub struct LiveClient {
    socket: Socket,
    subscription: Value,
    epoch: String,
    /// Whether a whole snapshot has been taken in.
    whole: bool,
    rows: BTreeMap<String, Value>,
    have: u64,
    deltas: u64,
}

impl LiveClient {
    /// Connects, subscribes and takes the first snapshot in.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses the subscription.
    pub async fn subscribe(client: &Client, view: &str, params: &Map<String, Value>) -> anyhow::Result<Self> {
        let address = format!("{}/v1/live", client.url().replacen("http", "ws", 1));
        let mut request = address.as_str().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", "plimsoll.v1.json".parse()?);
        headers.insert("Authorization", format!("Bearer {}", client.token()).parse()?);
        let (socket, _) = connect_async(request)
            .await
            .with_context(|| format!("no socket at {address}"))?;
        let mut live = Self {
            socket,
            subscription: json!({"type": "subscribe", "id": ID, "view": view, "params": params}),
            epoch: String::new(),
            whole: false,
            rows: BTreeMap::new(),
            have: 0,
            deltas: 0,
        };
        live.send(&json!({"type": "hello", "sdk": "plimsoll-cli"}))
            .await?;
        live.send(&live.subscription.clone()).await?;
        while !live.whole {
            live.step().await?;
        }
        Ok(live)
    }

    /// The rows by key, as they stand at [`Self::position`].
    #[must_use]
    pub const fn rows(&self) -> &BTreeMap<String, Value> {
        &self.rows
    }

    /// The position that the state has reached.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.have
    }

    /// How many deltas have been applied.
    #[must_use]
    pub const fn deltas(&self) -> u64 {
        self.deltas
    }

    /// Takes the next frame in.
    ///
    /// # Errors
    /// The socket closes or stays silent, or the server reports a problem.
    pub async fn step(&mut self) -> anyhow::Result<()> {
        ensure!(self.step_within(SILENCE).await?, "the socket is silent");
        Ok(())
    }

    /// Takes frames in for a while.
    ///
    /// # Errors
    /// Those of [`Self::step`].
    pub async fn follow(&mut self, long: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + long;
        while self
            .step_within(until.saturating_duration_since(Instant::now()))
            .await?
        {}
        Ok(())
    }

    /// Takes the next frame in; false when none came in time.
    async fn step_within(&mut self, long: Duration) -> anyhow::Result<bool> {
        let Ok(next) = tokio::time::timeout(long, self.socket.next()).await else {
            return Ok(false);
        };
        self.take(next.context("the socket was closed")??).await?;
        Ok(true)
    }

    async fn take(&mut self, message: Message) -> anyhow::Result<()> {
        let Message::Text(text) = message else {
            return Ok(());
        };
        let frame: Value = serde_json::from_str(&text)?;
        match frame["type"].as_str() {
            Some("ping") => self.send(&json!({"type": "pong"})).await,
            Some("subscribed") => {
                frame["epoch"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut self.epoch);
                Ok(())
            }
            Some("snapshot") => self.snapshot(&frame),
            Some("delta") => self.delta(&frame).await,
            Some("progress") => {
                self.have = self.have.max(number(&frame, "position")?);
                Ok(())
            }
            Some("reset") => {
                self.rows.clear();
                self.whole = false;
                Ok(())
            }
            Some("error" | "unsubscribed") if !frame["problem"].is_null() => {
                let problem: Problem = serde_json::from_value(frame["problem"].clone())?;
                Err(crate::client::Refused(problem).into())
            }
            Some("unsubscribed" | "draining") => bail!("the server ends the subscription"),
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self, frame: &Value) -> anyhow::Result<()> {
        if self.whole {
            // A snapshot that nobody announced takes the place of everything.
            self.rows.clear();
            self.whole = false;
        }
        self.upsert(&frame["rows"])?;
        if frame["last"] == true {
            self.have = number(frame, "position")?;
            self.whole = true;
        }
        Ok(())
    }

    async fn delta(&mut self, frame: &Value) -> anyhow::Result<()> {
        let (base, position) = (number(frame, "base")?, number(frame, "position")?);
        if position <= self.have {
            return Ok(());
        }
        if base > self.have {
            let mut again = self.subscription.clone();
            again["from"] = json!(format!("{}.{:012}", self.epoch, self.have));
            return self.send(&again).await;
        }
        ensure!(
            base == self.have,
            "a delta from {base} to {position} neither follows nor repeats {}",
            self.have
        );
        self.upsert(&frame["upsert"])?;
        for key in frame["remove"].as_array().into_iter().flatten() {
            let key = key.as_str().context("a removed key is text")?;
            ensure!(
                self.rows.remove(key).is_some(),
                "`{key}` was removed and was not there"
            );
        }
        self.have = position;
        self.deltas += 1;
        Ok(())
    }

    fn upsert(&mut self, rows: &Value) -> anyhow::Result<()> {
        for row in rows.as_array().into_iter().flatten() {
            let key = row["key"].as_str().context("a row without a key")?;
            self.rows.insert(key.to_owned(), row.clone());
        }
        Ok(())
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }
}

fn number(frame: &Value, name: &str) -> anyhow::Result<u64> {
    frame[name]
        .as_u64()
        .with_context(|| format!("a frame without `{name}`: {frame}"))
}
