// SPDX-License-Identifier: GPL-3.0-or-later

//! Lock of a layout: one build at a time writes to it.
//!
//! The lock is one on a file that is there for as long as a build has the
//! layout.  Whoever can open a file can lock it, also for reading only, so the
//! file can be opened by those alone who can write to the layout's directory.
//! It is removed by the build that has it; a lock on a file that was removed
//! meanwhile is none.  A build that is killed leaves the file, which the next
//! one locks.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::{Errno, Result};

use super::super::new_file::lock;
use crate::input::FileId;
use crate::input::open::open_at;
use crate::retry::retry;

/// The name of the file.
pub const LOCK: &str = ".guix-docker.lock";

/// The lowest number of a descriptor that is not a standard stream's.
const FIRST_FREE: i32 = 3;

const OWNER: Mode = Mode::RUSR.union(Mode::WUSR);
const GROUP: Mode = Mode::RGRP.union(Mode::WGRP);
const OTHERS: Mode = Mode::ROTH.union(Mode::WOTH);

/// A lock that this process has.
pub struct Lock {
    directory: OwnedFd,
    /// The lock ends when this is closed.
    file: OwnedFd,
    /// Whether the file goes with this.
    is_own: bool,
}

impl Lock {
    /// Locks the layout `directory`; `None` if another process has it.
    pub fn take(directory: impl AsFd) -> Result<Option<Self>> {
        let directory = rustix::io::fcntl_dupfd_cloexec(directory, FIRST_FREE)?;
        let (file, is_own) = open_or_make(&directory)?;
        let mut taken = Lock {
            directory,
            file,
            is_own,
        };
        let stat = rustix::fs::fstat(&taken.file)?;
        taken.is_own = match lock(&taken.file) {
            Ok(()) => true,
            Err(Errno::WOULDBLOCK) => false,
            Err(errno) => return Err(errno),
        };
        if !taken.is_own {
            return Ok(None);
        }
        match rustix::fs::statat(&taken.directory, LOCK, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) if FileId::from(&named) == FileId::from(&stat) => {}
            // The file that was locked had been removed.
            Ok(_) | Err(Errno::NOENT) => {
                taken.is_own = false;
                return Ok(None);
            }
            Err(errno) => return Err(errno),
        }
        // If that fails, others wait for the file to be removed.
        let _ = share(taken.directory.as_fd(), &taken.file, &stat);
        Ok(Some(taken))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let remove = || rustix::fs::unlinkat(&self.directory, LOCK, AtFlags::empty());
        // It must not stay in what may be the output of a reproducible build.
        if self.is_own {
            let _ = remove().or_else(|_| remove());
        }
    }
}

/// Opens the file of the lock; returns whether it was made.
fn open_or_make(directory: &OwnedFd) -> Result<(OwnedFd, bool)> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match open_at(directory, LOCK, flags) {
        Err(Errno::NOENT) => {}
        opened => return opened.map(|file| (file, false)),
    }
    let flags = flags | OFlags::CREATE | OFlags::EXCL;
    match retry(|| rustix::fs::openat(directory, LOCK, flags, OWNER)) {
        // Another process was faster, and may have removed it by now.
        Err(Errno::EXIST) => Err(Errno::NOENT),
        made => made.map(|file| (file, true)),
    }
}

/// Has those be able to open `file` who can write to `directory`, and nobody
/// else.
fn share(directory: BorrowedFd, file: &OwnedFd, stat: &Stat) -> Result<()> {
    let user = rustix::process::geteuid();
    if stat.st_uid != user.as_raw() {
        return Ok(());
    }
    let above = rustix::fs::fstat(directory)?;
    let writers = Mode::from_raw_mode(above.st_mode);
    let mut mode = OWNER;
    if writers.contains(Mode::WGRP) {
        let is_theirs = stat.st_gid == above.st_gid || {
            let group = Gid::from_raw(above.st_gid);
            rustix::fs::fchown(file, None, Some(group)).is_ok()
        };
        mode |= if is_theirs { GROUP } else { Mode::empty() };
    }
    if writers.contains(Mode::WOTH) {
        mode |= OTHERS;
    }
    if Mode::from_raw_mode(stat.st_mode) != mode {
        rustix::fs::fchmod(file, mode)?;
    }
    if user.is_root() && above.st_uid != stat.st_uid {
        rustix::fs::fchown(file, Some(Uid::from_raw(above.st_uid)), None)?;
    }
    Ok(())
}
