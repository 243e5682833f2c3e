// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker's names for the systems Guix builds for.

use crate::error::{Error, Result, Status};

/// Beginnings of GNU triplets and the value of `architecture` (Go's GOARCH)
/// in the image's configuration.
const ARCHITECTURES: [(&str, &str); 8] = [
    ("x86_64", "amd64"),
    ("i686", "386"),
    ("arm", "arm"),
    ("aarch64", "arm64"),
    ("mips64", "mips64le"),
    ("powerpc64le", "ppc64le"),
    ("riscv64", "riscv64"),
    ("s390x", "s390x"),
];

/// The architecture of the system called `triplet`.
pub fn architecture(triplet: &str) -> Result<&'static str> {
    ARCHITECTURES
        .iter()
        .find(|(prefix, _)| triplet.starts_with(prefix))
        .map(|&(_, architecture)| architecture)
        .ok_or_else(|| {
            let known: Vec<_> = ARCHITECTURES.iter().map(|&(prefix, _)| prefix).collect();
            Error::new(
                Status::UnsupportedSystem,
                format!(
                    "system: {triplet:?} is not supported; it must begin with one of {}",
                    known.join(", ")
                ),
            )
        })
}

/// The architecture of this machine, as its kernel calls it.
pub fn default_architecture() -> Result<&'static str> {
    let machine = rustix::system::uname();
    architecture(&machine.machine().to_string_lossy())
}
