//! The web's packages and pages, installed and built only when something has changed.
//! What was done last is remembered as a hash in the target folder.

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, Result};

use crate::{command, files, say, workspace::Workspace};

/// Whether there is a web to speak of.
pub(crate) fn is_present(workspace: &Workspace) -> bool {
    workspace.path("web/package.json").is_file()
}

/// `npm ci`, unless the installed packages are those of the lock file.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    command::require_node()?;
    let named = |path: &String| {
        path.ends_with("package.json") || path.ends_with("package-lock.json") || path.ends_with(".npmrc")
    };
    let sources: Vec<_> = files::list(workspace, "web")?.into_iter().filter(named).collect();
    let stamp = Stamp::of(workspace, "web-packages", &sources)?;
    if stamp.is_current() && workspace.path("web/node_modules").is_dir() {
        return Ok(());
    }
    say::line("web: installing packages (npm ci)");
    let started = Instant::now();
    command::run(command::npm(workspace).args(["ci", "--no-fund", "--no-audit"]))?;
    stamp.write()?;
    say::line(format_args!(
        "web: packages installed in {}",
        say::seconds(started.elapsed())
    ));
    Ok(())
}

/// The finished page in `web/dist`, built unless nothing has changed since.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    install(workspace)?;
    let stamp = Stamp::of(workspace, "web-pages", &files::list(workspace, "web")?)?;
    if stamp.is_current() && workspace.path("web/dist").is_dir() {
        say::line("web: the page is up to date");
        return Ok(());
    }
    say::line("web: building the page");
    let started = Instant::now();
    command::run(command::npm(workspace).args(["run", "--silent", "build"]))?;
    stamp.write()?;
    say::line(format_args!(
        "web: page built in {}",
        say::seconds(started.elapsed())
    ));
    Ok(())
}

struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    fn of(workspace: &Workspace, name: &str, sources: &[String]) -> Result<Self> {
        let file = workspace.target().join("xtask").join(format!("{name}.sha256"));
        Ok(Self {
            file,
            hash: files::fingerprint(workspace, sources)?,
        })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|hash| hash == self.hash)
    }

    fn write(&self) -> Result<()> {
        let folder = self.file.parent().context("a stamp lies in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.file, &self.hash))
            .context("noting what was built")
    }
}
