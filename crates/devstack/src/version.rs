//! The version of a server, read from what the program itself prints.
//! It knows nothing of which versions are wanted.

use std::fmt;

/// Major and minor; what comes after does not decide anything here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number, 0 where there is none.
    pub minor: u32,
}

impl Version {
    /// A version from its numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The first version number in a line such as `postgres (PostgreSQL) 15.18` or `nats-server: v2.15.1`.
    #[must_use]
    pub fn find_in(text: &str) -> Option<Self> {
        text.split(|c: char| c.is_whitespace() || c == '=')
            .map(|word| word.trim_start_matches('v'))
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn the_version_is_found_in_what_each_server_prints() {
        for (line, expected) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Version::new(15, 18),
            ),
            ("postgres (PostgreSQL) 18beta1", Version::new(18, 0)),
            ("nats-server: v2.15.1", Version::new(2, 15)),
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64",
                Version::new(7, 0),
            ),
            (
                "Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64",
                Version::new(9, 1),
            ),
        ] {
            assert_eq!(Version::find_in(line), Some(expected), "{line}");
        }
        assert_eq!(Version::find_in("command not found"), None);
    }
}
