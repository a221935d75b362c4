//! A query side of one's own on the shared servers.

use std::{collections::BTreeSet, future::Future, time::Duration};

use chrono::Utc;
use plimsoll_contracts::TenantId;
use plimsoll_devstack::{database_url, shared_for_tests, unique_name};
use plimsoll_feed::{FeedOptions, Publisher, Subscriber};
use plimsoll_host::{Claims, Keys, ServeOptions};
use plimsoll_query_api::{Options, QueryApi, router};
use plimsoll_store::{StoreOptions, Stores};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::writer::Writer;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const VIEW: &str = "sales-volume";

pub(crate) struct Bed {
    pub(crate) writer: Writer,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) keys: Keys,
    pub(crate) api: QueryApi,
    pub(crate) shutdown: CancellationToken,
    pub(crate) http: reqwest::Client,
    server: JoinHandle<std::io::Result<()>>,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let servers = shared_for_tests().await.unwrap();
        let name = unique_name("query");
        let mut admin = PgConnection::connect(&servers.postgres_url).await.unwrap();
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::query(create).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        let mut store_options =
            StoreOptions::new(database_url(&servers.postgres_url, &name), &servers.redis_url);
        store_options.redis_prefix.clone_from(&name);
        store_options.connections_max = 4;
        let stores = Stores::open(store_options).await.unwrap();
        let feed = FeedOptions::new(&servers.nats_url).with_prefix(&name);
        let (publisher, sending) = Publisher::connect(feed.clone()).await.unwrap();
        tokio::spawn(sending);
        let subscriber = Subscriber::connect(feed).await.unwrap();
        let writer = Writer::begin(&stores, publisher).await;
        let keys = Keys::from_secret(&[7; 32]).unwrap();
        let mut options = Options::default();
        options.cohorts.progress_interval = Duration::from_millis(100);
        change(&mut options);
        let shutdown = CancellationToken::new();
        let api = QueryApi::start(options, stores, &subscriber, keys.clone(), shutdown.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = plimsoll_host::serve(
            listener,
            router(api.clone()),
            shutdown.clone(),
            ServeOptions::default(),
        );
        Self {
            writer,
            address,
            keys,
            api,
            shutdown,
            http: reqwest::Client::new(),
            server: tokio::spawn(serving),
        }
    }

    /// Shuts down and asserts that nothing is left running.
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        let ended = async {
            self.api.closed().await;
            self.server.await.unwrap().unwrap();
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("everything ends at the shutdown");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn claims(&self) -> Claims {
        Claims::everything("U1", TenantId::main(), Utc::now() + chrono::Duration::hours(1))
    }

    pub(crate) fn token(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        self.keys.issue(&claims).unwrap()
    }

    /// `GET`s a path as the usual user, with more headers.
    pub(crate) fn get_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> impl Future<Output = Response> + use<> {
        let mut request = self.http.get(self.url(path)).bearer_auth(self.token(|_| {}));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async move { request.send().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let response = self.get_with(path, &[]).await;
        (response.status(), response.json().await.unwrap())
    }

    /// The answer of a question; it must be one.
    pub(crate) async fn answer(&self, params: &str) -> Value {
        let (status, body) = self.get(&format!("/v1/views/{VIEW}?{params}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// The answer once the view has come to where the writer is.
    pub(crate) async fn answer_now(&self, params: &str) -> Value {
        let position = self.writer.position.get();
        let path = format!("/v1/views/{VIEW}?{params}&min_position={position}");
        let response = self.get_with(&path, &[("prefer", "wait=20")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }
}

pub(crate) fn ids(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Keys of an answer's rows, in order.
pub(crate) fn keys(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| row["key"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn problem_code(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().rsplit(':').next().unwrap()
}

/// Waits for a condition, with a deadline.
pub(crate) async fn until<F, C>(what: &str, mut condition: C)
where
    C: FnMut() -> F,
    F: Future<Output = bool>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
