// SPDX-License-Identifier: GPL-3.0-or-later

//! Files that a process was killed too early to remove.
//!
//! Whoever makes a file that has, or is to have, a hidden name locks it for as
//! long as it is open, and a layout of such a name likewise.  What has such a
//! name and can be locked has nobody any more.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Dir, FileType, OFlags};

use super::directory::remove_skeleton;
use super::new_file::{is_temporary, lock};
use crate::input::FileId;
use crate::input::open::{DIRECTORY_FLAGS, is_own, open_at};

/// Removes those in `directory` that are this user's.  What cannot be removed
/// stays, and is for the next build.
pub fn remove(directory: impl AsFd) {
    let directory = directory.as_fd();
    let listed = open_at(directory, ".", DIRECTORY_FLAGS).and_then(Dir::new);
    let Ok(listed) = listed else {
        return;
    };
    for entry in listed.flatten() {
        let name = entry.file_name();
        if is_temporary(name.to_bytes()) {
            let _ = remove_unlocked(directory, name);
        }
    }
}

fn remove_unlocked(directory: impl AsFd, name: &std::ffi::CStr) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open_at(&directory, name, flags)?;
    let stat = rustix::fs::fstat(&file)?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    if !is_own(&stat) || !(kind.is_file() || kind.is_dir()) {
        return Ok(());
    }
    lock(&file)?;
    // It may have been given another name meanwhile.
    let named = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileId::from(&named) != FileId::from(&stat) {
        return Ok(());
    }
    match kind {
        FileType::Directory => remove_skeleton(directory, OsStr::from_bytes(name.to_bytes())),
        _ => rustix::fs::unlinkat(&directory, name, AtFlags::empty()),
    }
}
