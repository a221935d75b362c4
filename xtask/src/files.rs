//! The repository's files as git sees them: tracked, or new and not ignored.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{command, workspace::Workspace};

/// A text file of ours.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) content: String,
}

impl Text {
    #[cfg(test)]
    pub(crate) fn new(path: &str, content: &str) -> Self {
        Self {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    pub(crate) fn has_extension(&self, extensions: &[&str]) -> bool {
        let found = Path::new(&self.path).extension().unwrap_or_default();
        extensions.iter().any(|extension| found == *extension)
    }

    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The paths below a folder, sorted.
pub(crate) fn list(workspace: &Workspace, below: &str) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(workspace.root());
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        below,
    ]);
    let mut paths: Vec<_> = command::output(&mut git)?
        .split('\0')
        .filter(|path| !path.is_empty() && workspace.path(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// All text files with one of these extensions.
pub(crate) fn texts(workspace: &Workspace, extensions: &[&str]) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    for path in list(workspace, ".")? {
        let mut text = Text {
            path,
            ..Text::default()
        };
        if text.has_extension(extensions) {
            text.content = fs::read_to_string(workspace.path(&text.path))
                .with_context(|| format!("reading {}", text.path))?;
            texts.push(text);
        }
    }
    Ok(texts)
}

/// One hash over the names and contents of files: equal when nothing has changed.
pub(crate) fn fingerprint(workspace: &Workspace, paths: &[String]) -> Result<String> {
    let mut hash = Sha256::new();
    for path in paths {
        let content = fs::read(workspace.path(path)).with_context(|| format!("reading {path}"))?;
        hash.update(path);
        hash.update([0]);
        hash.update(u64::try_from(content.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(&content);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The files of a folder with their contents, for comparing two folders.
pub(crate) fn snapshot(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, folder, &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, found)?;
        } else {
            let content = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            found.push((path.strip_prefix(root)?.to_owned(), content));
        }
    }
    Ok(())
}
