// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening files, once more if a signal has interrupted that: file systems that
//! ask a server or another process may be, and the signal is the host's.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Result, retry_on_intr};
use rustix::path::Arg;

/// How directories are opened to be listed.
pub const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opens the file `name`, which is not made if it is not there.
pub fn open(name: impl Arg + Copy, flags: OFlags) -> Result<OwnedFd> {
    retry_on_intr(|| rustix::fs::open(name, flags, Mode::empty()))
}

/// Opens likewise what has that `name` in `directory`.
pub fn open_at(directory: impl AsFd, name: impl Arg + Copy, flags: OFlags) -> Result<OwnedFd> {
    retry_on_intr(|| rustix::fs::openat(&directory, name, flags, Mode::empty()))
}
