// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening files, once more if a signal has interrupted that.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Result;
use rustix::path::Arg;

use crate::retry::retry;

/// How directories are opened to be listed.
pub const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opens the file `name`, which is not made if it is not there.
pub fn open(name: impl Arg + Copy, flags: OFlags) -> Result<OwnedFd> {
    retry(|| rustix::fs::open(name, flags, Mode::empty()))
}

/// Opens likewise what has that `name` in `directory`.
pub fn open_at(directory: impl AsFd, name: impl Arg + Copy, flags: OFlags) -> Result<OwnedFd> {
    retry(|| rustix::fs::openat(&directory, name, flags, Mode::empty()))
}

/// Whether the effective user owns the file and alone can write to it.
pub fn is_private(stat: &Stat) -> bool {
    let others = Mode::from_raw_mode(stat.st_mode) & (Mode::WGRP | Mode::WOTH);
    is_own(stat) && others.is_empty()
}

/// Whether another user owns the directory, or anyone can write to it.
pub fn can_be_changed(stat: &Stat) -> bool {
    let mode = Mode::from_raw_mode(stat.st_mode);
    !is_own(stat) || mode.contains(Mode::WOTH)
}

/// Whether the effective user owns the file.
pub fn is_own(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}
