// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker's names for the systems Guix builds for.

use crate::error::{Argument, Error, Result, Status};

/// First components of GNU triplets and the value of `architecture` (Go's
/// GOARCH) in the image's configuration.
const ARCHITECTURES: [(&str, &str); 23] = [
    ("x86_64", "amd64"),
    ("i386", "386"),
    ("i486", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("aarch64", "arm64"),
    ("arm64", "arm64"),
    ("arm", "arm"),
    ("armel", "arm"),
    ("armhf", "arm"),
    ("armv5tel", "arm"),
    ("armv6l", "arm"),
    ("armv7", "arm"),
    ("armv7a", "arm"),
    ("armv7l", "arm"),
    ("armv8l", "arm"),
    ("loongarch64", "loong64"),
    ("mips64", "mips64le"),
    ("mips64el", "mips64le"),
    ("powerpc64le", "ppc64le"),
    ("ppc64le", "ppc64le"),
    ("riscv64", "riscv64"),
    ("s390x", "s390x"),
];

/// The architecture of the system called `triplet`: a GNU triplet, with or
/// without its vendor, or its first component alone.
pub fn architecture(triplet: &str) -> Result<&'static str> {
    let (machine, rest) = triplet.split_once('-').unwrap_or((triplet, ""));
    let known = ARCHITECTURES.iter().find(|&&(name, _)| name == machine);
    match known {
        Some(&(_, architecture)) if is_linux(rest) => Ok(architecture),
        Some(_) => Err(unsupported(
            triplet,
            "its kernel must be Linux, as in x86_64-linux-gnu",
        )),
        None => {
            let names: Vec<_> = ARCHITECTURES.iter().map(|&(name, _)| name).collect();
            let names = names.join(", ");
            Err(unsupported(
                triplet,
                &format!("its first component must be one of {names}"),
            ))
        }
    }
}

/// Whether what follows the first component of a triplet leaves the kernel
/// open or says that it is Linux.
fn is_linux(rest: &str) -> bool {
    let kernel = match rest.split_once('-') {
        Some((vendor, kernel)) if !vendor.starts_with("linux") => kernel,
        _ => rest,
    };
    matches!(kernel, "" | "pc" | "unknown") || kernel.starts_with("linux")
}

fn unsupported(triplet: &str, what: &str) -> Error {
    Error::new(
        Status::UnsupportedSystem,
        format!("{triplet:?} is not supported; {what}"),
    )
    .with_argument(Argument("system"))
}

/// The architecture of this machine, as its kernel calls it.
pub fn default_architecture() -> Result<&'static str> {
    let machine = rustix::system::uname();
    architecture(&machine.machine().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::architecture;

    #[test]
    fn triplets_are_taken_apart() {
        for (triplet, expected) in [
            ("x86_64-linux", "amd64"),
            ("x86_64-pc-linux-gnu", "amd64"),
            ("x86_64-unknown", "amd64"),
            ("i586-linux", "386"),
            ("arm64", "arm64"),
            ("aarch64-linux-gnu", "arm64"),
            ("armhf-linux", "arm"),
            ("armv7l", "arm"),
            ("arm-linux-gnueabihf", "arm"),
            ("arm-unknown-linux-gnueabihf", "arm"),
            ("mips64el-linux", "mips64le"),
            ("powerpc64le-linux", "ppc64le"),
            ("riscv64-linux-musl", "riscv64"),
            ("loongarch64-linux-gnu", "loong64"),
        ] {
            assert_eq!(architecture(triplet).unwrap(), expected, "{triplet}");
        }
        for triplet in [
            "",
            "x86_64-w64-mingw32",
            "x86_64-gnu",
            "i586-pc-gnu",
            "aarch64-apple-darwin23",
            "arm-none-eabi",
            "x86_64-unknown-freebsd14",
            "aarch64_be-linux",
            "armeb-linux-gnueabi",
            "x86_64v3-linux",
            "powerpc64-linux",
            "sparc64-linux",
        ] {
            assert!(architecture(triplet).is_err(), "{triplet}");
        }
    }
}
