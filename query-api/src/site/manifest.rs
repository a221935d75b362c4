//! What an app's build says about itself (web/README.md), and what makes it one that can be served.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The mount contract that pages of this server keep.
const CONTRACT: u32 = 1;

/// What an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// The shared runtime.
    Runtime,
    /// A shared library.
    Library,
    /// The frame of the page.
    Shell,
    /// A part of the page that the shell mounts.
    Fragment,
}

/// A manifest, as far as the server reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) build: String,
    pub(super) contract: u32,
    pub(super) runtime: String,
    pub(super) sdk: String,
    pub(super) entry: String,
    pub(super) css: Vec<String>,
    pub(super) integrity: BTreeMap<String, String>,
    pub(super) exports: BTreeMap<String, String>,
    pub(super) preload: Vec<String>,
    pub(super) routes: Vec<String>,
}

/// A build that can be served: its manifest, and the manifest's own text for the page.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) manifest: Manifest,
    pub(super) text: String,
}

impl PartialEq for App {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Why a build cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    /// It cannot be read.
    #[error("{path} cannot be read")]
    Read {
        path: String,
        #[source]
        source: std::io::Error,
    },
    /// It is no manifest.
    #[error("{path} is no manifest")]
    Form {
        path: String,
        #[source]
        source: serde_json::Error,
    },
    /// It contradicts itself, the folder or this server.
    #[error("{path}: {what}")]
    Wrong { path: String, what: String },
}

impl App {
    /// Reads `<folder>/manifest.json` and checks it against the folder.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub(super) fn read(folder: &Path, name: &str, build: &str) -> Result<Self, ManifestError> {
        let file = folder.join("manifest.json");
        let path = file.display().to_string();
        let text = read(&file)?;
        let form = |source| ManifestError::Form {
            path: path.clone(),
            source,
        };
        let manifest: Manifest = serde_json::from_str(&text).map_err(form)?;
        // Compact, so that the page carries no indentation.
        let compact: Box<RawValue> = serde_json::from_str(&text).map_err(form)?;
        let value: Value = serde_json::from_str(compact.get()).map_err(form)?;
        manifest
            .check(folder, name, build)
            .map_err(|what| ManifestError::Wrong { path, what })?;
        Ok(Self {
            manifest,
            text: value.to_string(),
        })
    }

    /// The address of one of its files.
    pub(super) fn address(&self, file: &str) -> String {
        format!("/a/{}/{}/{file}", self.manifest.name, self.manifest.build)
    }
}

impl Manifest {
    fn check(&self, folder: &Path, name: &str, build: &str) -> Result<(), String> {
        if self.name != name || self.build != build {
            return Err(format!(
                "it says {}/{}, the index says {name}/{build}",
                self.name, self.build
            ));
        }
        if self.contract != CONTRACT {
            return Err(format!(
                "contract {} is not the one that is kept here, {CONTRACT}",
                self.contract
            ));
        }
        let files = [&self.entry].into_iter().chain(&self.css).chain(&self.preload);
        for file in files.chain(self.exports.values()).chain(self.integrity.keys()) {
            if !is_file_name(file) {
                return Err(format!("`{file}` is no file name"));
            }
            if !folder.join(file).is_file() {
                return Err(format!("`{file}` is not there"));
            }
        }
        if let Some(route) = self.routes.iter().find(|route| !is_route(route)) {
            return Err(format!("`{route}` is no path that a page can have"));
        }
        Ok(())
    }
}

/// Whether a name of a folder or file keeps within its folder.
pub(super) fn is_file_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= 120 && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn is_route(route: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    route.starts_with('/')
        && route.bytes().all(is_plain)
        && !route.starts_with("/a/")
        && !route.starts_with("/v1/")
}

pub(super) fn read(file: &Path) -> Result<String, ManifestError> {
    std::fs::read_to_string(file).map_err(|source| ManifestError::Read {
        path: file.display().to_string(),
        source,
    })
}
