//! Where data and fetched programs lie, so that the account that runs Postgres can get to them.
//! It decides on folders and makes them; it knows nothing of servers.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, chown},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{Error, account::Account};

/// The place of last resort, which only root can write to and everybody can walk through.
const COMMON: &str = "/var/lib/plimsoll";

/// `wanted` itself, or a folder of its own elsewhere when the account cannot get there (a checkout below a closed home).
pub(crate) fn reachable(wanted: &Path, account: Option<Account>) -> PathBuf {
    match account {
        Some(account) if !account.can_reach(wanted) => Path::new(COMMON).join(short_hash(wanted)),
        _ => wanted.to_owned(),
    }
}

/// Makes a folder that others may walk through, with its parents.
pub(crate) fn create(dir: &Path) -> Result<(), Error> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(dir)
        .map_err(Error::io("create", dir))
}

/// Makes a folder that only its owner may look into.
pub(crate) fn create_private(dir: &Path, owner: Option<Account>) -> Result<(), Error> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(Error::io("create", dir))?;
    match owner {
        Some(Account { uid, gid }) => {
            chown(dir, Some(uid), Some(gid)).map_err(Error::io("change the owner of", dir))
        }
        None => Ok(()),
    }
}

/// Deletes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("delete", dir)(error)),
        _ => Ok(()),
    }
}

/// The same path on every run, whatever it is relative to.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

fn short_hash(path: &Path) -> String {
    Sha256::digest(path.as_os_str().as_encoded_bytes())
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::reachable;
    use crate::account::Account;

    #[test]
    fn data_below_a_closed_home_moves_to_a_place_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account {
            uid: 4_000_001,
            gid: 4_000_001,
        };
        let (one, other) = (home.path().join("one"), home.path().join("other"));

        assert_eq!(reachable(&one, None), one, "not root: nothing to solve");
        let moved = reachable(&one, Some(stranger));
        assert!(moved.starts_with("/var/lib/plimsoll"), "{moved:?}");
        assert_eq!(
            moved,
            reachable(&one, Some(stranger)),
            "the same place at the next start"
        );
        assert_ne!(
            moved,
            reachable(&other, Some(stranger)),
            "two checkouts do not share data"
        );
        assert_eq!(reachable(Path::new("/usr"), Some(stranger)), Path::new("/usr"));
    }
}
