//! The servers that one owner needs, together: found or fetched, started, and stopped with their owner.
//! Whoever holds the [`Stack`] is the owner; when it is dropped or the process dies, the private servers end too.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    Data, Error, Kind, Progress, Server, Source, StackOptions,
    account::Account,
    place,
    provision::{self, Wish},
    server::Setting,
    watchdog::Watchdog,
};

/// Running servers. Dropping it lets them end in the background; [`Stack::stop`] waits for that.
#[derive(Debug)]
pub struct Stack {
    members: Vec<(Kind, Member)>,
    watchdog: Watchdog,
    /// Held as long as the folder is in use.
    _lock: File,
}

#[derive(Debug)]
enum Member {
    Private(Box<Server>, String),
    Existing(String),
}

impl Stack {
    /// Finds or fetches what is wanted, starts it, and returns when every server answers.
    ///
    /// # Errors
    /// [`Error::Missing`] when a server can be neither found nor fetched, [`Error::DirInUse`], [`Error::DataVersion`],
    /// [`Error::NoAccount`], [`Error::DidNotStart`] or a failed file operation. What had started by then ends again.
    pub async fn start(
        options: StackOptions,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, Error> {
        let dir = place::absolute(&options.dir)?;
        let account = Account::for_postgres()?;
        place::create(&dir)?;
        let lock = exclusive(&dir)?;
        let watchdog = Watchdog::start()?;
        if options.data == Data::Temporary {
            watchdog.remove_at_end(&dir)?;
        }
        let mut starter = Starter {
            dir,
            account,
            options: &options,
            watchdog: &watchdog,
            progress: &mut progress,
        };
        let mut members = Vec::new();
        for kind in Kind::ALL {
            let source = match kind {
                Kind::Postgres => &options.postgres,
                Kind::Nats => &options.nats,
                Kind::Redis => &options.redis,
            };
            match source {
                Source::Absent => {}
                Source::Existing(url) => members.push((kind, Member::Existing(url.clone()))),
                Source::Private => {
                    let server = starter.start(kind).await?;
                    let url = server.url();
                    members.push((kind, Member::Private(Box::new(server), url)));
                }
            }
        }
        Ok(Self {
            members,
            watchdog,
            _lock: lock,
        })
    }

    /// The URL of Postgres, naming the maintenance database `postgres` when it is private.
    ///
    /// # Panics
    /// When the options left Postgres out.
    #[must_use]
    pub fn postgres_url(&self) -> &str {
        self.url(Kind::Postgres)
    }

    /// The URL of the NATS server.
    ///
    /// # Panics
    /// When the options left NATS out.
    #[must_use]
    pub fn nats_url(&self) -> &str {
        self.url(Kind::Nats)
    }

    /// The URL of Redis or Valkey.
    ///
    /// # Panics
    /// When the options left Redis out.
    #[must_use]
    pub fn redis_url(&self) -> &str {
        self.url(Kind::Redis)
    }

    /// The private Postgres.
    ///
    /// # Errors
    /// [`Error::NotPrivate`] when it was given by URL or left out.
    pub fn postgres(&self) -> Result<&Server, Error> {
        self.server(Kind::Postgres)
    }

    /// The private NATS server.
    ///
    /// # Errors
    /// [`Error::NotPrivate`] when it was given by URL or left out.
    pub fn nats(&self) -> Result<&Server, Error> {
        self.server(Kind::Nats)
    }

    /// The private Redis or Valkey.
    ///
    /// # Errors
    /// [`Error::NotPrivate`] when it was given by URL or left out.
    pub fn redis(&self) -> Result<&Server, Error> {
        self.server(Kind::Redis)
    }

    /// The private server of this kind.
    ///
    /// # Errors
    /// [`Error::NotPrivate`] when it was given by URL or left out.
    pub fn server(&self, kind: Kind) -> Result<&Server, Error> {
        match self.member(kind) {
            Some(Member::Private(server, _)) => Ok(server),
            Some(Member::Existing(_)) | None => Err(Error::NotPrivate(kind)),
        }
    }

    /// Stops the private servers in order (NATS, Redis, then Postgres), waits for their end, and removes temporary data.
    ///
    /// # Errors
    /// The first [`Error::DidNotStop`]; what is still there then is killed.
    pub async fn stop(self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for kind in [Kind::Nats, Kind::Redis, Kind::Postgres] {
            if let Some(Member::Private(server, _)) = self.member(kind) {
                outcome = outcome.and(server.stop().await);
            }
        }
        outcome.and(self.watchdog.finish().await)
    }

    /// Lets the servers live as long as anybody holds the lock of this folder's users, not only this process.
    pub(crate) fn share(&self, folder: &Path) -> Result<(), Error> {
        self.watchdog.share(folder)
    }

    fn url(&self, kind: Kind) -> &str {
        match self.member(kind) {
            Some(Member::Private(_, url) | Member::Existing(url)) => url,
            None => panic!("{kind} was left out of the options of this stack"),
        }
    }

    fn member(&self, kind: Kind) -> Option<&Member> {
        self.members
            .iter()
            .find_map(|(member, server)| (*member == kind).then_some(server))
    }
}

struct Starter<'a, P> {
    dir: PathBuf,
    account: Option<Account>,
    options: &'a StackOptions,
    watchdog: &'a Watchdog,
    progress: &'a mut P,
}

