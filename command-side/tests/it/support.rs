//! A server on the shared log, a tenant of one's own, and short ways to ask.

use std::{net::SocketAddr, time::Duration};

use plimsoll_command_side::{CommandSide, Options, router};
use plimsoll_contracts::TenantId;
use plimsoll_devstack::{shared_for_tests, unique_name};
use plimsoll_host::{Claims, Keys, ServeOptions, problem::no_such_path, serve};
use plimsoll_log::{Log, LogOptions};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A server and a tenant that no other test has.
pub(crate) struct House {
    pub(crate) tenant: TenantId,
    pub(crate) log: Log,
    pub(crate) side: CommandSide,
    pub(crate) address: SocketAddr,
    keys: Keys,
    client: reqwest::Client,
    shutdown: CancellationToken,
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(|side| side).await
    }

    pub(crate) async fn with(change: impl FnOnce(CommandSide) -> CommandSide) -> Self {
        let servers = shared_for_tests().await.unwrap();
        let mut options = LogOptions::new(&servers.nats_url).with_stream(&unique_name("commands"));
        options.connections_max = 4;
        let log = Log::open(&servers.postgres_url, options).await.unwrap();
        let keys = Keys::from_secret(&[7; 32]).unwrap();
        let side = change(CommandSide::new(log.clone(), keys.clone(), Options::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let routes = router(side.clone()).fallback(no_such_path);
        tokio::spawn(serve(listener, routes, shutdown.clone(), ServeOptions::default()));
        let tenant = unique_name("t").parse().unwrap();
        Self {
            tenant,
            log,
            side,
            address,
            keys,
            client: reqwest::Client::new(),
            shutdown,
        }
    }

    pub(crate) fn claims(&self) -> Claims {
        let until = chrono::Utc::now() + Duration::from_secs(600);
        Claims::everything("U1", self.tenant.clone(), until)
    }

    pub(crate) fn token(&self, claims: &Claims) -> String {
        self.keys.issue(claims).unwrap()
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    /// A request that may do everything in this tenant.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(self.token(&self.claims()))
    }

    pub(crate) fn command(&self, path: &str, key: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, &format!("/v1/commands/{path}"))
            .header("Idempotency-Key", key)
            .json(body)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// Gives a command under a new key and expects it to be accepted.
    pub(crate) async fn accepted(&self, path: &str, body: Value) -> Value {
        let (status, answer) =
            answer(self.command(path, &unique_name("k"), &body).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{path} {body}: {answer}");
        answer
    }

    /// Gives a command under a new key and expects a refusal by this rule.
    pub(crate) async fn refused(&self, path: &str, body: Value, reason: &str) {
        let (status, answer) =
            answer(self.command(path, &unique_name("k"), &body).send().await.unwrap()).await;
        assert_eq!(
            (status, answer["reason"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(reason)),
            "{answer}"
        );
    }

    /// Types of a stream's events.
    pub(crate) async fn types(&self, stream: &str) -> Vec<String> {
        let (status, page) = self.get(&format!("/v1/streams/{stream}")).await;
        if status == StatusCode::NOT_FOUND {
            return vec![];
        }
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let kind = response
        .headers()
        .get("content-type")
        .map(|v| v.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(
            kind.as_deref(),
            Some("application/problem+json"),
            "{status} {text}"
        );
    }
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Code of a problem document.
pub(crate) fn code(problem: &Value) -> &str {
    problem["type"]
        .as_str()
        .unwrap_or_default()
        .rsplit(':')
        .next()
        .unwrap_or_default()
}
