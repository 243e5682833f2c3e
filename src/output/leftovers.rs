// SPDX-License-Identifier: GPL-3.0-or-later

//! Files that a process was killed too early to remove.
//!
//! Whoever makes a file that has, or is to have, a hidden name locks it for as
//! long as it is open.  A file of such a name that can be locked has nobody any
//! more.

use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, OFlags};
use rustix::io::retry_on_intr;

use super::new_file::is_temporary;
use crate::input::FileId;
use crate::open::{DIRECTORY_FLAGS, open_at};

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
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    if !is_own || !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Ok(());
    }
    retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive))?;
    // It may have been given another name meanwhile.
    let named = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileId::from(&named) == FileId::from(&stat) {
        rustix::fs::unlinkat(&directory, name, AtFlags::empty())?;
    }
    Ok(())
}
