//! A strict client of the socket: it keeps what it is told by the rule of the protocol, and fails
//! on anything that the protocol does not allow.

use std::collections::{BTreeMap, HashMap};

use futures::{SinkExt, StreamExt};
use plimsoll_contracts::{
    Position,
    wire::{ServerFrame, Subscribed, Welcome},
};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderMap, HeaderValue},
    },
};

use crate::bed::{Bed, PATIENCE, VIEW};

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) topics: HashMap<u64, Replica>,
    /// Types of all frames, in order.
    pub(crate) heard: Vec<String>,
}

/// What a client holds of a topic.
#[derive(Debug, Default, Clone)]
pub(crate) struct Replica {
    pub(crate) rows: BTreeMap<String, Value>,
    pub(crate) have: Option<Position>,
    pub(crate) epoch: String,
    pub(crate) folded: u64,
    parts: BTreeMap<String, Value>,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Closed(u16),
}

impl Bed {
    /// Connects with headers; `Err` = the status of the refusal.
    pub(crate) async fn connect_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, (u16, Value)> {
        let mut request = format!("ws://{}/v1/live", self.address)
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, response)) => {
                assert_protocol(response.headers());
                Ok(Client {
                    socket,
                    topics: HashMap::new(),
                    heard: Vec::new(),
                })
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err((
                    response.status().as_u16(),
                    serde_json::from_slice(body).unwrap_or(Value::Null),
                ))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects as a browser does, with the token in `hello`.
    pub(crate) async fn connect(&self) -> Client {
        let (client, _) = self.connect_as(&self.token(|_| {})).await;
        client
    }

    pub(crate) async fn connect_as(&self, token: &str) -> (Client, Welcome) {
        let origin = format!("http://{}", self.address);
        let headers = [
            ("origin", origin.as_str()),
            ("sec-websocket-protocol", "plimsoll.v1.json"),
        ];
        let mut client = self.connect_with(&headers).await.unwrap();
        client
            .say(json!({"type": "hello", "token": token, "sdk": "test"}))
            .await;
        match client.frame().await {
            ServerFrame::Welcome(welcome) => (client, welcome),
            other => panic!("{other:?}"),
        }
    }
}

fn assert_protocol(headers: &HeaderMap) {
    if let Some(protocol) = headers.get("sec-websocket-protocol") {
        assert_eq!(protocol, "plimsoll.v1.json");
    }
}

impl Client {
    pub(crate) async fn say(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next text or the close code.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("something is heard in time");
            match next {
                Some(Ok(Message::Text(text))) => return Heard::Text(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => panic!("closed without a word"),
            }
        }
    }

    /// The next frame but `ping`, which is answered.
    pub(crate) async fn frame(&mut self) -> ServerFrame {
        loop {
            let text = match self.hear().await {
                Heard::Text(text) => text,
                Heard::Closed(code) => panic!("closed with {code}"),
            };
            let frame = ServerFrame::read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let kind: Value = serde_json::from_str(&text).unwrap();
            self.heard.push(kind["type"].as_str().unwrap().to_owned());
            self.take(&frame);
            match frame {
                ServerFrame::Ping => self.say(json!({"type": "pong"})).await,
                frame => return frame,
            }
        }
    }

    /// The code with which the server closes; everything before is taken.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, id: &str, params: Value, from: Option<&str>) -> Subscribed {
        self.subscribe_wish(
            json!({"type": "subscribe", "id": id, "view": VIEW, "params": params, "from": from}),
        )
        .await
    }

    pub(crate) async fn subscribe_wish(&mut self, mut wish: Value) -> Subscribed {
        let wishes = wish.as_object_mut().unwrap();
        wishes.retain(|_, value| !value.is_null());
        self.say(wish).await;
        loop {
            match self.frame().await {
                ServerFrame::Subscribed(subscribed) => return subscribed,
                ServerFrame::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    }

    /// Takes frames until a topic stands at a position or beyond.
    pub(crate) async fn until(&mut self, topic: u64, position: Position) -> Replica {
        let until = async {
            while self
                .topics
                .get(&topic)
                .and_then(|replica| replica.have)
                .is_none_or(|have| have < position)
            {
                self.frame().await;
            }
        };
        tokio::time::timeout(PATIENCE, until)
            .await
            .expect("the position is told in time");
        self.topics[&topic].clone()
    }

    fn take(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Snapshot(part) => {
                let replica = self.topics.entry(part.topic).or_default();
                if part.part == 0 {
                    replica.parts.clear();
                }
                replica.parts.extend(part.rows.iter().map(|row| keyed(row.get())));
                if part.last {
                    replica.rows = std::mem::take(&mut replica.parts);
                    replica.have = Some(part.position);
                    replica.epoch = part.epoch.to_string();
                }
            }
            ServerFrame::Delta(delta) => {
                let replica = self
                    .topics
                    .get_mut(&delta.topic)
                    .expect("a delta comes after rows");
                let have = replica.have.unwrap();
                if delta.position <= have {
                    return;
                }
                assert_eq!(delta.base, have, "a delta continues what the client has");
                for row in &delta.upsert {
                    let (key, row) = keyed(row.get());
                    replica.rows.insert(key, row);
                }
                for key in &delta.remove {
                    replica.rows.remove(key);
                }
                replica.have = Some(delta.position);
                replica.folded = delta.folded;
            }
            ServerFrame::Progress(progress) => {
                let replica = self.topics.entry(progress.topic).or_default();
                assert!(replica.have.is_none_or(|have| progress.position >= have));
                replica.have = Some(progress.position);
            }
            _ => {}
        }
    }
}

fn keyed(json: &str) -> (String, Value) {
    let row: Value = serde_json::from_str(json).unwrap();
    (row["key"].as_str().unwrap().to_owned(), row)
}

/// The rows of an answer over HTTP, by key.
pub(crate) fn by_key(answer: &Value) -> BTreeMap<String, Value> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| (row["key"].as_str().unwrap().to_owned(), row.clone()))
        .collect()
}
