//! Whom Postgres runs as when we are root, since it refuses root.
//! It must not change anything on the machine: it only reads the list of accounts.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use crate::Error;

/// An account to step down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// `None` when we are not root: then Postgres runs as we do.
    pub(crate) fn for_postgres() -> Result<Option<Self>, Error> {
        if !is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").map_err(Error::io("read", "/etc/passwd"))?;
        Self::choose(&accounts).map(Some).ok_or(Error::NoAccount)
    }

    fn choose(passwd: &str) -> Option<Self> {
        ["postgres", "nobody"].iter().find_map(|name| {
            let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2);
            let account = Self {
                uid: numbers.next()?.parse().ok()?,
                gid: numbers.next()?.parse().ok()?,
            };
            (account.uid != 0).then_some(account)
        })
    }

    /// Whether this account can get to `path` (or to its nearest existing parent) from the root folder.
    pub(crate) fn can_reach(self, path: &Path) -> bool {
        path.ancestors()
            .skip_while(|folder| !folder.is_dir())
            .all(|folder| {
                fs::metadata(folder).is_ok_and(|meta| {
                    let mode = meta.mode();
                    let bit = match (meta.uid() == self.uid, meta.gid() == self.gid) {
                        (true, _) => 0o100,
                        (false, true) => 0o010,
                        (false, false) => 0o001,
                    };
                    mode & bit != 0
                })
            })
    }
}

/// Whether this process may become another user.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::Account;

    #[test]
    fn postgres_is_preferred_to_nobody_and_root_is_never_chosen() {
        let both = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/x\npostgres:x:101:104::/:/x\n";
        assert_eq!(Account::choose(both), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(
            Account::choose("nobody:x:65534:65533::/:/x"),
            Some(Account {
                uid: 65534,
                gid: 65533
            })
        );
        assert_eq!(Account::choose("root:x:0:0::/root:/bin/sh"), None);
        assert_eq!(Account::choose("postgres:x:0:0::/:/x"), None);
    }

    #[test]
    fn a_folder_below_a_closed_one_cannot_be_reached() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account {
            uid: 4_000_001,
            gid: 4_000_001,
        };
        assert!(!stranger.can_reach(&closed.path().join("data/postgres")));
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.can_reach(&closed.path().join("data/postgres")));
    }
}
