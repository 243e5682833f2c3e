// SPDX-License-Identifier: GPL-3.0-or-later

//! Extended attributes.

use std::ffi::CStr;
use std::sync::Arc;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::file_system::{FileSystem, Origin};
use super::{OPEN_FLAGS, changed, failure, failure_or_changed};
use crate::error::Result;
use crate::input::open::open_at;
use crate::tar::Xattr;
use crate::warning::Notice;

const CAPABILITY: &CStr = c"security.capability";

/// The size in bytes of the buffer for a value or a list of names, at first
/// and at most: the kernel has no larger ones.
const SMALL: usize = 256;
const LARGEST: usize = 1 << 16;

/// Whether an attribute is kept: others belong to the machine, or to the file
/// system.
fn is_kept(name: &CStr) -> bool {
    // Readers of archives take what follows a "=" for a part of the value.
    let has_equals = name.to_bytes().contains(&b'=');
    name == CAPABILITY || (name.to_bytes().starts_with(b"user.") && !has_equals)
}

/// Whether an attribute is worth a warning if it is left out.  Labels of
/// SELinux are on every file of some systems.
fn is_missed(name: &CStr) -> bool {
    !name.to_bytes().starts_with(b"security.")
}

/// The attributes to keep of the file or directory `name` of `directory`,
/// which is called `path` in full and was found to be as `stat` says: in the
/// order of their names.
pub fn kept(
    file_system: &FileSystem,
    directory: BorrowedFd,
    name: &[u8],
    path: &[u8],
    stat: &Stat,
) -> Result<Vec<Xattr>> {
    let kind = FileType::from_raw_mode(stat.st_mode);
    if !kind.is_file() && !kind.is_dir() {
        return Ok(Vec::new());
    }
    let fd = open_at(directory, name, OPEN_FLAGS)
        .map_err(|errno| failure_or_changed("opening", path, errno))?;
    let failed = |errno| failure("reading the extended attributes of", path, errno);
    let now = rustix::fs::fstat(&fd).map_err(failed)?;
    if FileType::from_raw_mode(now.st_mode) != kind {
        return Err(changed(path));
    }
    let names = match read(|buffer| rustix::fs::flistxattr(&fd, buffer)) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        names => names.map_err(failed)?,
    };
    let mut xattrs = Vec::new();
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        if is_kept(name) {
            let value = value(&fd, name).map_err(failed)?;
            xattrs.push((name.to_bytes().into(), value.into()));
        } else if is_missed(name) {
            file_system.warnings.note(Notice::Xattr, path);
        }
    }
    xattrs.sort_unstable();
    Ok(xattrs)
}

fn value(fd: &OwnedFd, name: &CStr) -> rustix::io::Result<Vec<u8>> {
    read(|buffer| rustix::fs::fgetxattr(fd, name, buffer))
}

/// What `call` writes to a buffer that is large enough; it returns the size.
fn read(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; SMALL];
    loop {
        match call(&mut buffer) {
            Err(Errno::RANGE) if buffer.len() < LARGEST => {
                buffer.resize(LARGEST.min(4 * buffer.len()), 0);
            }
            result => {
                buffer.truncate(result?);
                return Ok(buffer);
            }
        }
    }
}

/// Notes that the file `path` of a directory of `origin` has a capability, if
/// it does.
pub fn note_dropped(
    file_system: &FileSystem,
    path: &[u8],
    origin: Option<&Arc<Origin>>,
    stat: &Stat,
) {
    // Of others, a capability is of no use.
    let can_run = stat.st_mode & 0o111 != 0;
    if !can_run || !FileType::from_raw_mode(stat.st_mode).is_file() {
        return;
    }
    let real = Origin::real_name(origin, path);
    if rustix::fs::lgetxattr(real, CAPABILITY, &mut [0; 0]).is_ok() {
        file_system.warnings.note(Notice::Capability, path);
    }
}
