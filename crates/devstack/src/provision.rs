//! Decides which program a server runs from: one that the machine has, else the pinned one, fetched.
//! For Postgres with kept data, one of the version that wrote the data.

use std::path::Path;

use crate::{
    Error, Kind, Progress, Version,
    account::Account,
    fetch,
    find::{self, Findings, Install},
    pinned::Package,
};

/// The wishes that decide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) kind: Kind,
    pub(crate) account: Option<Account>,
    pub(crate) use_installed: bool,
    pub(crate) cache: &'a Path,
    /// The data folder, whose version decides when it is not empty.
    pub(crate) data: &'a Path,
}

pub(crate) async fn program(
    wish: Wish<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Install, Error> {
    let Wish { kind, account, .. } = wish;
    let findings = if wish.use_installed {
        find::installed(kind, account).await
    } else {
        Findings::default()
    };
    let data_major = crate::postgres::data_major(kind, wish.data);
    let fits = |version: Version| data_major.is_none_or(|major| major == version.major);

    let install = match findings.usable.iter().find(|install| fits(install.version)) {
        Some(install) => install.clone(),
        None if !fits(Package::of(kind).version) => {
            return Err(data_version(wish.data, data_major, &findings));
        }
        None => fetched(wish, &findings, progress).await?,
    };
    progress(Progress::Found {
        kind,
        version: install.version,
        path: install.program.clone(),
    });
    Ok(install)
}

async fn fetched(
    wish: Wish<'_>,
    findings: &Findings,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Install, Error> {
    let Wish {
        kind, account, cache, ..
    } = wish;
    let missing = |reason| Error::Missing {
        kind,
        found: findings.in_words(kind),
        reason,
    };
    let program = fetch::pinned(kind, cache, progress).await.map_err(missing)?;
    find::check(kind, account, program).await.map_err(missing)
}

fn data_version(data: &Path, major: Option<u32>, findings: &Findings) -> Error {
    let have: Vec<_> = findings
        .usable
        .iter()
        .map(|install| install.version.to_string())
        .collect();
    Error::DataVersion {
        dir: data.to_owned(),
        data: major.unwrap_or_default(),
        have: if have.is_empty() {
            "none of it".into()
        } else {
            have.join(", ")
        },
    }
}
