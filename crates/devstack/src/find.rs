//! Looks for servers that the machine already has, on PATH and in the usual folders.
//! It runs nothing but `PROGRAM --version`.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::{Error, Kind, Version, account::Account};

/// A server program that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Install {
    pub(crate) program: PathBuf,
    pub(crate) version: Version,
}

/// What looking gave: usable programs, the newest first, and in words why others were passed over.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) usable: Vec<Install>,
    pub(crate) passed_over: Vec<String>,
}

impl Findings {
    pub(crate) fn in_words(&self, kind: Kind) -> String {
        if self.passed_over.is_empty() {
            format!(
                "no {} on PATH or in the usual folders",
                kind.programs().join(" or ")
            )
        } else {
            self.passed_over.join("; ")
        }
    }
}

/// Every usable program of this kind on the machine; `account` must be able to run it.
pub(crate) async fn installed(kind: Kind, account: Option<Account>) -> Findings {
    in_folders(kind, account, &folders(kind)).await
}

pub(crate) async fn in_folders(kind: Kind, account: Option<Account>, folders: &[PathBuf]) -> Findings {
    let mut findings = Findings::default();
    let mut seen = BTreeSet::new();
    for name in kind.programs() {
        for folder in folders {
            let Ok(program) = fs::canonicalize(folder.join(name)) else {
                continue;
            };
            if !is_executable(&program) || !seen.insert(program.clone()) {
                continue;
            }
            match check(kind, account, program).await {
                Ok(install) => findings.usable.push(install),
                Err(reason) => findings.passed_over.push(reason),
            }
        }
    }
    findings
        .usable
        .sort_by_key(|install| std::cmp::Reverse(install.version));
    findings
}

/// The program's version, or in words why it will not do.
pub(crate) async fn check(kind: Kind, account: Option<Account>, program: PathBuf) -> Result<Install, String> {
    for companion in kind.companions() {
        if !is_executable(&program.with_file_name(companion)) {
            return Err(format!("{} has no {companion} beside it", program.display()));
        }
    }
    if account.is_some_and(|account| !account.can_reach(program.parent().unwrap_or(&program))) {
        return Err(format!(
            "{} lies where the account that runs it cannot go",
            program.display()
        ));
    }
    let output = Command::new(&program).arg("--version").output().await;
    let version = output
        .ok()
        .and_then(|output| Version::find_in(&String::from_utf8_lossy(&output.stdout)))
        .ok_or_else(|| format!("{} does not tell its version", program.display()))?;
    if version < kind.oldest() {
        return Err(Error::TooOld {
            kind,
            path: program,
            have: version,
        }
        .to_string());
    }
    Ok(Install { program, version })
}

fn folders(kind: Kind) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect();
    folders.extend(
        [
            "/usr/local/bin",
            "/usr/local/sbin",
            "/usr/bin",
            "/usr/sbin",
            "/opt/homebrew/bin",
        ]
        .map(PathBuf::from),
    );
    if let Some(home) = env::var_os("HOME") {
        folders.push(Path::new(&home).join(".local/bin"));
        folders.push(Path::new(&home).join("go/bin"));
    }
    if kind == Kind::Postgres {
        folders.push("/usr/local/pgsql/bin".into());
        for (parent, prefix) in [
            ("/usr/lib/postgresql", ""),
            ("/usr", "pgsql-"),
            ("/opt/homebrew/opt", "postgresql@"),
        ] {
            folders.extend(versioned(Path::new(parent), prefix));
        }
    }
    folders
}

fn versioned(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let named = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(named)
        .map(|path| path.join("bin"))
        .collect()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::in_folders;
    use crate::{Kind, Version};

    fn program(folder: &Path, name: &str, prints: &str) {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{prints}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    async fn the_newest_usable_program_wins_and_an_old_one_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folders = [
            root.path().join("old"),
            root.path().join("fit"),
            root.path().join("newer"),
        ];
        program(&folders[0], "nats-server", "nats-server: v2.9.10");
        program(&folders[1], "nats-server", "nats-server: v2.12.0");
        program(&folders[2], "nats-server", "nats-server: v2.15.1");

        let findings = in_folders(Kind::Nats, None, &folders).await;
        let versions: Vec<_> = findings.usable.iter().map(|install| install.version).collect();
        assert_eq!(versions, [Version::new(2, 15), Version::new(2, 12)]);
        assert!(
            findings
                .in_words(Kind::Nats)
                .contains("is 2.9, and NATS server 2.12 or newer is needed")
        );
    }

    #[tokio::test]
    async fn postgres_without_initdb_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        program(root.path(), "postgres", "postgres (PostgreSQL) 17.2");
        let folders = [root.path().to_owned()];
        let findings = in_folders(Kind::Postgres, None, &folders).await;
        assert!(findings.usable.is_empty());
        assert!(
            findings
                .in_words(Kind::Postgres)
                .contains("has no initdb beside it")
        );

        program(root.path(), "initdb", "initdb (PostgreSQL) 17.2");
        assert_eq!(in_folders(Kind::Postgres, None, &folders).await.usable.len(), 1);
    }

    #[tokio::test]
    async fn nothing_found_says_where_was_looked() {
        let findings = in_folders(Kind::Redis, None, &[]).await;
        assert_eq!(
            findings.in_words(Kind::Redis),
            "no valkey-server or redis-server on PATH or in the usual folders"
        );
    }
}
