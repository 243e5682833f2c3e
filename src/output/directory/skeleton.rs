// SPDX-License-Identifier: GPL-3.0-or-later

//! A layout without images that has its name all at once.
//!
//! It is made under a hidden name beside its place, and locked, so that there
//! is nothing of that name or a valid layout, whenever the process is killed.

use std::ffi::OsStr;
use std::thread;
use std::time::Duration;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

use super::lock::{LOCK, Lock};
use super::{BLOBS, DIRECTORY_MODE, FILE_MODE, INDEX, LAYOUT};
use crate::input::FileId;
use crate::input::open::{DIRECTORY_FLAGS, open_at};
use crate::output::new_file::{hidden_names, lock};
use crate::retry::{self, retry};

/// Number of hidden names to try.
const MAX_NAMES: usize = 100;

/// How often a directory is tried to be removed, and the time between.
const MAX_ATTEMPTS: usize = 20;
const MOMENT: Duration = Duration::from_millis(5);

/// A layout under a hidden name; it is removed unless it gets another one.
pub struct Skeleton<'a> {
    above: BorrowedFd<'a>,
    name: String,
    /// The layout, and the lock on it.
    parts: Option<(OwnedFd, Lock)>,
}

impl<'a> Skeleton<'a> {
    /// Makes a layout, whose files hold `index` and `layout`, in the directory
    /// `above`.
    pub fn make(above: BorrowedFd<'a>, index: &[u8], layout: &[u8]) -> Result<Self> {
        for name in hidden_names().take(MAX_NAMES) {
            match rustix::fs::mkdirat(above, &name, Mode::RWXU) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(errno),
            }
            let mut skeleton = Skeleton {
                above,
                name,
                parts: None,
            };
            let flags = DIRECTORY_FLAGS | OFlags::NOFOLLOW;
            let root = match open_at(above, &*skeleton.name, flags) {
                // It was taken for one that is left over.
                Err(Errno::NOENT) => continue,
                root => root?,
            };
            if lock(&root) == Err(Errno::WOULDBLOCK) || !has_name(above, &skeleton.name, &root)? {
                continue;
            }
            fill(&root, index, layout)?;
            let Some(lock) = Lock::take(&root)? else {
                continue;
            };
            skeleton.parts = Some((root, lock));
            return Ok(skeleton);
        }
        Err(Errno::EXIST)
    }

    /// Gives the layout the name `base`, unless there is something of that
    /// name, which is an error.
    pub fn publish(mut self, base: &OsStr) -> Result<(OwnedFd, Lock)> {
        let (above, name) = (self.above, self.name.as_str());
        match rustix::fs::renameat_with(above, name, above, base, RenameFlags::NOREPLACE) {
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match rustix::fs::statat(above, base, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(_) => return Err(Errno::EXIST),
                    Err(Errno::NOENT) => rustix::fs::renameat(above, name, above, base)?,
                    Err(errno) => return Err(errno),
                }
            }
            renamed => renamed?,
        }
        self.name.clear();
        // It has been there since it was made.
        self.parts.take().ok_or(Errno::NOENT)
    }
}

impl Drop for Skeleton<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            self.parts = None;
            let _ = remove(self.above, OsStr::new(&self.name));
        }
    }
}

/// Removes the layout without images that is called `name` in `above`.
pub fn remove(above: impl AsFd, name: &OsStr) -> Result<()> {
    // Without a descriptor for it, it is empty still.
    if let Ok(root) = open_at(&above, name, DIRECTORY_FLAGS | OFlags::NOFOLLOW) {
        for file in [LAYOUT, INDEX, LOCK] {
            let _ = rustix::fs::unlinkat(&root, file, AtFlags::empty());
        }
        for directory in [BLOBS[1], BLOBS[0]] {
            let _ = rustix::fs::unlinkat(&root, directory, AtFlags::REMOVEDIR);
        }
    }
    remove_empty(above, name)
}

/// Removes a directory.  File systems in user space may keep a file under
/// another name for a moment, until they have heard that it was closed.
pub fn remove_empty(above: impl AsFd, name: impl Arg + Copy) -> Result<()> {
    let mut attempts = 0;
    loop {
        match rustix::fs::unlinkat(&above, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY) if attempts < MAX_ATTEMPTS => {
                attempts += 1;
                thread::sleep(MOMENT);
            }
            result => return result,
        }
    }
}

/// Whether the open directory is the one of that name.
fn has_name(above: BorrowedFd, name: &str, root: &OwnedFd) -> Result<bool> {
    let open = rustix::fs::fstat(root)?;
    match rustix::fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) => Ok(FileId::from(&named) == FileId::from(&open)),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn fill(root: &OwnedFd, index: &[u8], layout: &[u8]) -> Result<()> {
    for name in BLOBS {
        rustix::fs::mkdirat(root, name, DIRECTORY_MODE)?;
    }
    for (name, content) in [(INDEX, index), (LAYOUT, layout)] {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = retry(|| rustix::fs::openat(root, name, flags, FILE_MODE))?;
        retry::write_all(&file, content)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    }
    // As a directory of this process is, which its umask and the one above say.
    let made = rustix::fs::statat(root, BLOBS[0], AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::fs::fchmod(root, Mode::from_raw_mode(made.st_mode))
}
