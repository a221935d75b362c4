//! Which builds are current, by `a/index.json`, and which of them go together.

use std::path::Path;

use serde::Deserialize;

use super::manifest::{App, Kind, ManifestError, is_file_name, read};

/// A line of the index.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    build: String,
}

/// The current builds in the index's order, and builds of the runtime that only some need.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Apps {
    pub(super) current: Vec<App>,
    pub(super) other_runtimes: Vec<App>,
}

impl Apps {
    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &App> {
        self.current.iter().filter(move |app| app.manifest.kind == kind)
    }

    pub(super) fn named(&self, name: &str) -> Option<&App> {
        self.current.iter().find(|app| app.manifest.name == name)
    }

    /// The runtime of a version: the current one or one beside it.
    pub(super) fn runtime(&self, version: &str) -> Option<&App> {
        let fits = |app: &&App| app.manifest.runtime == version;
        self.of_kind(Kind::Runtime)
            .find(fits)
            .or_else(|| self.other_runtimes.iter().find(fits))
    }
}

/// Reads the folder. A build that cannot be served leaves the one before in its place; a fragment
/// whose runtime or SDK nobody serves is left out.
///
/// # Errors
/// There is no readable index, or no shell.
pub(super) fn scan(dir: &Path, before: &Apps) -> Result<Apps, ManifestError> {
    let root = dir.join("a");
    let index = root.join("index.json");
    let path = index.display().to_string();
    let entries: Vec<Entry> = serde_json::from_str(&read(&index)?).map_err(|source| ManifestError::Form {
        path: path.clone(),
        source,
    })?;
    let current: Vec<App> = entries
        .iter()
        .filter_map(|entry| app(&root, entry, before))
        .collect();
    let mut apps = Apps {
        current,
        other_runtimes: Vec::new(),
    };
    apps.other_runtimes = other_runtimes(&root, &apps);
    let served: Vec<App> = apps
        .current
        .iter()
        .filter(|app| goes_together(app, &apps))
        .cloned()
        .collect();
    apps.current = served;
    if apps.of_kind(Kind::Shell).next().is_none() {
        return Err(ManifestError::Wrong {
            path,
            what: "it names no shell that can be served".to_owned(),
        });
    }
    Ok(apps)
}

fn app(root: &Path, entry: &Entry, before: &Apps) -> Option<App> {
    let known = before.named(&entry.name);
    if let Some(known) = known
        && known.manifest.build == entry.build
    {
        return Some(known.clone());
    }
    if !is_file_name(&entry.name) || !is_file_name(&entry.build) {
        tracing::warn!(name = entry.name, build = entry.build, "no name of a build");
        return known.cloned();
    }
    match App::read(
        &root.join(&entry.name).join(&entry.build),
        &entry.name,
        &entry.build,
    ) {
        Ok(app) => Some(app),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                name = entry.name,
                build = entry.build,
                "a build cannot be served; the one before stays"
            );
            known.cloned()
        }
    }
}

/// Builds of the runtime beside the current one, where a fragment needs their version.
fn other_runtimes(root: &Path, apps: &Apps) -> Vec<App> {
    let wanted = |version: &str| {
        apps.of_kind(Kind::Fragment)
            .any(|app| app.manifest.runtime == version)
    };
    let Ok(folders) = std::fs::read_dir(root.join("runtime")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = folders
        .filter_map(|folder| folder.ok()?.file_name().into_string().ok())
        .filter(|name| is_file_name(name))
        .collect();
    names.sort_unstable();
    let builds = names
        .iter()
        .filter_map(|build| App::read(&root.join("runtime").join(build), "runtime", build).ok());
    builds
        .filter(|app| wanted(&app.manifest.runtime) && apps.runtime(&app.manifest.runtime).is_none())
        .collect()
}

fn goes_together(app: &App, apps: &Apps) -> bool {
    if app.manifest.kind != Kind::Fragment {
        return true;
    }
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    let sdk = apps.named("client").map(|client| client.manifest.sdk.as_str());
    let has_sdk = sdk.is_none_or(|sdk| major(sdk) == major(&app.manifest.sdk));
    let has_runtime = apps.runtime(&app.manifest.runtime).is_some();
    if !(has_sdk && has_runtime) {
        tracing::warn!(
            name = app.manifest.name,
            runtime = app.manifest.runtime,
            sdk = app.manifest.sdk,
            "a fragment is left out: nobody serves its runtime or SDK"
        );
    }
    has_sdk && has_runtime
}
