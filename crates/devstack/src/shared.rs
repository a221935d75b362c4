//! One set of servers for a whole test run, used by all its test processes.
//! Each test keeps to a database, stream name and key prefix of its own.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, sync::OnceCell};

use crate::{Data, Error, Stack, StackOptions, fetch, place};

/// Where the shared servers are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servers {
    /// Names the maintenance database `postgres`; see [`database_url`].
    pub postgres_url: String,
    /// NATS with JetStream.
    pub nats_url: String,
    /// Redis or Valkey, database 0.
    pub redis_url: String,
}

/// The servers of this test run: those of `PLIMSOLL_TEST_POSTGRES_URL`, `…_NATS_URL` and `…_REDIS_URL` (which
/// `cargo xtask test` sets), else one private set per target folder, started by the first test process that asks
/// and ended ten seconds after the last one has gone.
///
/// # Errors
/// As [`Stack::start`].
pub async fn shared_for_tests() -> Result<&'static Servers, Error> {
    static SERVERS: OnceCell<(Servers, Option<File>)> = OnceCell::const_new();
    let found = SERVERS.get_or_try_init(|| async {
        match from_environment() {
            Some(servers) => Ok((servers, None)),
            None => join(&test_dir())
                .await
                .map(|(servers, user)| (servers, Some(user))),
        }
    });
    Ok(&found.await?.0)
}

/// The same server, another database: for a test that creates its own with its own client.
///
/// ```
/// let url = plimsoll_devstack::database_url("postgres://postgres@127.0.0.1:15432/postgres?sslmode=disable", "mine");
/// assert_eq!(url, "postgres://postgres@127.0.0.1:15432/mine?sslmode=disable");
/// ```
#[must_use]
pub fn database_url(url: &str, database: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..]
        .find('/')
        .map_or(address.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &address[..end])
}

/// A name that no other test of this or an earlier run has: letters, digits and underscores, fit for a database, a
/// stream and a key prefix alike.
#[must_use]
pub fn unique_name(prefix: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let micros = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{micros:x}_{}_{count}", std::process::id())
}

fn from_environment() -> Option<Servers> {
    let url = |name: &str| {
        env::var(format!("PLIMSOLL_TEST_{name}_URL"))
            .ok()
            .filter(|url| !url.is_empty())
    };
    Some(Servers {
        postgres_url: url("POSTGRES")?,
        nats_url: url("NATS")?,
        redis_url: url("REDIS")?,
    })
}

/// Uses the servers that another process has started, or starts them. The file is the lock that keeps them alive.
pub(crate) async fn join(dir: &Path) -> Result<(Servers, File), Error> {
    place::create(dir)?;
    let start = fetch::lock(dir.join("start.lock")).await?;
    let user = shared_lock(&dir.join("users.lock"))?;
    let note = dir.join("servers.json");
    let known = fs::read(&note)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Servers>(&bytes).ok());
    let servers = match known {
        Some(servers) if all_answer(&servers).await => servers,
        Some(_) | None => {
            let servers = start_shared(dir).await?;
            let bytes = serde_json::to_vec(&servers).expect("three strings are JSON");
            fs::write(&note, bytes).map_err(Error::io("write", &note))?;
            servers
        }
    };
    drop(start);
    Ok((servers, user))
}

async fn start_shared(dir: &Path) -> Result<Servers, Error> {
    let options = StackOptions {
        data: Data::Temporary,
        cache_dir: dir
            .parent()
            .map(|parent| parent.join("servers"))
            .filter(|_| env::var_os("PLIMSOLL_CACHE").is_none()),
        ..StackOptions::temporary(dir.join(unique_name("run")))
    };
    let stack = Stack::start(options, |progress| tracing::info!("{progress}")).await?;
    stack.share(dir)?;
    Ok(Servers {
        postgres_url: stack.postgres_url().to_owned(),
        nats_url: stack.nats_url().to_owned(),
        redis_url: stack.redis_url().to_owned(),
    })
}

async fn all_answer(servers: &Servers) -> bool {
    for url in [&servers.postgres_url, &servers.nats_url, &servers.redis_url] {
        let authority = url
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .unwrap_or_default();
        let address = authority.rsplit('@').next().unwrap_or_default();
        if TcpStream::connect(address).await.is_err() {
            return false;
        }
    }
    true
}

fn shared_lock(path: &Path) -> Result<File, Error> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(Error::io("open", path))?;
    file.lock_shared().map_err(Error::io("lock", path))?;
    Ok(file)
}

/// Below the target folder that the test binary was built in.
fn test_dir() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target
        .map_or_else(env::temp_dir, Path::to_owned)
        .join("devstack")
        .join("shared")
}
