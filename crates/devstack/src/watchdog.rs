//! The process that ends the servers when their owner dies, even by kill -9.
//! It needs no unsafe code and no help from the owner's main function: a shell that waits for the end of a pipe.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Error, process};

const SCRIPT: &str = include_str!("watchdog.sh");

/// A handle on the watchdog. When the last one is dropped, or the process dies, it goes to work.
#[derive(Debug, Clone)]
pub(crate) struct Watchdog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    orders: Mutex<Option<ChildStdin>>,
    child: Mutex<Child>,
}

impl Watchdog {
    pub(crate) fn start() -> Result<Self, Error> {
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "plimsoll-watchdog"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::Watchdog)?;
        let orders = Mutex::new(child.stdin.take());
        Ok(Self {
            inner: Arc::new(Inner {
                orders,
                child: Mutex::new(child),
            }),
        })
    }

    /// Lets it do its work now, and waits until it has.
    pub(crate) async fn finish(&self) -> Result<(), Error> {
        drop(locked(&self.inner.orders).take());
        while locked(&self.inner.child)
            .try_wait()
            .map_err(Error::Watchdog)?
            .is_none()
        {
            process::pause().await;
        }
        Ok(())
    }

    /// Ends this process with this signal when the owner is gone.
    pub(crate) fn add(&self, pid: u32, signal: &str) -> Result<(), Error> {
        self.order(format_args!("add {pid} {signal}"))
    }

    /// Forgets a process that is known to have ended.
    pub(crate) fn forget(&self, pid: u32) -> Result<(), Error> {
        self.order(format_args!("drop {pid}"))
    }

    /// Deletes this folder after the servers have ended.
    pub(crate) fn remove_at_end(&self, folder: &Path) -> Result<(), Error> {
        self.order(format_args!("remove {}", folder.display()))
    }

    /// Lets the servers live until nobody holds the lock of this folder's users.
    pub(crate) fn share(&self, folder: &Path) -> Result<(), Error> {
        self.order(format_args!("share {}", folder.display()))
    }

    fn order(&self, line: std::fmt::Arguments<'_>) -> Result<(), Error> {
        let line = line.to_string();
        if line.contains('\n') {
            return Err(Error::Watchdog(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a folder's name has a line break",
            )));
        }
        match locked(&self.inner.orders).as_mut() {
            Some(orders) => orders
                .write_all(format!("{line}\n").as_bytes())
                .map_err(Error::Watchdog),
            None => Err(Error::Watchdog(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "it has already finished",
            ))),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
