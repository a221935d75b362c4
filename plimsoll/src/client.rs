//! The CLI's HTTP client: which server, as whom, and problem documents as readable errors.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use plimsoll_contracts::Problem;
use reqwest::{Method, RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where, in its folder, a running `plimsoll up` says how to reach it.
const RUN_FILE: &str = "run.json";
/// Server that is asked when nothing else is said.
const DEFAULT_URL: &str = "http://127.0.0.1:7070";
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How to reach a running `plimsoll up`; kept in its data folder while it runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// Base URL.
    pub url: String,
    /// A token with every scope.
    pub token: String,
    /// Process id of the server.
    pub pid: u32,
}

impl RunFile {
    /// Writes the file, readable by its owner only: it holds a token.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
        let path = folder.join(RUN_FILE);
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

/// An error that the server answered.
#[derive(Debug, thiserror::Error)]
#[error("{} ({}){}", .0.title, .0.code(), .0.detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default())]
pub struct Refused(pub Problem);

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// A client for a server and a token.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        })
    }

    /// The server named by flags or environment, else the `plimsoll up` whose data is in a folder.
    ///
    /// # Errors
    /// No token is given and no server runs on this folder.
    pub fn find(folder: &Path, url: Option<&str>, token: Option<&str>) -> anyhow::Result<Self> {
        let run: Option<RunFile> = std::fs::read(folder.join(RUN_FILE))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let found = run.as_ref();
        let url = url
            .or_else(|| found.map(|run| run.url.as_str()))
            .unwrap_or(DEFAULT_URL);
        let token = token.or_else(|| found.filter(|run| run.url == url).map(|run| run.token.as_str())).with_context(|| {
            format!(
                "no token for {url}: no `plimsoll up` runs on the data folder {} (--dir says which), and neither \
                 --token nor PLIMSOLL_TOKEN is given (make one with `plimsoll token`)",
                folder.display()
            )
        })?;
        Self::new(url, token)
    }

    /// Base URL of the server.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// The server cannot be reached, or [`Refused`].
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.send(self.request(Method::GET, path)).await?.json().await?)
    }

    /// Sends JSON and gives the JSON answer.
    ///
    /// # Errors
    /// The server cannot be reached, or [`Refused`].
    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        Ok(self
            .send(self.request(method, path).json(body))
            .await?
            .json()
            .await?)
    }

    /// Sends a command under an idempotency key (an id), which its events carry as correlation id.
    ///
    /// # Errors
    /// The server cannot be reached, or [`Refused`].
    pub async fn command(
        &self,
        context: &str,
        command: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let request = self
            .request(Method::POST, &format!("/v1/commands/{context}/{command}"))
            .header("Idempotency-Key", key)
            .header("Correlation-Id", key)
            .json(body);
        Ok(self.send(request).await?.json().await?)
    }

    /// Sends lines to the import endpoint and gives its lines back.
    ///
    /// # Errors
    /// The server cannot be reached, or [`Refused`].
    pub async fn import(&self, lines: Vec<u8>) -> anyhow::Result<String> {
        let request = self
            .request(Method::POST, "/v1/events:import")
            .header(reqwest::header::CONTENT_TYPE, "application/x-ndjson")
            .body(lines);
        Ok(self.send(request).await?.text().await?)
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is the server running? (`plimsoll up`, PLIMSOLL_URL)",
                self.url
            )
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(Refused(problem).into()),
            Err(_) => anyhow::bail!(
                "the server answered {status}: {}",
                text.chars().take(300).collect::<String>()
            ),
        }
    }
}
