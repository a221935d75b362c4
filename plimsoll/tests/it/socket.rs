//! A WebSocket client as wire.md describes it: applies snapshots and deltas by the rule of
//! `base` and `have`, and panics at any hole.

use std::collections::BTreeMap;

use futures::{SinkExt as _, StreamExt as _};
use plimsoll::client::Client;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::rig::{DEADLINE, Rig};

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// One subscription on a socket of its own, and the state it has accumulated.
pub(crate) struct Watcher {
    stream: Stream,
    view: String,
    params: Value,
    /// Rows by key.
    pub(crate) rows: BTreeMap<String, Value>,
    pub(crate) have: u64,
    pub(crate) deltas: usize,
}

impl Watcher {
    /// Connects, subscribes and takes the snapshot.
    pub(crate) async fn open(rig: &Rig, tenant: &str, view: &str, params: &[(&str, &str)]) -> Self {
        let anonymous = Client::new(&rig.url, "").unwrap();
        let token = anonymous
            .send_json(Method::POST, "/v1/dev/token", &json!({"tenant": tenant}))
            .await
            .unwrap()["token"]
            .clone();
        let mut request = rig.url.replace("http", "ws").into_client_request().unwrap();
        *request.uri_mut() = format!("{}/v1/live", rig.url.replace("http", "ws"))
            .parse()
            .unwrap();
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", "plimsoll.v1.json".parse().unwrap());
        headers.insert(
            "Authorization",
            format!("Bearer {}", token.as_str().unwrap()).parse().unwrap(),
        );
        let (stream, _) = connect_async(request).await.unwrap();
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let mut watcher = Self {
            stream,
            view: view.to_owned(),
            params: Value::Object(params),
            rows: BTreeMap::new(),
            have: 0,
            deltas: 0,
        };
        watcher.send(&json!({"type": "hello", "sdk": "test"})).await;
        watcher.subscribe(None).await;
        watcher.until(|_, message| message["last"] == true).await;
        watcher
    }

    async fn subscribe(&mut self, from: Option<String>) {
        let mut message = json!({"type": "subscribe", "id": "s", "view": self.view, "params": self.params});
        if let Some(from) = from {
            message["from"] = json!(from);
        }
        self.send(&message).await;
    }

    async fn send(&mut self, message: &Value) {
        self.stream
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// Reads until the state has reached a position.
    pub(crate) async fn reach(&mut self, position: u64) {
        if self.have < position {
            self.until(|watcher, _| watcher.have >= position).await;
        }
    }

    /// Reads until the rows are as wanted.
    pub(crate) async fn see(&mut self, wanted: impl Fn(&BTreeMap<String, Value>) -> bool) {
        if !wanted(&self.rows) {
            self.until(|watcher, message| {
                let is_whole = message["type"] != "reset" && message["last"] != false;
                is_whole && wanted(&watcher.rows)
            })
            .await;
        }
    }

    async fn until(&mut self, done: impl Fn(&Self, &Value) -> bool) {
        let read = async {
            loop {
                let message = self.stream.next().await.expect("the socket is open").unwrap();
                let Message::Text(text) = message else { continue };
                let message: Value = serde_json::from_str(&text).unwrap();
                self.take(&message).await;
                if done(self, &message) {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, read).await.expect("in time");
    }

    async fn take(&mut self, message: &Value) {
        match message["type"].as_str().unwrap() {
            "ping" => self.send(&json!({"type": "pong"})).await,
            "snapshot" => {
                if message["part"].as_u64() == Some(0)
                    || message["part"].as_u64() == Some(1) && self.have == 0
                {
                    self.rows.clear();
                }
                self.upsert(&message["rows"]);
                if message["last"] == true {
                    self.have = message["position"].as_u64().unwrap();
                }
            }
            "delta" => {
                let (base, position) = (
                    message["base"].as_u64().unwrap(),
                    message["position"].as_u64().unwrap(),
                );
                assert!(base <= self.have, "a hole: base {base}, have {}", self.have);
                if position <= self.have {
                    return;
                }
                assert_eq!(base, self.have, "a delta that neither follows nor repeats");
                self.upsert(&message["upsert"]);
                for key in message["remove"].as_array().into_iter().flatten() {
                    self.rows.remove(key.as_str().unwrap());
                }
                self.have = position;
                self.deltas += 1;
            }
            "progress" => self.have = self.have.max(message["position"].as_u64().unwrap()),
            "reset" => self.rows.clear(),
            "error" | "unsubscribed" => panic!("{message}"),
            _ => {}
        }
    }

    fn upsert(&mut self, rows: &Value) {
        for row in rows.as_array().into_iter().flatten() {
            self.rows
                .insert(row["key"].as_str().unwrap().to_owned(), row.clone());
        }
    }
}
