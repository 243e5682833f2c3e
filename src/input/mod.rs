// SPDX-License-Identifier: GPL-3.0-or-later

//! Files of this machine: finding, opening and reading them.
//!
//! Those who can write to a directory may exchange what is in it while an
//! image is built.  So nothing is opened through a symbolic link but what the
//! caller has named through one, and what is read must still be what was
//! found: see [`FileSystem`] and [`StatSnapshot`].

#![forbid(unsafe_code)]

mod entry;
mod file;
mod file_system;
pub mod open;
mod scan;
mod snapshot;
mod xattrs;

pub use entry::{DiskFile, Kind, ScannedEntry, Source};
pub use file::FileReader;
pub use file_system::FileSystem;
pub use scan::{ScanOptions, Start, find, scan};
pub use snapshot::{FileId, StatSnapshot};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::{Error, Status, quoted};

/// How a file that was found before is opened.  NONBLOCK matters only should a
/// pipe have taken its place.
const OPEN_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK);

/// A failure of doing `action` on the input file `path`.
fn failure(action: &str, path: &[u8], errno: Errno) -> Error {
    Error::system(
        Status::Input,
        format_args!("{action} {}", quoted(path)),
        errno,
    )
}

/// The file `path` is not what it was when the image was planned.
fn changed(path: &[u8]) -> Error {
    Error::new(
        Status::InputChanged,
        format!(
            "{} changed while the image was being built; \
             build it again when the file is no longer being modified",
            quoted(path)
        ),
    )
}

/// A failure of opening or examining `path`, which was there a moment ago:
/// what has been removed or replaced has changed.
fn failure_or_changed(action: &str, path: &[u8], errno: Errno) -> Error {
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO => changed(path),
        _ => failure(action, path, errno),
    }
}
