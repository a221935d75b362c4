//! Where the repository is and what is in it.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The repository's root folder; all paths are relative to it.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The folder above xtask: cargo tells it when it runs us, else it was noted when we were built.
    pub(crate) fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest
            .parent()
            .context("xtask lies in a folder of the repository")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where builds go.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), |dir| self.root.join(dir))
    }

    /// Where fetched servers are kept, shared by `up` and all tests.
    pub(crate) fn servers_cache(&self) -> PathBuf {
        env::var_os("PLIMSOLL_CACHE").map_or_else(|| self.target().join("devstack/servers"), PathBuf::from)
    }
}
