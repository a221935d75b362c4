//! One private server: started, stopped, killed, wiped and started again on the same port.
//! It knows the three kinds only through their modules' few functions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;
use tokio::time::{Instant, timeout};

use crate::{
    Error, Kind, account::Account, find::Install, nats, place, port, postgres, process, process::Launch,
    redis, watchdog::Watchdog,
};

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const PROBE_PATIENCE: Duration = Duration::from_secs(2);

/// A server that this process started. Its port and its URL stay the same over stops and starts.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    program: PathBuf,
    account: Option<Account>,
    data: PathBuf,
    log: PathBuf,
    port: u16,
    watchdog: Watchdog,
    child: Mutex<Option<Child>>,
    /// Held over a whole stop or start, so that two callers do not cross.
    turn: tokio::sync::Mutex<()>,
}

/// The folders and companions of a server.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) account: Option<Account>,
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) watchdog: Watchdog,
}

impl Server {
    pub(crate) fn new(kind: Kind, install: Install, setting: Setting) -> Result<Self, Error> {
        let Setting {
            account,
            data,
            log,
            watchdog,
        } = setting;
        let account = if kind == Kind::Postgres { account } else { None };
        Ok(Self {
            kind,
            program: install.program,
            account,
            data,
            log,
            port: port::free()?,
            watchdog,
            child: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Which server this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => postgres::url(self.port),
            Kind::Nats => nats::url(self.port),
            Kind::Redis => redis::url(self.port),
        }
    }

    /// What it wrote to its standard output and error.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The number of its process; `None` when it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        match child.as_mut()?.try_wait() {
            Ok(None) => child.as_ref().map(Child::id),
            Ok(Some(_)) | Err(_) => None,
        }
    }

    /// Whether its process is there. It may still be starting up.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// Stops it in order (Postgres: fast shutdown, Redis: after saving), then starts it and waits until it answers.
    /// After [`Self::kill9`] or [`Self::wipe`] it only starts.
    ///
    /// # Errors
    /// [`Error::DidNotStop`], [`Error::DidNotStart`] with the log's last lines, or a failed file operation.
    pub async fn restart(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.stop_in_turn().await?;
        self.start_in_turn().await
    }

    /// Stops it in order and waits for its end. Nothing happens when it does not run.
    ///
    /// # Errors
    /// [`Error::DidNotStop`] when it still runs after 20 seconds.
    pub async fn stop(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.stop_in_turn().await
    }

    /// Kills it without warning, as a crash would, and waits until it and its own children are gone.
    ///
    /// # Errors
    /// [`Error::DidNotStop`] when something of it is still there after 20 seconds.
    pub async fn kill9(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let Some(pid) = self.pid() else {
            return self.forget();
        };
        let family = process::children_of(pid);
        self.end(Signal::KILL).await?;
        if process::all_gone(&family, STOP_PATIENCE).await {
            Ok(())
        } else {
            Err(self.did_not_stop(pid))
        }
    }

    /// Deletes its data. It must not be running; the next [`Self::restart`] starts it empty.
    ///
    /// # Errors
    /// [`Error::StillRunning`], or a failed file operation.
    pub async fn wipe(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        if self.is_running() {
            return Err(Error::StillRunning(self.kind));
        }
        place::remove(&self.data)
    }

    /// Whether the first start has to lay out the data folder.
    pub(crate) fn is_empty(&self) -> bool {
        self.kind == Kind::Postgres && postgres::needs_layout(&self.data)
    }

    /// Waits for, and in the end kills, what an owner that was killed has left running on this data.
    pub(crate) async fn clear_leftover(&self) -> Result<(), Error> {
        let Some(pid) = fs::read_to_string(self.pid_file())
            .ok()
            .and_then(|text| text.trim().parse().ok())
        else {
            return Ok(());
        };
        if !process::runs_in(pid, &self.data) {
            return Ok(());
        }
        if !process::all_gone(&[pid], STOP_PATIENCE / 2).await {
            let family = process::children_of(pid);
            process::kill_stranger(pid);
            if !process::all_gone(&[&family[..], &[pid]].concat(), STOP_PATIENCE).await {
                return Err(self.did_not_stop(pid));
            }
        }
        Ok(())
    }

    async fn start_in_turn(&self) -> Result<(), Error> {
        let launch = self.prepare().await?;
        let child = process::spawn(&launch, &self.log)?;
        let pid = child.id();
        *self.child() = Some(child);
        self.watchdog.add(pid, self.polite_signal_name())?;
        fs::write(self.pid_file(), pid.to_string()).map_err(Error::io("write", self.pid_file()))?;
        self.wait_until_ready(pid).await
    }

    async fn prepare(&self) -> Result<Launch, Error> {
        let (program, data, port) = (self.program.clone(), &self.data, self.port);
        Ok(match self.kind {
            Kind::Postgres => {
                if postgres::needs_layout(data) {
                    postgres::lay_out(&program, data, self.account).await?;
                }
                postgres::launch(program, data, port, self.account)
            }
            Kind::Nats => {
                place::create_private(data, None)?;
                nats::write_config(data)?;
                nats::launch(program, data, port)
            }
            Kind::Redis => {
                place::create_private(data, None)?;
                redis::launch(program, data, port)
            }
        })
    }

    async fn wait_until_ready(&self, pid: u32) -> Result<(), Error> {
        let deadline = Instant::now() + START_PATIENCE;
        let answers = async || match self.kind {
            Kind::Postgres => postgres::is_ready(&self.data, pid),
            Kind::Nats => nats::is_ready(self.port).await,
            Kind::Redis => redis::is_ready(self.port).await,
        };
        while !timeout(PROBE_PATIENCE, answers()).await.unwrap_or(false) {
            if !self.is_running() {
                return Err(self.did_not_start("it ended at once".into()));
            }
            if Instant::now() >= deadline {
                return Err(self.did_not_start(format!("no answer within {} s", START_PATIENCE.as_secs())));
            }
            process::pause().await;
        }
        Ok(())
    }

    async fn stop_in_turn(&self) -> Result<(), Error> {
        let polite = if self.kind == Kind::Postgres {
            Signal::INT
        } else {
            Signal::TERM
        };
        if self.is_running() {
            self.end(polite).await
        } else {
            self.forget()
        }
    }

    async fn end(&self, signal: Signal) -> Result<(), Error> {
        let Some(mut child) = self.child().take() else {
            return Ok(());
        };
        let pid = child.id();
        process::signal(&child, signal).map_err(Error::io("signal", &self.program))?;
        let ended = process::ended(&mut child, STOP_PATIENCE)
            .await
            .map_err(Error::io("wait for", &self.program))?;
        if !ended {
            *self.child() = Some(child);
            return Err(self.did_not_stop(pid));
        }
        self.watchdog.forget(pid)?;
        self.forget()
    }

    fn forget(&self) -> Result<(), Error> {
        if let Some(child) = self.child().take() {
            self.watchdog.forget(child.id())?;
        }
        match fs::remove_file(self.pid_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("delete", self.pid_file())(error))
            }
            _ => Ok(()),
        }
    }

    fn polite_signal_name(&self) -> &'static str {
        if self.kind == Kind::Postgres {
            "INT"
        } else {
            "TERM"
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.log.with_extension("pid")
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn did_not_start(&self, reason: String) -> Error {
        Error::DidNotStart {
            kind: self.kind,
            reason,
            log: self.log.clone(),
            tail: process::tail(&self.log, 8),
        }
    }

    fn did_not_stop(&self, pid: u32) -> Error {
        Error::DidNotStop {
            kind: self.kind,
            pid,
            waited_s: STOP_PATIENCE.as_secs(),
            log: self.log.clone(),
        }
    }
}