impl<P: FnMut(Progress) + Send> Starter<'_, P> {
    async fn start(&mut self, kind: Kind) -> Result<Server, Error> {
        let data = self.data_folder(kind)?;
        let cache = self.cache();
        let wish = Wish {
            kind,
            account: if kind == Kind::Postgres {
                self.account
            } else {
                None
            },
            use_installed: self.options.use_installed,
            cache: &cache,
            data: if self.options.data == Data::Keep {
                &data
            } else {
                Path::new("/nonexistent")
            },
        };
        let install = provision::program(wish, self.progress).await?;
        let setting = Setting {
            account: self.account,
            data: data.clone(),
            log: self.dir.join(format!("{}.log", kind.slug())),
            watchdog: self.watchdog.clone(),
        };
        let server = Server::new(kind, install, setting)?;
        server.clear_leftover().await?;
        if self.options.data != Data::Keep {
            place::remove(&data)?;
        }
        if server.is_empty() {
            (self.progress)(Progress::Preparing(kind));
        }
        let started = Instant::now();
        server.restart().await?;
        (self.progress)(Progress::Ready {
            kind,
            url: server.url(),
            took: started.elapsed(),
        });
        Ok(server)
    }

    /// Where this server's data lies, and the order to remove it at the end when it is temporary.
    fn data_folder(&mut self, kind: Kind) -> Result<PathBuf, Error> {
        let wanted = self.dir.clone();
        let parent = if kind == Kind::Postgres {
            place::reachable(&wanted, self.account)
        } else {
            wanted.clone()
        };
        if parent != wanted {
            self.settle_elsewhere(kind, &parent)?;
        }
        let data = parent.join(kind.slug());
        if self.options.data == Data::Temporary {
            self.watchdog
                .remove_at_end(if parent == wanted { &data } else { &parent })?;
        }
        Ok(data)
    }

    /// Data that lies elsewhere belongs to this folder only while the note about it is here.
    fn settle_elsewhere(&mut self, kind: Kind, elsewhere: &Path) -> Result<(), Error> {
        let text = format!(
            "{kind} cannot be run as root, and its account cannot reach {}; its data is in {}",
            self.dir.display(),
            elsewhere.display()
        );
        let note = self.dir.join(format!("{}.elsewhere", kind.slug()));
        if !note.exists() {
            place::remove(elsewhere)?;
        }
        place::create(elsewhere)?;
        fs::write(&note, format!("{text}\n")).map_err(Error::io("write", note))?;
        (self.progress)(Progress::Note(text));
        Ok(())
    }

    fn cache(&self) -> PathBuf {
        let named = || {
            std::env::var_os("PLIMSOLL_CACHE")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let wanted = self
            .options
            .cache_dir
            .clone()
            .or_else(named)
            .unwrap_or_else(|| self.dir.join("servers"));
        place::absolute(&wanted).map_or(wanted, |wanted| place::reachable(&wanted, self.account))
    }
}

fn exclusive(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::DirInUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path)(error)),
    }
}
