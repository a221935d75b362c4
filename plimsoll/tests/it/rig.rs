//! A running `plimsoll up` as a child process, and clients of it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use plimsoll::client::Client;
use plimsoll_contracts::ImportedEvent;
use plimsoll_devstack::Stack;
use reqwest::Method;
use serde_json::{Value, json};

/// Longest wait for anything.
pub(crate) const DEADLINE: Duration = Duration::from_secs(600);

/// A server that ends with the test.
pub(crate) struct Rig {
    child: Child,
    pub(crate) url: String,
    pub(crate) dir: tempfile::TempDir,
}

impl Rig {
    /// Starts `plimsoll up --no-demo` on an empty folder, with private servers.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--no-demo"])
    }

    /// Starts `plimsoll up` with arguments and waits for its ready line.
    pub(crate) fn start_with(args: &[&str]) -> Self {
        Self::start_in(folder(), "127.0.0.1:0", args)
    }

    /// Starts `plimsoll up` in a folder, at an address.
    pub(crate) fn start_in(dir: tempfile::TempDir, listen: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["up", "--listen", listen, "--dir"])
            .arg(dir.path())
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let url = ready(&mut child);
        Self { child, url, dir }
    }

    /// The same, and the lines that it says on standard error, as they come.
    pub(crate) fn start_and_hear(args: &[&str]) -> (Self, mpsc::Receiver<String>) {
        let (mut command, dir) = (Command::new(env!("CARGO_BIN_EXE_plimsoll")), folder());
        command.args(["up", "--listen", "127.0.0.1:0", "--dir"]);
        let mut child = command
            .arg(dir.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, said) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                say.send(line).ok();
            }
        });
        let url = ready(&mut child);
        (Self { child, url, dir }, said)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process without warning; its folder stays.
    pub(crate) fn kill9(mut self) -> tempfile::TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let dir = std::mem::replace(&mut self.dir, folder());
        drop(self);
        dir
    }

    /// Asks the process to end, as Ctrl-C does, and gives its exit code.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        Command::new("kill")
            .args(["-INT", &self.pid().to_string()])
            .status()
            .unwrap();
        let until = Instant::now() + DEADLINE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the process did not end within {DEADLINE:?}");
    }

    /// A client of a tenant with every scope.
    pub(crate) async fn client(&self, tenant: &str) -> Client {
        let anonymous = Client::new(&self.url, "").unwrap();
        let answer = anonymous
            .send_json(Method::POST, "/v1/dev/token", &json!({"tenant": tenant}))
            .await
            .unwrap();
        Client::new(&self.url, answer["token"].as_str().unwrap()).unwrap()
    }

    /// A client of a tenant who may see rows of some ids only.
    pub(crate) async fn client_of(&self, tenant: &str, own: &[&str]) -> Client {
        let anonymous = Client::new(&self.url, "").unwrap();
        let claims = json!({"tenant": tenant, "own": own});
        let answer = anonymous
            .send_json(Method::POST, "/v1/dev/token", &claims)
            .await
            .unwrap();
        Client::new(&self.url, answer["token"].as_str().unwrap()).unwrap()
    }
}

/// Waits for the ready line and gives the address in it.
fn ready(child: &mut Child) -> String {
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let url = ready.trim().strip_prefix("ready ");
    url.expect("the ready line").to_owned()
}

/// Arguments that lead `plimsoll up` to servers of a test.
pub(crate) fn on_servers(stack: &Stack) -> [&str; 6] {
    [
        "--postgres-url",
        stack.postgres_url(),
        "--nats-url",
        stack.nats_url(),
        "--redis-url",
        stack.redis_url(),
    ]
}

/// An empty folder that the account of a private Postgres can reach too.
pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

impl Drop for Rig {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Imports events and gives the position of the last one.
pub(crate) async fn import(client: &Client, events: &[ImportedEvent]) -> u64 {
    let bar = indicatif::ProgressBar::hidden();
    plimsoll::import::upload(client, events, &bar)
        .await
        .unwrap()
        .position
}

/// A question's whole answer, once the view has processed a position.
pub(crate) async fn rows(client: &Client, view: &str, params: &[(&str, &str)], position: u64) -> Value {
    let mut query: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query.push(format!("min_position={position}"));
    query.push("limit=10000".to_owned());
    let path = format!("/v1/views/{view}?{}", query.join("&"));
    let until = Instant::now() + DEADLINE;
    let mut answer = loop {
        let request = client.request(Method::GET, &path).header("Prefer", "wait=20");
        let response = request.send().await.unwrap();
        if response.status() != 412 || Instant::now() > until {
            break response.json::<Value>().await.unwrap();
        }
    };
    assert!(answer["rows"].is_array(), "{path}: {answer}");
    while let Some(next) = answer["next"].as_str() {
        let more: Value = client.get(&format!("{path}&next={next}")).await.unwrap();
        let rows = more["rows"].as_array().unwrap().clone();
        answer["rows"].as_array_mut().unwrap().extend(rows);
        answer["next"] = more["next"].clone();
    }
    answer
}

/// Waits until something holds, asking again and again.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let until = Instant::now() + DEADLINE;
    while Instant::now() < until {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within {DEADLINE:?}: {what}");
}
